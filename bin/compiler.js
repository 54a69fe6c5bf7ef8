// @ts-check
/** The compiler in Node: dist/parlour-authoring.js with its wasm read from beside it. */
import { readFileSync } from "node:fs";
import { Unusable } from "./unusable.js";

/** @returns {Promise<typeof import("../www/authoring.js")>} */
export async function loadCompiler() {
  const at = (/** @type {string} */ name) => new URL(`../dist/${name}`, import.meta.url);
  try {
    const authoring = await import(at("parlour-authoring.js").href);
    await authoring.init(readFileSync(at("parlour-authoring.wasm")));
    return authoring;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code?.match(/ENOENT|MODULE_NOT_FOUND/)) throw new Unusable("dist/ is not filled: npm run build");
    throw error;
  }
}
