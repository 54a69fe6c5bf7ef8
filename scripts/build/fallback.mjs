// @ts-check
/**
 * The runtime wasm once more as JavaScript, for pages where wasm is refused. Works on any toolchain's wasm: what plain
 * JavaScript has no twin of is lowered first. `instantiate()` makes what `new WebAssembly.Instance(module).exports` is.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { whenStale } from "../fresh.mjs";
import { Failure, mustRun, ROOT } from "../run.mjs";
import { OLDEST_BROWSERS } from "./bundle.mjs";
import { featureArgs, wasmPaths } from "./wasm.mjs";

export const FALLBACK = "parlour-fallback.js";

const { final, folder } = wasmPaths("runtime");
const [lowered, raw] = [`${folder}/lowered.wasm`, `${folder}/lowered.js`];
export const fallbackPath = `${folder}/${FALLBACK}`;

const LOWERING = ["--signext-lowering", "--llvm-nontrapping-fptoint-lowering"];
/** What wasm2js writes itself: memory.copy becomes copyWithin. */
const KEPT = ["--mvp-features", "--enable-mutable-globals", "--enable-bulk-memory", "--enable-bulk-memory-opt"];

/** @returns {Promise<string>} what came of it, for the line of progress */
export async function buildFallback() {
  const inputs = [final, "scripts/build/fallback.mjs", "node_modules/binaryen/package.json"];
  await whenStale("fallback", { inputs, outputs: [fallbackPath] }, async () => {
    await binaryen("wasm-opt", [...featureArgs("runtime"), ...LOWERING, "-Oz", final, "-o", lowered]);
    await binaryen("wasm2js", [...KEPT, "-Oz", lowered, "-o", raw]);
    writeFileSync(join(ROOT, fallbackPath), await minified(asFactory(readFileSync(join(ROOT, raw), "utf8"))));
  });
  const text = readFileSync(join(ROOT, fallbackPath));
  return `${text.length.toLocaleString("en")} bytes, ${brotliCompressSync(text).length.toLocaleString("en")} brotli`;
}

/** @param {string} tool @param {string[]} args */
const binaryen = (tool, args) => mustRun(process.execPath, [`node_modules/binaryen/bin/${tool}`, ...args]);

/**
 * wasm2js makes one instance for the module's life, with some of its state beside it; after a trap we need another.
 * @param {string} text
 */
function asFactory(text) {
  const at = text.indexOf("\nvar retasmFunc = asmFunc(");
  if (at < 0) throw new Failure("wasm2js writes other text than scripts/build/fallback.mjs knows: its closing lines are not found");
  if (/^import /m.test(text)) throw new Failure("the runtime wasm imports something, so that its JavaScript twin would, too");
  return `export const instantiate = () => {${text.slice(0, at)}\nreturn asmFunc({});\n};\n`;
}

/** @param {string} text */
async function minified(text) {
  const esbuild = await import("esbuild");
  const target = Object.entries(OLDEST_BROWSERS).map(([name, version]) => name + version);
  const { code } = await esbuild.transform(text, { minify: true, format: "esm", target, legalComments: "none" });
  await esbuild.stop();
  const { minify } = await import("terser");
  const small = await minify(code, { module: true, ecma: 2020, compress: { passes: 2 }, format: { comments: false } });
  return `${small.code}\n`;
}
