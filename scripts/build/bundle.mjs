// @ts-check
/**
 * The JavaScript of `dist/`: one module, one script-tag file, and the authoring module.
 *
 * The oldest browsers are those that read our wasm (README, "Browsers"): newer syntax is lowered to them.
 */
import { join } from "node:path";
import { Failure, ROOT } from "../run.mjs";
import { wasmPaths } from "./wasm.mjs";

export const OLDEST_BROWSERS = ["chrome96", "firefox79", "safari15"];

/** @typedef {{name: string, entry: string, format: "esm" | "iife"}} Bundle */

/** @type {Bundle[]} */
export const BUNDLES = [
  { name: "parlour.js", entry: "www/parlour.js", format: "esm" },
  { name: "parlour.iife.js", entry: "www/script.js", format: "iife" },
  { name: "parlour-authoring.js", entry: "www/authoring.js", format: "esm" },
];

/** @param {Bundle} bundle @returns {Promise<string>} */
export async function bundleText({ entry, format }) {
  const { build } = await import("esbuild");
  const built = await build({
    entryPoints: [join(ROOT, entry)],
    alias: { "parlour-authoring-glue": join(ROOT, wasmPaths("authoring").glue) },
    bundle: true,
    minify: true,
    write: false,
    format,
    target: OLDEST_BROWSERS,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
  }).catch((error) => {
    throw new Failure(`esbuild, ${entry}: ${error.message}`);
  });
  const { minify } = await import("terser");
  const [file] = built.outputFiles ?? [];
  // After esbuild, terser saves another 6 % of what every visitor loads.
  const { code } = await minify(file.text, { module: format === "esm", ecma: 2020, compress: { passes: 3 }, format: { comments: false } });
  return `${code}\n`;
}
