// @ts-check
// From end to end in a real browser: shoppers whose odds are planted, on real pages, through the collector, and what the report
// says of it. Odds are high, so that some hundreds of visitors are enough.
import assert from "node:assert/strict";
import { assign } from "./command.mjs";
import { CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {import("./shop.mjs").Shop} Shop */

const VISITORS = 400;
/** A fifth more. */
const ODDS = { plain: 0.75, better: 0.9 };

/** mulberry32, public domain. @param {number} seed */
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const goals = { order: { touchpoint: "purchase" } };
const effect = {
  ...CONFIG,
  goals,
  experiments: {
    headline: { status: "running", goals: ["order"], variants: { plain: {}, better: { changes: [{ select: "#headline", text: "Made for you" }] } } },
  },
};

/** One page after another, each a visitor of its own that is sent before the next comes. @param {Page} page @param {Shop} shop @param {(visitor: number) => string} shopper what it does */
async function visit(page, shop, shopper, visitors = VISITORS) {
  shop.route("/next", { body: "" });
  for (let visitor = 0; visitor < visitors; visitor++) {
    const tag = scriptTag({ ...TAG, "data-consent": "personalise", "data-remember": "false", "data-visitor-id": `planted-${visitor}` });
    const script = `<script>addEventListener("load",async()=>{await parlour.ready();${shopper(visitor)};await parlour.flush();window.done=true})</script>`;
    shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${tag.replace(" async", "")}`, foot: script }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor("!!window.done");
  }
}

/** Shoppers look at the page: what they see decides their odds. */
const shopper = () => {
  const draw = random(20_261_128);
  return () => `const odds=document.querySelector("#headline").textContent==="Made for you"?${ODDS.better}:${ODDS.plain};if(${draw()}<odds)parlour.track("purchase",{order_id:"o"+Math.random(),value:"10.00",currency:"EUR"})`;
};

inShop(
  "shoppers whose odds are planted",
  {
    "are found to order more, by an interval that covers what was planted": async (page, shop) => {
      await visit(page, shop, shopper());
      const { experiments } = await shop.report(effect);
      const [one] = experiments;
      assert.equal(one.arms.reduce((/** @type {number} */ sum, /** @type {any} */ { units }) => sum + units, 0), VISITORS, "nobody is lost");
      assert.equal(one.sample_ratio.is_broken, false);
      const { relative } = one.goals[0].comparisons[0];
      assert.ok(relative.low > 0, `the sign: ${JSON.stringify(relative)}`);
      const planted = ODDS.better / ODDS.plain - 1;
      assert.ok(relative.low < planted && planted < relative.high, `${planted} in ${JSON.stringify(relative)}`);
      assert.equal(one.decision.action, "ship", one.decision.sentence);
    },
  },
  { config: effect, engines: ["chromium"] },
);

const moved = {
  ...CONFIG,
  goals,
  experiments: {
    landing: { status: "running", goals: ["order"], url: { path: "/" }, variants: { here: {}, there: { changes: [{ redirect: "/there" }] } } },
  },
};

inShop(
  "a redirect that loses visitors",
  {
    "is diagnosed as what it is": async (page, shop) => {
      // What four of five had to say is refused on the way, and nothing is left of it where they arrive.
      const arms = await assign(shop.plan, "landing", Array.from({ length: 300 }, (_, visitor) => `planted-${visitor}`));
      const { answer } = shop.collector;
      let [sent, isLost] = [0, false];
      shop.collector.answer = async (request, response) => (isLost ? void request.socket.destroy() : answer(request, response));
      const wipe = 'sessionStorage.clear();const wiped=indexedDB.deleteDatabase("parlour");wiped.onsuccess=wiped.onblocked=wiped.onerror=()=>{window.done="there"}';
      shop.route("/there", { body: `<!doctype html><title>there</title><script>${wipe}</script>` });
      await visit(page, shop, (visitor) => ((isLost = arms.get(`planted-${visitor}`) === "there" && sent++ % 5 > 0), ""), 300);
      const [one] = (await shop.report(moved)).experiments;
      console.error(JSON.stringify(one.arms), JSON.stringify(one.sample_ratio), one.decision.sentence);
      assert.equal(one.sample_ratio.is_broken, true);
      assert.equal(one.decision.action, "stop");
      assert.match(`${one.sample_ratio.likely} ${one.decision.sentence}`, /redirect of there/);
    },
  },
  { config: moved, engines: ["chromium"] },
);
