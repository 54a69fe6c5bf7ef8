// @ts-check
// The random pairs of tests/pairs.rs in real engines: the wasm that visitors load, and its JavaScript twin.
// PARLOUR_PAIRS: how many thousands; 20 if not given, 1,000 in `npm run test:long`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { buildPlan } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { DIST, startServer } from "./server.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const BLOCKS = Number(process.env.PARLOUR_PAIRS ?? 20);
/** Blocks a call: an engine's driver allows a script half a minute. */
const AT_ONCE = 10;
const DIGESTS = readFileSync(here("../vectors/pairs.txt"), "utf8").trim().split("\n");

/** The two hosts of the core that a page may have, made in it. To be run in the page. */
const prepare = async () => {
  const [tables, { createPairs }, { instantiate }] = await Promise.all(["/engine.js", "/pairs.mjs", "/parlour-fallback.js"].map((path) => import(path)));
  const [plan, wasm, vectors] = await Promise.all([
    fetch("/pairs.bin").then(async (answer) => new Uint8Array(await answer.arrayBuffer())),
    fetch("/parlour.wasm").then(async (answer) => WebAssembly.compile(await answer.arrayBuffer())),
    fetch("/pairs.json").then((answer) => answer.json()),
  ]);
  const report = (/** @type {string} */ problem) => {
    throw Error(problem);
  };
  const pairsOf = (/** @type {any} */ module) => createPairs(tables.createEngine({ module, plan, report }), vectors, tables);
  /** @type {any} */ (globalThis).pairs = { wasm: pairsOf(wasm), fallback: pairsOf(instantiate) };
  return Object.keys(/** @type {any} */ (globalThis).pairs);
};

/** To be run in the page. @param {"wasm" | "fallback"} host @param {number} from @param {number} to */
const digests = (host, from, to) => Array.from({ length: to - from }, (_, i) => /** @type {any} */ (globalThis).pairs[host](from + i).toString(16).padStart(8, "0"));

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: random pairs`);
  describe(`random pairs [${name}]`, { skip: missing }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {import("./drivers/index.mjs").Page} */
    let page;
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let site;
    before(async () => {
      site = await startServer({ folders: [DIST, here("../../www"), here("../vectors")] });
      site.route("/pairs.bin", { body: await buildPlan(JSON.parse(readFileSync(here("../vectors/pairs.json"), "utf8")).config) });
      site.route("/", { body: "<!doctype html><title>pairs</title>" });
      browser = await launch(name);
      page = await browser.newPage({ fresh: true });
      await page.goto(`${site.url}/`);
      assert.deepEqual(await page.evaluate(prepare), ["wasm", "fallback"]);
    });
    after(async () => {
      await browser?.close();
      await site?.close();
    });
    for (const host of /** @type {const} */ (["wasm", "fallback"]))
      test(`${BLOCKS},000 pairs are decided by the ${host} as natively`, { timeout: 20 * 60_000 }, async () => {
        for (let from = 0; from < BLOCKS; from += AT_ONCE) {
          const to = Math.min(BLOCKS, from + AT_ONCE);
          assert.deepEqual(await page.evaluate(digests, host, from, to), DIGESTS.slice(from, to), `blocks ${from} to ${to - 1}; tests/node/pairs.test.mjs says which pair`);
        }
      });
  });
}
