// @ts-check
/** The compiler as Node runs it straight from its target directory, for what the build itself asks of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../run.mjs";
import { wasmPaths } from "./wasm.mjs";

/** The JSON Schema of parlour.json as `parlour schema` prints it. @returns {Promise<string>} */
export async function schema() {
  const { final, glue } = wasmPaths("authoring");
  const bound = await import(pathToFileURL(join(ROOT, glue)).href);
  const module = await WebAssembly.compile(readFileSync(join(ROOT, final)));
  const imports = Object.fromEntries(WebAssembly.Module.imports(module).map((entry) => [entry.module, bound]));
  const instance = await WebAssembly.instantiate(module, imports);
  bound.__wbg_set_wasm(instance.exports);
  /** @type {any} */ (instance.exports).__wbindgen_start();
  return `${bound.schema()}\n`;
}
