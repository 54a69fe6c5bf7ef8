// @ts-check
// parlour.first.js in three engines: what was decided at the last visit, or by the server, is there before anything is
// painted; the engine takes it over, undoes what is out, and counts nothing that the visitor did not get from it.

import assert from "node:assert/strict";
import { buildPlan } from "./command.mjs";
import { until } from "./drivers/wait.mjs";
import { inShop, pageHtml, scriptTag, storedKeys, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);

const config = (/** @type {string} */ text, more = {}) => ({
  site: ["127.0.0.1"],
  experiments: { headline: { status: "running", variants: { control: { weight: 0 }, new: { changes: [{ select: "#headline", text }, { select: "#headline", attr: { title: "New" } }] } }, ...more } },
});
const CONFIG = config("Made for you");
const BODY = `<h1 id="headline" title="Old">Plain words</h1><p>Words</p>`;
const WATCH = `window.frames_ = []; (function watch() { frames_.push(document.getElementById("headline")?.textContent ?? ""); requestAnimationFrame(watch); })(); addEventListener("error", () => frames_.push("error"));`;

/** @param {{first?: string, head?: string}} [parts] */
const html = ({ first = "", head = "" } = {}) =>
  pageHtml({ head: `${head}<script>${STUB};${WATCH}</script><script src="/parlour.first.js" ${first}></script>${scriptTag({ ...TAG, "data-consent": "measure" })}`, body: BODY });

/** @param {Page} page @param {Shop} shop */
const visit = async (page, shop, body = html()) => {
  shop.route("/", { body });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => parlour.flush());
};
const remembered = () => localStorage.parlour_first ?? "";
/** A visit whose decision is remembered. @param {Page} page @param {Shop} shop */
const firstVisit = async (page, shop) => {
  await visit(page, shop);
  await page.waitFor(() => (localStorage.parlour_first ?? "").includes("Made for you"));
};
const seen = () => [document.getElementById("headline")?.textContent, document.getElementById("headline")?.getAttribute("title")];
/** @param {Shop} shop @param {string} name */
const count = async (shop, name) => (await shop.events()).filter(({ event }) => event === name).length;

