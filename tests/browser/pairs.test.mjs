// @ts-check
// The published vectors and the random pairs of tests/pairs.rs in real engines: the wasm that visitors load, and its JavaScript twin.
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
  const [tables, { createPairs }, { answersOf }, { instantiate }] = await Promise.all(["/engine.js", "/pairs.mjs", "/rows.mjs", "/parlour-fallback.js"].map((path) => import(path)));
  const get = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  const json = async (/** @type {string} */ path) => (await fetch(path)).json();
  const [wasm, plan, vectors] = [await WebAssembly.compile(await get("/parlour.wasm")), await get("/pairs.bin"), await json("/pairs.json")];
  const [rowsPlan, rows] = [await get("/assignment.bin"), await json("/assignment.json")];
  const report = (/** @type {string} */ problem) => {
    throw Error(problem);
  };
  const hosts = Object.entries({ wasm, fallback: instantiate });
  const each = (/** @type {(module: any) => any} */ make) => Object.fromEntries(hosts.map(([name, module]) => [name, make(module)]));
  Object.assign(globalThis, {
    pairs: each((module) => createPairs(tables.createEngine({ module, plan, report }), vectors, tables)),
    answers: each((module) => answersOf(tables.createEngine({ module, plan: rowsPlan, report }), rows, tables)),
  });
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
      for (const name of ["pairs", "assignment"]) site.route(`/${name}.bin`, { body: await buildPlan(JSON.parse(readFileSync(here(`../vectors/${name}.json`), "utf8")).config) });
      site.route("/", { body: "<!doctype html><title>pairs</title>" });
      browser = await launch(name);
      page = await browser.newPage({ fresh: true });
      await page.goto(`${site.url}/`);
      await page.evaluate(prepare);
    });
    after(async () => {
      await browser?.close();
      await site?.close();
    });
    for (const host of /** @type {const} */ (["wasm", "fallback"])) {
      test(`every published vector holds in the ${host}`, async () => {
        const answers = await page.evaluate((/** @type {string} */ host) => /** @type {any} */ (globalThis).answers[host], host);
        assert.ok(answers.length >= 900);
        for (const { what, expect, answer } of answers) assert.deepEqual(answer, expect, what);
      });
      test(`${BLOCKS},000 pairs are decided by the ${host} as natively`, { timeout: 20 * 60_000 }, async () => {
        for (let from = 0; from < BLOCKS; from += AT_ONCE) {
          const to = Math.min(BLOCKS, from + AT_ONCE);
          assert.deepEqual(await page.evaluate(digests, host, from, to), DIGESTS.slice(from, to), `blocks ${from} to ${to - 1}; tests/node/pairs.test.mjs says which pair`);
        }
      });
    }
  });
}
