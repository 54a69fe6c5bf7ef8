// @ts-check
/** A list of the page's own, re-ranked by the files users get: what goes with this visitor's items comes first, and is counted. */
import assert from "node:assert/strict";
import { until } from "./drivers/wait.mjs";
import { encodeRow } from "./row.mjs";
import { CONFIG, inShop, pageHtml, scriptTag, TAG } from "./shop.mjs";

const parlour = /** @type {any} */ (undefined);
const config = { ...CONFIG, experiments: {}, slots: { choice: { select: "#choice", cards: "/cards.json", strategies: ["covisit", "popular"], count: 2, exclude: ["out_of_stock"], rerank: "data-item" } } };

/** @param {number} own @param {number} from @param {Record<number, number>} more */
const thirty = (own, from, more) => encodeRow(own, { ...more, ...Object.fromEntries(Array.from({ length: 30 - Object.keys(more).length }, (_, n) => [from + n, 15])) });
/** The tray goes with the mug, the jug is popular, both less than anything else: of all items, neither is of the best 32. */
const ROWS = `<main data-parlour-row="${thirty(1, 100, { 6: 1 })}"><p data-parlour-row="${thirty(0, 200, { 4: 1 })}"></p></main>`;
const LIST = `<ul id="choice">${["bowl", "vase", "jug", "plate", "tray"].map((item) => `<li data-item="${item}"><a href="#${item}">${item}</a></li>`).join("")}</ul>`;
const order = () => [...document.querySelectorAll("#choice li")].map((item) => item.textContent);

inShop("a list that is re-ranked", {
  "what goes with this visitor's items comes first, however little, and is seen and clicked as that": async (page, shop) => {
    shop.route("/", { body: pageHtml({ head: scriptTag({ ...TAG, "data-consent": "measure" }), body: ROWS + LIST }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor(() => document.querySelector("#choice")?.hasAttribute("data-parlour-list"));
    assert.deepEqual(await page.evaluate(order), ["tray", "jug", "bowl", "vase", "plate"]);
    await page.click("[data-item=jug] a");
    await page.click("[data-item=bowl] a");
    const wanted = /** @type {const} */ (["Product List Viewed", "Product Clicked"]);
    const events = await until(
      async () => {
        await page.evaluate(() => parlour.flush());
        const events = (await shop.events()).filter(({ event }) => wanted.includes(event));
        return events.length >= 2 && events.sort((a, b) => (a.messageId < b.messageId ? -1 : 1));
      }, 10_000, "the list seen and clicked");
    const list = await page.evaluate(() => document.querySelector("#choice")?.getAttribute("data-parlour-list"));
    assert.deepEqual(events.map(({ event }) => event), wanted, "a click on what was not put first is of no list");
    assert.deepEqual(events.map(({ properties }) => properties.list_id), [list, list]);
    assert.deepEqual(events[0].properties.products.map((/** @type {any} */ each) => each.product_id), ["tray", "jug"]);
    assert.deepEqual([events[1].properties.product_id, events[1].properties.position, events[1].properties.slot], ["jug", 2, "choice"]);
    await page.evaluate(() => parlour.stop());
    assert.deepEqual(await page.evaluate(order), ["bowl", "vase", "jug", "plate", "tray"]);
  },
  "pages without the list fetch nothing for it": async (page, shop) => {
    shop.route("/", { body: pageHtml({ head: scriptTag({ ...TAG, "data-consent": "measure" }), body: ROWS }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor("window.parlour?.ready && parlour.ready().then(() => true)");
    await page.waitFor(() => parlour.flush());
    assert.equal(shop.requests("/parlour-rerank.js").length, 0);
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(LIST)})`);
    await page.waitFor(() => document.querySelector("#choice")?.hasAttribute("data-parlour-list"));
    assert.equal(shop.requests("/parlour-rerank.js").length, 1);
  },
}, { config });
