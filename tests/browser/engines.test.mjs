// @ts-check
// The whole loop in three engines, with the files users get and the real collector: consent, decision, change on the
// page, recommendations, and each event in the store once.

import assert from "node:assert/strict";
import { until } from "./drivers/wait.mjs";
import { inShop, pageHtml, scriptTag, storedKeys, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const EMPTY = { cookies: [], local: {}, session: {}, databases: [], stores: {}, caches: [] };

/** What a visitor sees. To be run in the page. */
const seen = () => {
  const headline = /** @type {HTMLElement} */ (document.querySelector("#headline"));
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("#for-you a")]);
  return {
    headline: headline.innerText,
    colour: getComputedStyle(headline).backgroundColor,
    cards: links.map((link) => [link.getAttribute("href"), link.innerText.replace(/\s+/g, " ").trim()]),
  };
};

const ORIGINAL = { headline: "Plain words", colour: "rgba(0, 0, 0, 0)", cards: [] };
const CHANGED = {
  headline: "Made for you",
  colour: "rgb(0, 128, 0)",
  cards: [
    ["/bowl", "The bowl €20.50 Because you viewed The mug"],
    ["/plate", "The plate €30.50 Because you viewed The mug"],
    ["/jug", "The jug €40.50 Popular"],
  ],
};
/** Before consent: the variant waits, what the page itself knows is recommended. */
const WAITING = { ...ORIGINAL, cards: CHANGED.cards };

/** Times each event is in the store, by name. @param {Shop} shop */
const counts = async (shop) => {
  const events = await shop.events();
  assert.equal(new Set(events.map((event) => event.messageId)).size, events.length, "a message id stands in the store twice");
  /** @type {Record<string, number>} */
  const sum = {};
  for (const { event, type } of events) sum[event ?? type] = (sum[event ?? type] ?? 0) + 1;
  return sum;
};

/**
 * From the first view to the store, whatever way the library came on the page.
 * @param {Page} page @param {Shop} shop
 */
const wholeLoop = async (page, shop) => {
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelectorAll("#for-you a").length === 3);
  assert.deepEqual(await page.evaluate(seen), WAITING);
  assert.equal(await page.evaluate(() => parlour.consent()), "unknown");
  assert.equal(await page.evaluate(() => parlour.peek("headline").reason), "consent");
  assert.equal(await page.evaluate(() => parlour.flush()), true, "there is nothing it may send");
  assert.deepEqual(await page.evaluate(storedKeys), EMPTY);
  assert.equal(shop.requests("/v1/batch").length, 0);

  await page.evaluate(() => parlour.consent("measure"));
  await page.waitFor(() => document.querySelector("#headline")?.textContent !== "Plain words");
  assert.deepEqual(await page.evaluate(seen), CHANGED);
  assert.deepEqual(await page.evaluate(() => parlour.decide("headline")), { experiment: "headline", variant: "new", values: { size: 2 }, reason: "bucketed" });
  await page.click(".ask");
  await page.evaluate(() => parlour.track("purchase", { order_id: "A-1", revenue: "12.50", items: [{ item: "mug", quantity: 1, price: "12.50" }] }));
  // The list is seen when the browser next looks what is in view.
  await until(async () => (await page.evaluate(() => parlour.flush())) && (await counts(shop))["Product List Viewed"] === 1, 20_000, "the list that was seen");
  const once = { page: 1, "Experiment Viewed": 1, "Product List Viewed": 1, "Goal Reached": 2, "Order Completed": 1 };
  assert.deepEqual(await counts(shop), once);
  const events = await shop.events();
  const visitor = await page.evaluate(() => parlour.visitorId());
  for (const event of events) assert.equal(event.anonymousId, visitor, event.event);
  assert.deepEqual(events.filter(({ event }) => event === "Experiment Viewed").map(({ properties }) => properties), [
    { experiment_id: "headline", experiment_name: "Headline", variation_id: "new", variation_name: "New" },
  ]);
  const { loss, tallies } = await shop.measured();
  assert.deepEqual([loss.made, loss.received, loss.given_up, loss.gaps], [6, 6, {}, []], "the page's own count");
  assert.deepEqual([tallies["bucket-agrees"], tallies["bucket-differs"], tallies["unknown-plan"]], [1, undefined, undefined]);
  assert.match(events.find(({ event }) => event === "Order Completed")?.text ?? "", /"revenue":12\.50,"currency":"EUR"/);

  await page.evaluate(() => parlour.stop());
  assert.deepEqual(await page.evaluate(seen), ORIGINAL);
  await page.evaluate(() => parlour.track("After The End"));
  await page.goto(`${shop.url}/blank`);
  assert.deepEqual(await counts(shop), once);
};

inShop("the whole loop", {
  "a script tag waits for consent, decides, changes the page, recommends, sends each event once, and stops without a trace": async (page, shop) => {
    await page.goto(`${shop.url}/`);
    await wholeLoop(page, shop);
  },
  "so does the module": async (page, shop) => {
    const module = `<script type="module">import parlour from "/parlour.js"; window.parlour = parlour; parlour.start({ plan: "/plan.bin", endpoint: "/v1/batch" });</script>`;
    shop.route("/", { body: pageHtml({ head: module }) });
    await page.goto(`${shop.url}/`);
    await wholeLoop(page, shop);
  },
  "calls made before the script is there are taken over in their order": async (page, shop) => {
    const calls = `parlour("consent", "measure"); parlour("track", "view_item", { item: "mug" }); parlour("track", "Quiz Done", { score: 3 }); parlour("on", "ready", () => { window.told = true });`;
    shop.route("/", { body: pageHtml({ head: `<script>${STUB};${calls}</script>${scriptTag(TAG)}` }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
    assert.equal(await page.evaluate("told"), true);
    await page.waitFor(() => parlour.flush());
    const events = await until(async () => (await shop.events()).length >= 5 && shop.events(), 10_000, "five events");
    assert.deepEqual(await counts(shop), { page: 1, "Product Viewed": 1, "Quiz Done": 1, "Experiment Viewed": 1, "Product List Viewed": 1 });
    const tracked = events.filter(({ event }) => event === "Product Viewed" || event === "Quiz Done").sort((a, b) => (a.messageId < b.messageId ? -1 : 1));
    assert.deepEqual(tracked.map(({ event, properties }) => [event, properties]), [
      ["Product Viewed", { product_id: "mug" }],
      ["Quiz Done", { score: 3 }],
    ]);
  },
  "the script on a page twice runs once and says so": async (page, shop, browser) => {
    const tag = scriptTag({ ...TAG, "data-consent": "measure" });
    const listen = `window.said = []; const warn = console.warn; console.warn = (...args) => { said.push(args.join(" ")); warn(...args) };`;
    shop.route("/", { body: pageHtml({ head: `<script>${STUB};${listen}</script>${tag}${tag}` }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor("window.said.length > 0");
    await page.waitFor(() => document.querySelectorAll("#for-you a").length === 3);
    await page.waitFor(() => parlour.flush());
    assert.deepEqual(await page.evaluate("said"), ["parlour: the script is on this page twice: the second is ignored"]);
    if (browser.hasConsole) assert.equal(page.consoleMessages().filter((text) => text.includes("twice")).length, 1);
    assert.equal((await counts(shop)).page, 1);
  },
});
