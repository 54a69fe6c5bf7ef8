// @ts-check
// A trap poisons a wasm instance: whatever it is asked afterwards, it answers 0. Wherever the first one strikes, a
// fresh instance goes on from the same state, one line says so, and no event is lost. After a second one the engine
// stands down, and the page and its events go on.

import assert from "node:assert/strict";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./shop.mjs").Body} Body */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);

/** `trapIn = name` makes the next call of that export trap. What is poisoned stays so; `poisoned` counts instances. */
const TRAPS = `window.trapIn = ""; window.poisoned = 0; window.said = []; window.uncaught = [];
  const warn = console.warn; console.warn = (...args) => { said.push(args.join(" ")); warn(...args) };
  addEventListener("error", (event) => uncaught.push(String(event.message))); addEventListener("unhandledrejection", (event) => uncaught.push(String(event.reason)));
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const { exports } = new Instance(...given);
    let dead = false;
    const wrap = ([name, value]) => [name, typeof value !== "function" ? value : (...args) => {
      if (dead) return 0;
      if (trapIn !== name) return value(...args);
      trapIn = ""; dead = true; poisoned++;
      throw new WebAssembly.RuntimeError("unreachable");
    }];
    return { exports: Object.fromEntries(Object.entries(exports).map(wrap)) };
  };`;

/** @param {Page} page @param {Shop} shop */
const visit = async (page, shop) => {
  const tag = scriptTag({ ...TAG, "data-consent": "personalise" });
  shop.route("/", { body: pageHtml({ head: `<script>${TRAPS}${STUB}</script>${tag}` }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelectorAll("#for-you a").length === 3);
  await page.evaluate(() => parlour.track("add_to_cart", { item: "bowl", price: "20.50" }));
};

/** What is known of the visitor, by every way there is to ask. To be run in the page. */
const known = async () => {
  // The reason may change: who met a variant before stays with it.
  const { session, plan, variant, values } = parlour.explain("headline");
  const { items } = await parlour.recommend("for-you");
  return {
    session: { id: session.id, number: session.number, stage: session.stage },
    plan,
    decision: { variant, values },
    visitor: parlour.visitorId(),
    // The bowl is in the cart, and the vase out of stock only to a slot.
    because: items.filter((/** @type {any} */ { reason }) => reason === "covisit").map((/** @type {any} */ { item }) => item),
  };
};

/** Export → what makes the page call it. */
const WAYS = {
  touchpoint: () => parlour.track("Trapped", {}),
  journal: () => parlour.track("Trapped", {}),
  room: () => parlour.track("Trapped", {}),
  out: () => parlour.explain("headline"),
  decide: () => parlour.peek("headline"),
  met: () => parlour.decide("headline"),
  recommend: () => parlour.recommend("for-you"),
  item_state: () => parlour.recommend("for-you"),
  session: () => parlour.explain("headline"),
  unit: () => parlour.identify("someone"),
  fold: () => parlour.consent("personalise"),
};

/** @param {keyof typeof WAYS} name @returns {Body} */
const trapOnce = (name) => async (page, shop) => {
  await visit(page, shop);
  const before = await page.evaluate(known);
  assert.deepEqual([before.decision.variant, before.because, before.session.stage], ["new", ["vase", "plate"], "decision"]);
  await page.evaluate((/** @type {string} */ name) => void (/** @type {any} */ (globalThis).trapIn = name), name);
  await page.evaluate(WAYS[name]);
  await page.waitFor("poisoned === 1 && trapIn === ''");
  await page.evaluate(() => new Promise((done) => setTimeout(done, 100)));
  assert.deepEqual(await page.evaluate(known), before);
  await page.evaluate(() => parlour.track("After", {}));
  await page.waitFor(() => parlour.flush());
  const lines = await page.evaluate("said");
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(lines[0], /^parlour: trap: engine: RuntimeError/);
  assert.deepEqual(await page.evaluate("uncaught"), []);
  assert.equal(await page.evaluate(() => document.querySelector("#headline")?.textContent), "Made for you");
  const events = await shop.events();
  const times = (/** @type {string} */ wanted) => events.filter(({ event, type }) => (event ?? type) === wanted).length;
  assert.deepEqual([times("page"), times("Experiment Viewed"), times("Product Added"), times("After")], [1, 1, 1, 1]);
  assert.equal(times("Trapped"), `${WAYS[name]}`.includes("Trapped") ? 1 : 0);
  assert.deepEqual([...new Set(events.map(({ context }) => context.sessionId))], [before.session.id]);
  // The next page goes on from what was stored.
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelectorAll("#for-you a").length > 1);
  assert.equal((await page.evaluate(known)).session.id, before.session.id);
};

inShop(
  "one trap",
  Object.fromEntries(Object.keys(WAYS).map((name) => [`in ${name} costs the visitor nothing`, trapOnce(/** @type {keyof typeof WAYS} */ (name))])),
  { engines: ["chromium"] },
);
inShop("one trap", { "costs the visitor nothing": trapOnce("touchpoint") }, { engines: ["firefox", "webkit"] });

inShop("two traps", {
  "make the engine stand down: the page stays as it is shown, and events still flow": async (page, shop) => {
    await visit(page, shop);
    const shown = await page.evaluate(() => document.body.innerHTML);
    for (const poisoned of [1, 2]) {
      await page.evaluate(() => {
        /** @type {any} */ (globalThis).trapIn = "touchpoint";
        parlour.track("Trapped", {});
      });
      assert.equal(await page.evaluate("poisoned"), poisoned);
    }
    await page.evaluate(() => parlour.track("After", {}));
    assert.equal(await page.evaluate(() => document.body.innerHTML), shown);
    assert.deepEqual(await page.evaluate(() => parlour.decide("headline")), { experiment: "headline", variant: null, values: {}, reason: "unknown" });
    assert.equal(await page.evaluate(() => parlour.recommend("for-you").then((/** @type {any} */ list) => list?.items.length ?? 0)), 0);
    await page.waitFor(() => parlour.flush());
    assert.deepEqual(await page.evaluate("uncaught"), []);
    assert.ok((await page.evaluate("said")).every((/** @type {string} */ line) => line.startsWith("parlour: trap: engine: RuntimeError")));
    const names = (await shop.events()).map(({ event }) => event);
    assert.deepEqual(["Trapped", "After"].map((name) => names.filter((each) => each === name).length), [2, 1]);
    // The next page makes a new start from what was stored before.
    await page.goto(`${shop.url}/`);
    await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
    assert.equal((await page.evaluate(known)).session.stage, "decision");
  },
});
