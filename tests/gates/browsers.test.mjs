// @ts-check
/** The oldest browsers we name can read the wasm and have the interfaces the page's modules use unasked. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OLDEST_BROWSERS } from "../../scripts/build/bundle.mjs";
import { featureArgs, WASM_FEATURES } from "../../scripts/build/wasm.mjs";
import { ROOT, run } from "../../scripts/run.mjs";

/** @typedef {{chrome: number, firefox: number, safari: number}} Since */

/** First versions, from webassembly.org/features. @type {Record<string, Since>} */
const FEATURE_SINCE = {
  "mutable-globals": { chrome: 74, firefox: 61, safari: 13.1 },
  "sign-ext": { chrome: 74, firefox: 62, safari: 14.1 },
  "nontrapping-float-to-int": { chrome: 75, firefox: 64, safari: 15 },
  "bulk-memory": { chrome: 75, firefox: 79, safari: 15 },
  "bulk-memory-opt": { chrome: 75, firefox: 79, safari: 15 },
};

/** Interfaces used without asking whether they are there, from MDN's compatibility data. @type {[string, RegExp, Since][]} */
const INTERFACE_SINCE = [
  ["Object.hasOwn", /\bObject\.hasOwn\(/, { chrome: 93, firefox: 92, safari: 15.4 }],
  // Before, a synchronous instance of more than 4 KB was refused on the main thread.
  ["new WebAssembly.Instance", /\bnew WebAssembly\.Instance\(/, { chrome: 114, firefox: 52, safari: 11 }],
  ["Array.prototype.at", /\.at\(-?\d/, { chrome: 92, firefox: 90, safari: 15.4 }],
  ["structuredClone", /\bstructuredClone\(/, { chrome: 98, firefox: 94, safari: 15.4 }],
  ["crypto.randomUUID", /\brandomUUID\(/, { chrome: 92, firefox: 95, safari: 15.4 }],
  ["findLast", /\.findLast(Index)?\(/, { chrome: 97, firefox: 104, safari: 15.4 }],
  ["toSorted", /\.to(Sorted|Reversed|Spliced)\(/, { chrome: 110, firefox: 115, safari: 16 }],
  ["look-behind", /\(\?<[=!]/, { chrome: 62, firefox: 78, safari: 16.4 }],
  ["Object.groupBy", /\b(Object|Map)\.groupBy\(/, { chrome: 117, firefox: 119, safari: 17.4 }],
  ["Promise.withResolvers", /\.withResolvers\(/, { chrome: 119, firefox: 121, safari: 17.4 }],
  ["AbortSignal.timeout", /\bAbortSignal\.timeout\(/, { chrome: 103, firefox: 100, safari: 16 }],
  ["AbortSignal.any", /\bAbortSignal\.any\(/, { chrome: 116, firefox: 124, safari: 17.4 }],
  ["URL.canParse", /\bURL\.canParse\(/, { chrome: 120, firefox: 115, safari: 17 }],
  ["listener signal", /\bsignal\b/, { chrome: 90, firefox: 86, safari: 15 }],
];

/** @param {Since} since */
const isOldEnough = ({ chrome, firefox, safari }) =>
  chrome <= Number(OLDEST_BROWSERS.chrome) && firefox <= Number(OLDEST_BROWSERS.firefox) && safari <= Number(OLDEST_BROWSERS.safari);

/** Does the module use only what these features allow? @param {string} file @param {string[]} features */
async function validates(file, features) {
  const ran = await run(process.execPath, ["node_modules/binaryen/bin/wasm-opt", ...features, file, "-o", "/dev/null"]);
  return ran.code === 0;
}

test("each wasm feature the runtime may use is in the oldest browsers", () => {
  for (const feature of WASM_FEATURES.runtime) assert.ok(isOldEnough(FEATURE_SINCE[feature]), feature);
});

test("the runtime uses no other feature", async () => {
  for (const name of ["parlour.wasm", "parlour-growthbook.wasm", "parlour-lists.wasm", "parlour-models.wasm"]) assert.ok(await validates(`dist/${name}`, featureArgs("runtime")), name);
});

test("sabotaged: a module with SIMD, tail calls or references is told apart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlour-"));
  try {
    for (const [name, text] of [
      ["plain", "(module (func (export \"f\") (result i32) (i32.const 1)))"],
      ["simd", "(module (func (export \"f\") (result i32) (i32x4.extract_lane 0 (v128.const i32x4 1 2 3 4))))"],
      ["tail", "(module (func $f (export \"f\") (result i32) (return_call $f)))"],
      ["references", "(module (table (export \"t\") 1 externref))"],
    ]) {
      const file = join(folder, `${name}.wat`);
      writeFileSync(file, text);
      assert.equal(await validates(file, featureArgs("runtime")), name === "plain", name);
      assert.ok(await validates(file, ["--all-features"]), `${name} is a module`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("each interface the page's modules use unasked is in the oldest browsers", () => {
  const www = join(ROOT, "www");
  const text = readdirSync(www).filter((name) => /\.js$/.test(name) && name !== "authoring.js").map((name) => readFileSync(join(www, name), "utf8")).join("\n");
  const used = INTERFACE_SINCE.filter(([, pattern]) => pattern.test(text));
  assert.deepEqual(used.filter(([, , since]) => !isOldEnough(since)).map(([name]) => name), []);
  assert.ok(used.length >= 2, "the modules are searched");
  assert.ok(!INTERFACE_SINCE.every(([, , since]) => isOldEnough(since)), "sabotaged: a newer interface is told apart");
});

test("README.md names the same browsers", () => {
  const text = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, ...named] = /Chrome and Edge (\d+), Firefox (\d+), Safari ([\d.]+) and newer/.exec(text) ?? [];
  assert.deepEqual(named, Object.values(OLDEST_BROWSERS));
});
