// @ts-check
// Storage that opens late: nobody who is new waits for it, whoever was here does, and nothing is lost meanwhile.

import assert from "node:assert/strict";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);

const CONFIG = { site: ["127.0.0.1"], experiments: { coded: { status: "running", variants: { a: {}, b: {} } } } };

/** Opens nothing before the page says so, and says whether it has. */
const slowly = () => {
  const real = IDBFactory.prototype.open;
  const page = /** @type {any} */ (window);
  page.waiting = [];
  /** @param {[string, number?]} args */
  IDBFactory.prototype.open = function (...args) {
    /** @type {any} */
    const asked = {};
    page.waiting.push(() => {
      const request = real.apply(this, args);
      for (const name of /** @type {const} */ (["onupgradeneeded", "onsuccess", "onerror"]))
        request[name] = () => {
          asked.result = request.readyState === "done" && !request.error ? request.result : undefined;
          asked[name]?.();
        };
    });
    return asked;
  };
  page.openNow = () => page.waiting.splice(0).forEach((/** @type {() => void} */ open) => open());
};

/** @param {Page} page @param {Shop} shop @param {string} head */
const visit = async (page, shop, head) => {
  shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${head}${scriptTag({ ...TAG, "data-consent": "measure" })}` }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => !!parlour.start);
};
const SLOW = `<script>(${slowly})()</script>`;
/** However busy the machine, this page waits for its storage: its half second is a minute. */
const PATIENT = "<script>{ const wait = setTimeout; window.setTimeout = (then, ms, ...more) => wait(then, ms === 500 ? 6e4 : ms, ...more); }</script>";

/** @param {Page} page @param {Shop} shop */
const exposures = async (page, shop) => {
  await page.waitFor(() => parlour.flush());
  return (await shop.events()).filter(({ event }) => event === "Experiment Viewed");
};

inShop(
  "storage that opens late",
  {
    "holds up nobody who is new, and what was met meanwhile is stored when it opens": async (page, shop) => {
      await visit(page, shop, SLOW);
      await page.evaluate(() => parlour.ready());
      const { variant, id, waiting } = await page.evaluate(() => ({ variant: parlour.decide("coded").variant, id: parlour.visitorId(), waiting: /** @type {any} */ (window).waiting.length }));
      assert.equal(waiting, 1, "decided before there was a storage");
      assert.match(variant, /^[ab]$/);
      await page.evaluate(() => /** @type {any} */ (window).openNow());
      const [first, ...more] = await exposures(page, shop);
      assert.deepEqual([first.anonymousId, first.properties.variation_id, more.length], [id, variant, 0]);
      // Met once, kept once: the next page view has nothing new to count.
      await visit(page, shop, PATIENT);
      await page.evaluate(() => parlour.ready());
      assert.deepEqual(await page.evaluate(() => [parlour.decide("coded").variant, parlour.decide("coded").reason]), [variant, "sticky"]);
      assert.equal((await exposures(page, shop)).length, 1);
    },
    "is waited for by whoever was here before, cookie or not": async (page, shop) => {
      await visit(page, shop, "");
      await page.evaluate(() => parlour.ready());
      const was = await page.evaluate(() => (parlour.decide("coded"), parlour.visitorId()));
      await exposures(page, shop);
      await page.evaluate("document.cookie = 'parlour_id=; path=/; max-age=0'");
      await visit(page, shop, `${PATIENT}${SLOW}<script>setTimeout(function later() { waiting.length ? openNow() : setTimeout(later, 20) }, 100)</script>`);
      await page.evaluate(() => parlour.ready());
      assert.equal(await page.evaluate(() => parlour.decide("coded").reason), "sticky");
      assert.equal(await page.evaluate(() => parlour.visitorId()), was);
    },
  },
  { config: CONFIG },
);
