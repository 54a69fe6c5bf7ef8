// @ts-check
/** The JavaScript of `dist/`: one module, one script-tag file, and the authoring module. */
import { join } from "node:path";
import { Failure, ROOT } from "../run.mjs";
import { wasmPaths } from "./wasm.mjs";

/**
 * The oldest browsers that can run the runtime: newer syntax is lowered to them, and tests/gates/browsers.test.mjs holds
 * them against the wasm features and the interfaces in use.
 */
export const OLDEST_BROWSERS = { chrome: "114", firefox: "92", safari: "15.4" };

/** What not every page needs is fetched when it is asked for: our users' bundlers are told by comments, which minifiers drop. */
const LATER = /\bimport\((?=[`\w$])/g;
const LEAVE_ALONE = "/*webpackIgnore:true*//*@vite-ignore*/";

/** Chromium then compiles the functions beside the page's own work, and not one by one as the page waits for them. */
const COMPILE_AHEAD = "//# allFunctionsCalledOnLoad\n";

/** @typedef {{name: string, entry: string, format: "esm" | "iife", peer?: string, head?: string, reduce?: boolean}} Bundle `peer`: the package that its users have; `head`: what minifiers drop; `reduce`: functions may be inlined */

/** @type {Bundle[]} */
export const BUNDLES = [
  { name: "parlour.js", entry: "www/parlour.js", format: "esm" },
  { name: "parlour.iife.js", entry: "www/script.js", format: "iife", head: COMPILE_AHEAD },
  { name: "parlour-signed.js", entry: "www/signed.js", format: "esm" },
  { name: "parlour-preview.js", entry: "www/preview.js", format: "esm" },
  { name: "parlour-purify.js", entry: "www/purify.js", format: "esm" },
  { name: "parlour-html.js", entry: "www/html.js", format: "esm" },
  { name: "parlour-rerank.js", entry: "www/rerank.js", format: "esm" },
  { name: "parlour-rows.js", entry: "www/rows.js", format: "esm" },
  { name: "parlour-lists.js", entry: "www/lists.js", format: "esm" },
  { name: "parlour-models.js", entry: "www/models.js", format: "esm" },
  { name: "parlour-redirect.js", entry: "www/redirect.js", format: "esm" },
  { name: "parlour-devtools.js", entry: "www/devtools/toolbar.js", format: "esm" },
  { name: "parlour.first.js", entry: "www/first.js", format: "iife", reduce: true },
  { name: "parlour-handover.js", entry: "www/handover.js", format: "esm" },
  { name: "parlour-hydrated.js", entry: "www/hydrated.js", format: "esm" },
  { name: "parlour-growthbook.js", entry: "www/growthbook.js", format: "esm" },
  { name: "parlour-server.js", entry: "www/server.js", format: "esm" },
  { name: "parlour-openfeature.js", entry: "www/openfeature.js", format: "esm" },
  { name: "parlour-react.js", entry: "www/react.js", format: "esm", peer: "react", head: '"use client";' },
  { name: "parlour-vue.js", entry: "www/vue.js", format: "esm", peer: "vue" },
  { name: "parlour-authoring.js", entry: "www/authoring.js", format: "esm" },
];

/** What wasm-bindgen makes for the command, as one file for Node. @returns {Promise<string>} */
export async function commandGlue() {
  const { build } = await import("esbuild");
  const built = await build({ entryPoints: [join(ROOT, wasmPaths("command").glue)], bundle: true, write: false, format: "esm", target: "node20", logLevel: "silent" });
  return built.outputFiles[0].text;
}

/** @param {Bundle} bundle @param {string} [root] Where www/ is; the sabotaged twins have it elsewhere. @returns {Promise<string>} */
export async function bundleText({ entry, format, peer, head = "", reduce = false }, root = ROOT) {
  const { build } = await import("esbuild");
  const built = await build({
    entryPoints: [join(root, entry)],
    alias: { "parlour-authoring-glue": join(ROOT, wasmPaths("authoring").glue) },
    external: peer ? [peer] : [],
    // Packages are found from wherever www/ is.
    nodePaths: [join(ROOT, "node_modules")],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: Object.entries(OLDEST_BROWSERS).map(([name, version]) => name + version),
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
  }).catch((error) => {
    throw new Failure(`esbuild, ${entry}: ${error.message}`);
  });
  const { minify } = await import("terser");
  const [file] = built.outputFiles ?? [];
  // After esbuild, terser saves another 6 % of what every visitor loads. Functions stay where they are: inlined code is
  // less alike, and packs worse (55 bytes).
  const compress = { passes: 3, reduce_funcs: reduce, inline: reduce };
  const { code } = await minify(file.text, { module: format === "esm", ecma: 2020, compress, format: { comments: false } });
  return `${head}${format === "esm" ? code?.replace(LATER, `import(${LEAVE_ALONE}`) : code}\n`;
}
