// @ts-check
// What goes wrong on a page reaches its team: once each, a bounded number of it, and only where events may be sent.

import assert from "node:assert/strict";
import { buildPlan } from "./command.mjs";
import { until } from "./drivers/wait.mjs";
import { CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const [, NEW] = Object.values(CONFIG.experiments.headline.variants);

/** Experiments that change what no page has. @param {number} count */
const lost = (count) => ({
  ...CONFIG,
  experiments: Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`lost-${i}`, { ...CONFIG.experiments.headline, variants: { control: { weight: 0 }, new: { ...NEW, changes: [{ select: `#nowhere-${i}`, text: "x", wait: 30 }] } } }]),
  ),
});

/** @param {Page} page @param {Shop} shop @param {{config?: object, plan?: string, attributes?: Record<string, string>}} how */
const open = async (page, shop, { config, plan, attributes }) => {
  shop.route("/plan.bin", { body: plan ?? (await buildPlan(config ?? CONFIG)) });
  shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${scriptTag({ ...TAG, "data-consent": "measure", ...attributes })}`, body: "<h1>Plain words</h1>" }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour?.start && parlour.ready().then(() => true));
};

/** @param {Shop} shop */
const problems = async (shop) => (await shop.events()).filter(({ event }) => event === "parlour_problem");

/** All there is, is sent. @param {Page} page */
const flushed = (page) => page.waitFor(() => parlour.flush());

inShop("problems", {
  "are sent with the experiment's name, what it is, and to what it is due": async (page, shop) => {
    await open(page, shop, { config: lost(1) });
    const found = await until(async () => (await flushed(page), await problems(shop)).length > 0 && problems(shop), 15_000, "the problem");
    assert.deepEqual(found.map(({ properties }) => properties), [{ key: "experiment lost-0", code: "missing", detail: "#nowhere-0" }]);
    assert.ok(found[0].anonymousId && found[0].context.parlour.plan);
  },
});

inShop("problems, further,", {
  "are at most twenty a page load": async (page, shop) => {
    await open(page, shop, { config: lost(30) });
    await until(async () => (await flushed(page), (await problems(shop)).length >= 20), 15_000, "twenty problems");
    // Whatever is said later comes after what was said before.
    await page.evaluate(() => parlour.track("Later", {}));
    await until(async () => (await flushed(page), (await shop.events()).some(({ event }) => event === "Later")), 15_000, "the event after them");
    assert.equal((await problems(shop)).length, 20);
  },
  "before consent are held, go when it is given, and are dropped with the rest when it is refused": async (page, shop) => {
    for (const [choice, count] of /** @type {const} */ ([["denied", 0], ["measure", 1]])) {
      await open(page, shop, { plan: "no plan at all", attributes: { "data-consent": "unknown", "data-remember": "false" } });
      await flushed(page);
      assert.equal(shop.requests("/v1/batch").length, 0, "nothing is sent before the choice");
      await page.evaluate((state) => parlour.consent(state), choice);
      await flushed(page);
      const found = await problems(shop);
      assert.deepEqual(found.map(({ properties }) => properties.code), Array(count).fill("off"), choice);
      if (!count) assert.ok((await page.evaluate(() => parlour.export())).drops.denied >= 2, "dropped and counted");
    }
  },
  "of robots are none, of a plan that wants none are none, and of other environments are marked": async (page, shop) => {
    await open(page, shop, { plan: "no plan at all", attributes: { "data-bot": "true" } });
    await open(page, shop, { config: { ...lost(1), problems: 0 } });
    await page.waitFor(() => new Promise((done) => parlour.on("problem", () => done(true))));
    await flushed(page);
    assert.deepEqual(await problems(shop), []);
    await open(page, shop, { config: { ...lost(1), site: ["elsewhere.example"], environments: { staging: ["127.0.0.1"] } } });
    const [found] = await until(async () => (await flushed(page), await problems(shop)).length > 0 && problems(shop), 15_000, "the problem");
    assert.equal(found.context.parlour.env, "staging");
  },
}, { engines: ["chromium"] });
