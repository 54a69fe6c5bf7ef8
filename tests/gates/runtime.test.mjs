// @ts-check
/** What the wasm that every visitor loads must not contain, each claim with the twin that shows it can fail. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PANIC_TEXTS } from "../../scripts/build/panics.mjs";
import { cargoWasmArgs, wasmPaths } from "../../scripts/build/wasm.mjs";
import { mustRun, ROOT } from "../../scripts/run.mjs";
import { wasmTarget } from "../../scripts/setup/rust.mjs";
import { functionNames, functionSignatures, isBitcode, objects } from "./wasm-sections.mjs";

const bytesOf = (/** @type {string} */ path) => readFileSync(join(ROOT, path));
const runtime = wasmPaths("runtime");
const growthbook = wasmPaths("growthbook");
const authoring = wasmPaths("authoring");

/** @param {Uint8Array} bytes */
const imports = (bytes) => WebAssembly.Module.imports(new WebAssembly.Module(Uint8Array.from(bytes))).map(({ module, name }) => `${module} ${name}`);

test("the runtime imports nothing: no JavaScript is called from inside it", () => {
  for (const name of ["parlour.wasm", "parlour-growthbook.wasm"]) assert.deepEqual(imports(bytesOf(`dist/${name}`)), []);
});

test("sabotaged: a module that imports is told apart", () => {
  assert.notDeepEqual(imports(bytesOf("dist/parlour-authoring.wasm")), []);
});

test("the runtime's exports take and give numbers, one at most", () => {
  const signatures = functionSignatures(bytesOf("dist/parlour.wasm"));
  const types = new Set(signatures.flatMap(({ parameters, results }) => [...parameters, ...results]));
  assert.ok(signatures.length > 10);
  assert.deepEqual([...types].filter((type) => !["i32", "i64", "f64"].includes(type)), []);
  assert.deepEqual(signatures.filter(({ results }) => results.length > 1), []);
});

const UNWANTED = /serde|regex|chrono|jiff|float_to_decimal|dec2flt|flt2dec/;
/** @param {Uint8Array} bytes */
const unwanted = (bytes) => {
  const names = functionNames(bytes);
  assert.ok(names.length > 50, "the file has its names");
  return names.filter((name) => UNWANTED.test(name));
};

test("the runtime holds no JSON, pattern or date crate, and neither reads nor writes decimal numbers", () => {
  assert.deepEqual(unwanted(bytesOf(runtime.raw)), []);
  assert.deepEqual(unwanted(bytesOf(growthbook.raw)), []);
});

test("who has no plan of GrowthBook's loads nothing of their evaluator", () => {
  const evaluator = (/** @type {Uint8Array} */ bytes) => functionNames(bytes).filter((name) => /growthbook/i.test(name));
  assert.deepEqual(evaluator(bytesOf(runtime.raw)), []);
  assert.ok(evaluator(bytesOf(growthbook.raw)).length > 5);
});

test("sabotaged: the authoring build, which holds them, is told apart", () => {
  const names = unwanted(bytesOf(authoring.raw)).join("\n");
  for (const crate of ["serde", "jiff", "dec2flt"]) assert.match(names, new RegExp(crate));
});

/** @param {Uint8Array} bytes */
const panicTexts = (bytes) => Buffer.from(bytes).toString("latin1").match(PANIC_TEXTS) ?? [];

test("the runtime holds no text of a panic, which nobody would read", () => {
  for (const name of ["parlour.wasm", "parlour-growthbook.wasm"]) assert.deepEqual(panicTexts(bytesOf(`dist/${name}`)), []);
});

test("sabotaged: the file as cargo leaves it, which holds them, is told apart", () => {
  assert.ok(panicTexts(bytesOf(runtime.raw)).length > 2);
});

/** Does every library the build linked consist of bitcode, which only link-time optimisation leaves? @param {string} folder */
function linkTimeOptimised(folder) {
  const deps = join(ROOT, folder, "wasm32-unknown-unknown/release/deps");
  const libraries = readdirSync(deps).filter((name) => /^lib(wasm_bindgen|js_sys)-.*\.rlib$/.test(name));
  assert.ok(libraries.length >= 2, `${folder} holds the libraries`);
  return libraries.every((name) => [...objects(readFileSync(join(deps, name)))].every(isBitcode));
}

test("the runtime is optimised as one program", () => {
  assert.ok(linkTimeOptimised(runtime.folder));
});

test("sabotaged: a plain `cargo build`, which passes no LTO for cdylib with rlib, is told apart", { timeout: 600_000 }, async () => {
  const cargo = await wasmTarget();
  const folder = "target/wasm-sabotaged";
  const args = cargoWasmArgs(cargo, "runtime").join(" ").replace("rustc", "build").replace("--crate-type cdylib ", "").replace(runtime.folder, folder).replace(/ -- .*/, "");
  await mustRun(cargo.command, args.split(" "), { env: cargo.env });
  assert.ok(!linkTimeOptimised(folder));
});