inShop(
  "what was decided at the last visit",
  {
    "is there before the first paint, is taken over once, counts as in time, and is undone by stop()": async (page, shop) => {
      await firstVisit(page, shop);
      const before = await count(shop, "Experiment Viewed");
      const late = await count(shop, "Experiment Late");
      await visit(page, shop);
      assert.deepEqual(await page.evaluate(seen), ["Made for you", "New"]);
      assert.deepEqual(await page.evaluate("[...new Set(frames_)].filter((text) => text && text !== 'Made for you')"), []);
      assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "new");
      await until(async () => (await count(shop, "Experiment Viewed")) === before + 1, 10_000, "one exposure more");
      assert.equal(await count(shop, "Experiment Late"), late);
      // The page takes it back: the engine's own hand holds it.
      await page.evaluate(() => void ((/** @type {Element} */ (document.getElementById("headline"))).textContent = "Plain again"));
      await page.waitFor(() => document.getElementById("headline")?.textContent === "Made for you");
      await page.evaluate(() => parlour.stop());
      assert.deepEqual(await page.evaluate(seen), ["Plain again", "Old"]);
    },
    "is there when the engine never comes, and one that is killed is undone at once": async (page, shop) => {
      await firstVisit(page, shop);
      shop.route("/parlour.iife.js", { status: 404, body: "nothing" });
      await page.goto(`${shop.url}/`);
      await page.waitFor("frames_.includes('Made for you')");
      assert.equal(await page.evaluate("frames_.includes('Plain words')"), false);
      shop.unroute("/parlour.iife.js");
      shop.route("/plan.bin", { body: await buildPlan(config("Made for you", { kill: true })) });
      const before = await count(shop, "Experiment Viewed");
      await visit(page, shop);
      await page.waitFor(() => document.getElementById("headline")?.textContent === "Plain words");
      assert.deepEqual(await page.evaluate(seen), ["Plain words", "Old"]);
      assert.equal(await count(shop, "Experiment Viewed"), before);
      await page.waitFor(() => !(localStorage.parlour_first ?? "").includes("Made for you"));
    },
    "stays for that page view when the plan has changed it, and is not counted": async (page, shop) => {
      await firstVisit(page, shop);
      shop.route("/plan.bin", { body: await buildPlan(config("Changed words")) });
      const before = await count(shop, "Experiment Viewed");
      await visit(page, shop);
      await page.waitFor(() => (localStorage.parlour_first ?? "").includes("Changed words"));
      assert.deepEqual(await page.evaluate(seen), ["Made for you", "New"]);
      const answer = await page.evaluate(() => parlour.decide("headline"));
      assert.deepEqual([answer.variant, answer.reason], ["new", "late"]);
      assert.equal(await count(shop, "Experiment Viewed"), before);
      await visit(page, shop);
      assert.equal((await page.evaluate(seen))[0], "Changed words");
    },
    "goes with everything else: forgotten, denied, or not allowed": async (page, shop) => {
      await firstVisit(page, shop);
      const { first, redirect } = await page.evaluate(() => parlour.export());
      assert.equal(first?.[1][0][1].headline.variant, "new", "what is kept is told");
      assert.equal(redirect ?? null, null, "no more than is there");
      await visit(page, shop, html({ first: 'data-consent="denied"' }));
      await page.evaluate(() => parlour.forget());
      assert.equal((await page.evaluate(storedKeys)).local.parlour_first, undefined);
      await firstVisit(page, shop);
      await page.evaluate(() => parlour.consent("denied"));
      assert.deepEqual(Object.keys((await page.evaluate(storedKeys)).local), ["parlour_consent"]);
      await page.evaluate((/** @type {string} */ text) => void (localStorage.parlour_first = text), JSON.stringify([1, [["/", { headline: { variant: "new", changes: [{ select: "#headline", text: "Stolen" }] } }]]]));
      shop.route("/parlour.iife.js", { status: 404, body: "nothing" });
      shop.route("/", { body: html({ first: 'data-consent="denied"' }) });
      await page.goto(`${shop.url}/`);
      await page.waitFor("frames_.includes('Plain words')");
      assert.equal(await page.evaluate("frames_.includes('Stolen')"), false);
    },
    "is not kept by a page that finds time only after it was forgotten": async (page, shop) => {
      await firstVisit(page, shop);
      await visit(page, shop, html({ head: "<script>window.idle = []; window.requestIdleCallback = (work) => idle.push(work)</script>" }));
      await page.evaluate(() => parlour.forget());
      await page.evaluate("idle.forEach((work) => work({ timeRemaining: () => 9 }))");
      assert.equal((await page.evaluate(storedKeys)).local.parlour_first, undefined);
    },
    "runs no script, whatever is stored": async (page, shop) => {
      shop.route("/parlour.iife.js", { status: 404, body: "nothing" });
      const select = "#headline";
      const attacks = [
        { select, attr: { onclick: "window.hit = 1" } },
        { select, attr: { style: "color:red" } },
        { select, insert: { element: { tag: "script", text: "window.hit = 1" } } },
        { select, insert: { element: { tag: "a", attr: { href: "javascript:window.hit=1" }, text: "x" } } },
        { select, insert: { element: { tag: "img", attr: { src: "x", onerror: "window.hit=1" } } } },
        { select, html: "<img src=x onerror=window.hit=1>" },
        { select: ["(", null, 7, select], text: { toString: 1 } },
        { redirect: "https://evil.example/" },
        null,
        7,
        [[]],
      ];
      await page.goto(`${shop.url}/blank`);
      const stored = [...attacks.map((attack) => JSON.stringify([1, [["/", { a: { variant: "x", changes: [attack] } }]]])), "{", "null", "7", "[1]", "[1,null]", '[1,[null]]', '[1,[["/",null]]]', '[1,[["/",{"a":null}]]]', '[1,[["/",{"__proto__":{"variant":"x","changes":{"length":1e9}}}]]]'];
      shop.route("/", { body: html() });
      for (const text of stored) {
        await page.evaluate((/** @type {string} */ text) => void (localStorage.parlour_first = text), text);
        await page.goto(`${shop.url}/`);
        await page.waitFor("document.readyState === 'complete'");
        const found = await page.evaluate(() => ({ hit: `${/** @type {any} */ (window).hit}`, polluted: `${/** @type {any} */ ({}).variant}`, path: location.pathname, active: document.querySelectorAll("#headline script, #headline [href^=javascript], #headline img, [onclick]").length }));
        assert.deepEqual(found, { hit: "undefined", polluted: "undefined", path: "/", active: 0 }, text);
      }
    },
  },
  { config: CONFIG },
);

const handed = (/** @type {object} */ decisions) => `<script type="application/json" id="parlour-decisions">${JSON.stringify({ plan: "0", visitorId: "visitor-of-the-server", decisions })}</script>`;

inShop(
  "what a server decided",
  {
    "is there before the first paint, and is counted for the server's visitor": async (page, shop) => {
      const { changes } = CONFIG.experiments.headline.variants.new;
      await visit(page, shop, html({ head: handed({ headline: { variant: "new", changes } }) }));
      assert.deepEqual(await page.evaluate("[...new Set(frames_)].filter((text) => text && text !== 'Made for you')"), []);
      assert.equal(await page.evaluate(() => parlour.visitorId()), "visitor-of-the-server");
      const events = await until(async () => (await shop.events()).filter(({ event }) => event === "Experiment Viewed").length === 1 && shop.events(), 10_000, "the exposure");
      for (const { anonymousId } of events) assert.equal(anonymousId, "visitor-of-the-server");
    },
    "is a problem where the engine answers another, and is not counted then": async (page, shop) => {
      const listen = `<script>${STUB}; window.problems = []; parlour("on", "problem", (problem) => problems.push(problem));</script>`;
      await visit(page, shop, html({ head: listen + handed({ headline: { variant: "control" } }) }));
      assert.deepEqual(await page.evaluate("problems.map(({ key, code }) => [key, code])"), [["headline", "handover"]]);
      assert.deepEqual(await page.evaluate(seen), ["Plain words", "Old"]);
      assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "control");
      assert.equal(await count(shop, "Experiment Viewed"), 0);
    },
  },
  { config: CONFIG },
);
