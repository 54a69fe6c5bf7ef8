// @ts-check
// Where a policy forbids wasm the same core runs as JavaScript, restarted alike after a trap; a script tag under nonces is
// one of the cells of policies.test.mjs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./drivers/wait.mjs";
import { DIST } from "./server.mjs";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./shop.mjs").Body} Body */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const LISTEN = `window.said = []; const warn = console.warn; console.warn = (...args) => { said.push(args.join(" ")); warn(...args) };
  try { new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))); window.hasWasm = true } catch { window.hasWasm = false }`;
/** No 'wasm-unsafe-eval'; the page's own connections stay open. */
const POLICY = "default-src 'self'; style-src 'none'; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'; script-src";
const STRICT = `${POLICY} 'nonce-x' 'strict-dynamic'`;

const TAG_HEAD = `<script nonce="x">${LISTEN}${STUB}</script>${scriptTag({ ...TAG, "data-consent": "personalise", nonce: "x" })}`;
const MODULE_HEAD = `<script type="module" nonce="x">${LISTEN} import parlour from "/parlour.js"; window.parlour = parlour; parlour.start({ plan: "/plan.bin", endpoint: "/v1/batch", consent: "personalise" });</script>`;

/** @param {Page} page @param {Shop} shop @param {{csp?: string, head?: string}} [how] */
const visit = async (page, shop, { csp = STRICT, head = TAG_HEAD } = {}) => {
  shop.route("/", { body: pageHtml({ head }), csp });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour?.start && parlour.ready().then(() => true));
};

/** The whole page at work: a decision, a change, a list, an event. @param {Page} page @param {Shop} shop */
const works = async (page, shop) => {
  await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
  assert.deepEqual(await page.evaluate(() => parlour.decide("headline")), { experiment: "headline", variant: "new", values: { size: 2 }, reason: "bucketed" });
  await page.waitFor(() => document.querySelectorAll("#for-you a").length === 3);
  await page.evaluate(() => parlour.track("add_to_cart", { item: "bowl", price: "20.50" }));
  // A list counts once it was seen, which may be later.
  await page.waitFor(() => parlour.flush());
  const names = async () => (await shop.events()).map(({ event, type }) => event ?? type).filter((name) => name !== "parlour_problem").sort();
  await until(async () => (await page.evaluate(() => parlour.flush()), (await names()).length === 4), 20_000, "four events");
  assert.deepEqual(await names(), ["Experiment Viewed", "Product Added", "Product List Viewed", "page"]);
};

/** @param {Shop} shop */
const fetched = (shop) => ["/parlour.wasm", "/parlour-fallback.js"].map((path) => shop.requests(path).length);

/** @param {{csp?: string, head?: string}} how @returns {Body} */
const worksUnder = (how) => async (page, shop) => {
  await visit(page, shop, how);
  assert.equal(await page.evaluate("hasWasm"), false, "the canary: wasm is refused");
  await works(page, shop);
  assert.deepEqual(fetched(shop), [0, 1]);
  assert.deepEqual(await page.evaluate("said"), []);
};

/** `trapIn = name` makes the next call of that export throw, and its instance answer 0 from then on. */
const TRAPPING = `import { instantiate as make } from "/real-fallback.js";
  window.trapIn = ""; window.instances = 0;
  export const instantiate = () => {
    instances++;
    let dead = false;
    return Object.fromEntries(Object.entries(make()).map(([name, value]) => [name, typeof value !== "function" ? value : (...args) => {
      if (dead) return 0;
      if (trapIn !== name) return value(...args);
      trapIn = ""; dead = true;
      throw Error("abort");
    }]));
  };`;

inShop("where a policy forbids wasm", {
  "a module runs it under nonces and strict-dynamic": worksUnder({ head: MODULE_HEAD }),
  "a script tag runs it under a list of hosts": worksUnder({ csp: `${POLICY} 'self' 'nonce-x'` }),
  "a trap costs the visitor nothing there, either": async (page, shop) => {
    shop.route("/real-fallback.js", { body: readFileSync(join(DIST, "parlour-fallback.js")) });
    shop.route("/parlour-fallback.js", { body: TRAPPING });
    await visit(page, shop);
    await works(page, shop);
    const known = () => page.evaluate(() => {
      const { session, variant } = parlour.explain("headline");
      return { id: session.id, stage: session.stage, variant };
    });
    const before = await known();
    assert.deepEqual([before.stage, before.variant], ["decision", "new"]);
    await page.evaluate(() => {
      /** @type {any} */ (globalThis).trapIn = "touchpoint";
      parlour.track("Trapped", {});
    });
    assert.equal(await page.evaluate("instances"), 2);
    assert.deepEqual(await known(), before);
    assert.match((await page.evaluate("said")).join("\n"), /^parlour: trap: engine: Error: abort/);
  },
});

inShop("where wasm runs", {
  "the JavaScript of the core is not fetched": async (page, shop) => {
    await visit(page, shop, { csp: `${STRICT} 'wasm-unsafe-eval'` });
    await works(page, shop);
    assert.deepEqual(fetched(shop), [1, 0]);
  },
}, { engines: ["chromium"] });

inShop("where neither runs", {
  "the page stays as it is, and one line says what is missing": async (page, shop) => {
    shop.route("/parlour-fallback.js", { status: 404, body: "no" });
    await visit(page, shop);
    const said = await page.evaluate("said");
    assert.equal(said.length, 1, JSON.stringify(said));
    assert.match(said[0], /off: wasm is refused: .*parlour-fallback\.js.*'wasm-unsafe-eval'/s);
    assert.equal(await page.evaluate(() => document.querySelector("#headline")?.textContent), "Plain words");
  },
}, { engines: ["chromium"] });
