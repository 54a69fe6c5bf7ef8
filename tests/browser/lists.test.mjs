// @ts-check
// Slots that ask for more than rows: carts, taste, filters, pins, two lists in one, a list for each variant; learnt, built and
// served as a site does, in three engines. What each strategy answers is held natively (command/tests/lists.rs).
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before } from "node:test";
import { parlour as command } from "./command.mjs";
import { CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {import("./shop.mjs").Shop} Shop */

const parlour = /** @type {any} */ (undefined);

/** Who looked at what, and who bought what together. */
const VIEWS = ["session_id,item_id", ...[1, 2, 3].flatMap((n) => [`a${n},mug`, `a${n},bowl`, `b${n},jug`, `b${n},tray`]), ...[1, 2, 3, 4, 5].map((n) => `c${n},vase`)].join("\n");
const ORDERS = ["session_id,item_id", ...[1, 2, 3, 4].flatMap((n) => [`o${n},mug`, `o${n},tray`]), ...[5, 6, 7, 8].flatMap((n) => [`o${n},jug`, `o${n},vase`])].join("\n");
const CARDS = { mug: ["cups", 10], bowl: ["cups", 20], jug: ["jugs", 30], tray: ["wood", 40], vase: ["jugs", 50] };

const list = { cards: "/cards.json", count: 3 };
const config = {
  ...CONFIG,
  rows: { url: "/rows.json" },
  baskets: { url: "/baskets.json" },
  experiments: {
    ...CONFIG.experiments,
    lists: { status: "running", variants: { plain: { weight: 0 }, jugs: { slots: { varied: { where: { category: "jugs" } } } } } },
  },
  slots: {
    cart: { ...list, select: "#cart", strategies: ["basket", "popular"], exclude: ["in_cart"], least: 2, text: { basket: "With {title}", popular: "Liked" } },
    cheap: { ...list, select: "#cheap", strategies: ["covisit", "popular"], where: { price: { most: 30 } }, pins: [{ item: "jug", at: 1 }], text: { pinned: "Ours" } },
    varied: { ...list, select: "#varied", strategies: ["popular"], diversity: 0.1 },
    mixed: { ...list, select: "#mixed", interleave: { seen: { strategies: ["covisit", "popular"] }, alike: { strategies: ["alike", "popular"] } } },
    inline: { ...list, cards: "#cards", select: "#inline", strategies: ["popular", "alike"], least: 3 },
    none: { ...list, select: "#none", strategies: ["again"], least: 3 },
  },
};

/** @type {{rows: string, baskets: string, cards: string}} */
let files;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "parlour-lists-"));
  const at = (/** @type {string} */ name) => join(folder, name);
  await writeFile(at("views.csv"), VIEWS);
  await command(["train", at("views.csv"), "-o", at("views.bin")]);
  await command(["rows", at("views.bin"), "--out", at("rows.json")]);
  const numbers = new Map((await command(["rows", at("views.bin")])).trimEnd().split("\n").map((line) => /** @type {[string, string]} */ (line.split("\t").slice(0, 2))));
  // Its own numbers: whoever reads both needs the same.
  await writeFile(at("orders.csv"), ORDERS);
  await command(["train", at("orders.csv"), "--basket", "--no-search", "--previous", at("views.bin"), "-o", at("orders.bin")]);
  await command(["rows", at("orders.bin"), "--out", at("baskets.json")]);
  const items = Object.fromEntries(Object.entries(CARDS).map(([item, [category, price]]) => [numbers.get(item), { item, title: `The ${item}`, category, price: `${price}.00`, currency: "EUR", url: `/${item}`, stock: 9 }]));
  files = { rows: await readFile(at("rows.json"), "utf8"), baskets: await readFile(at("baskets.json"), "utf8"), cards: JSON.stringify({ items }) };
  await rm(folder, { recursive: true });
});

const TEMPLATE = '<template><a data-field-href="url"><b data-field="title"></b> <small data-field="reason"></small></a></template>';
const slot = (/** @type {string} */ id, inside = "") => `<section id="${id}">${inside}${TEMPLATE}</section>`;

/** @param {Page} page @param {Shop} shop @param {{body?: string, calls?: string, given?: Partial<typeof files>, consent?: string}} [options] */
async function visit(page, shop, { body = "", calls = "", given = {}, consent = "personalise" } = {}) {
  const served = { ...files, ...given };
  shop.route("/rows.json", { body: served.rows, type: "application/json" });
  shop.route("/baskets.json", { body: served.baskets, type: "application/json" });
  shop.route("/cards.json", { body: served.cards, type: "application/json" });
  shop.route("/", { body: pageHtml({ head: `<script>${STUB};${calls}</script>${scriptTag({ ...TAG, "data-consent": consent })}`, body }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.ready && parlour.ready().then(() => true));
}

const told = async (/** @type {string} */ slot) => (await parlour.recommend(slot, 9)).items.map((/** @type {any} */ { item, reason }) => `${item} ${reason}`);
const viewed = (/** @type {string[]} */ ...items) => items.map((item) => `parlour("track","view_item",{item:"${item}"});`).join("");

inShop(
  "lists for slots that ask for more",
  {
    "complete the cart, and say with what": async (page, shop) => {
      await visit(page, shop, { body: slot("cart"), calls: 'parlour("track","add_to_cart",{item:"mug"});' });
      await page.waitFor("document.querySelectorAll('#cart a').length === 3");
      assert.equal(await page.evaluate("document.querySelector('#cart a').textContent"), "The tray With The mug");
      await page.evaluate(() => parlour.track("add_to_cart", { item: "jug" }));
      const both = /** @type {string[]} */ (await page.evaluate(told, "cart"));
      assert.deepEqual(both.slice(0, 2).sort(), ["tray basket", "vase basket"]);
      assert.ok(!both.some((row) => /^(mug|jug) /.test(row)), "what is in the cart is not offered");
    },
    "filter, and put a pinned item where it is put": async (page, shop) => {
      await visit(page, shop, { body: slot("cheap"), calls: viewed("mug") });
      assert.deepEqual(/** @type {string[]} */ (await page.evaluate(told, "cheap")).slice(0, 2), ["jug pinned", "bowl covisit"]);
      await page.waitFor("document.querySelectorAll('#cheap a').length >= 2");
      assert.equal(await page.evaluate("document.querySelector('#cheap a').textContent"), "The jug Ours");
      assert.ok(!(await page.evaluate(told, "cheap")).some((/** @type {string} */ row) => /^(tray|vase) /.test(row)), "above 30");
    },
    "are made by the visitor's variant, who is counted when the slot is found": async (page, shop) => {
      await visit(page, shop, { body: slot("varied") });
      assert.deepEqual((await page.evaluate(told, "varied")).map((/** @type {string} */ row) => row.split(" ")[0]).sort(), ["jug", "vase"]);
      await page.evaluate(() => parlour.flush());
      const exposures = async () => (await shop.events()).filter(({ event, properties }) => event === "Experiment Viewed" && properties?.experiment_id === "lists");
      await page.waitFor(() => true);
      for (let n = 0; n < 50 && !(await exposures()).length; n++) await new Promise((done) => setTimeout(done, 100));
      assert.deepEqual((await exposures()).map(({ properties }) => properties?.variation_id), ["jugs"]);
    },
    "mix two lists, and clicks say whose item it was": async (page, shop) => {
      await visit(page, shop, { body: slot("mixed"), calls: viewed("jug") });
      await page.waitFor("document.querySelectorAll('#mixed a').length === 3");
      await page.evaluate(() => {
        document.addEventListener("click", (event) => event.preventDefault());
        /** @type {any} */ (document.querySelector("#mixed a")).click();
        return parlour.flush();
      });
      const clicks = async () => (await shop.events()).filter(({ event }) => event === "Product Clicked");
      for (let n = 0; n < 50 && !(await clicks()).length; n++) await new Promise((done) => setTimeout(done, 100));
      const [{ properties }] = await clicks();
      assert.ok(["seen", "alike"].includes(`${properties?.team}`), `${properties?.team}`);
      assert.deepEqual([properties?.position, properties?.slot], [1, "mixed"]);
      const views = (await shop.events()).filter(({ event, properties }) => event === "Product List Viewed" && properties?.slot === "mixed");
      assert.equal(views[0].properties?.teams?.length, 3);
      assert.equal(views[0].properties?.list_id, properties?.list_id);
      assert.equal(views[0].properties?.teams[0], properties?.team);
    },
    "leave the slot as it is where there are too few, and nothing moves": async (page, shop) => {
      const style = "<style>#none[data-parlour-list] .wait{display:none}</style>";
      await visit(page, shop, { body: `${style}${slot("none", '<p class="wait">One moment</p>')}`, calls: viewed("mug") });
      await page.waitFor("document.querySelector('#none').dataset.parlourList === ''");
      assert.equal(await page.evaluate("document.querySelectorAll('#none a').length"), 0);
      assert.equal(await page.evaluate("getComputedStyle(document.querySelector('.wait')).display"), "none");
    },
    "that cannot be made are the engine's own": async (page, shop) => {
      shop.route("/parlour-lists.wasm", { status: 404, body: "none" });
      await visit(page, shop, { body: slot("cheap"), calls: viewed("mug") });
      assert.equal((await page.evaluate(told, "cheap"))[0], "bowl covisit", "without the pin, with the rows");
      assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "new");
    },
    "take hostile cards, rows and scores for what they are": async (page, shop) => {
      const odd = { rows: { mug: "AAAA", "": 7, jug: null }, again: ["x", null, -1, 1e99] };
      const cards = { items: { 0: { item: "nought" }, "-1": { item: "minus" }, 7.5: { item: "half" }, 99999999999: { item: "far" }, 1: { item: "mug", price: "NaN", stock: {}, tags: [null, "x".repeat(20_000)], title: "The mug" }, 2: null } };
      for (const given of [{ rows: "null" }, { baskets: "{" }, { rows: JSON.stringify(odd), baskets: JSON.stringify(odd) }, { cards: JSON.stringify(cards) }, { cards: "[]" }]) {
        await visit(page, shop, { body: slot("cart"), calls: viewed("mug"), given });
        assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "new");
        assert.ok(Array.isArray(await page.evaluate(() => parlour.recommend("cart", 9).then((/** @type {any} */ made) => made?.items ?? [], () => []))), JSON.stringify(given).slice(0, 99));
      }
    },
    "take cards that stand in the page itself": async (page, shop) => {
      const cards = `<script type="application/json" id="cards">${files.cards.replaceAll('"The ', '"This page’s ')}</script>`;
      await visit(page, shop, { body: `${cards}${slot("inline")}`, calls: viewed("mug") });
      await page.waitFor("document.querySelectorAll('#inline a').length === 3");
      assert.ok(String(await page.evaluate("document.querySelector('#inline').textContent")).includes("This page’s "));
      // Where the page has none, the slot stays as it is, and nothing else breaks.
      await visit(page, shop, { body: slot("inline"), calls: viewed("mug") });
      await page.waitFor("document.querySelector('#inline').dataset.parlourList === ''");
      assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "new");
    },
    "know nothing of a visitor who was forgotten": async (page, shop) => {
      await visit(page, shop, { body: slot("cart"), calls: 'parlour("track","add_to_cart",{item:"mug"});' });
      assert.equal((await page.evaluate(told, "cart"))[0], "tray basket");
      await page.evaluate(() => parlour.forget());
      assert.ok((await page.evaluate(told, "cart")).every((/** @type {string} */ row) => row.endsWith("popular")));
    },
  },
  { config },
);

inShop(
  "a slot with boxes of the size of what is to come",
  {
    "moves nothing when its list comes": async (page, shop) => {
      const box = "display:block;height:60px;margin:0";
      const style = `<style>#varied a,.box{${box}} #varied[data-parlour-list] .box{display:none}</style>`;
      const watch = "window.shift=0;new PerformanceObserver((list)=>{for(const entry of list.getEntries())window.shift+=entry.value}).observe({type:'layout-shift',buffered:true});";
      const boxes = '<p class="box"></p><p class="box"></p>';
      await visit(page, shop, { body: `${style}${slot("varied", boxes)}<p id="below">Below</p>`, calls: watch });
      await page.waitFor("document.querySelectorAll('#varied a').length === 2");
      await page.waitFor("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
      assert.equal(await page.evaluate("window.shift"), 0);
      // The twin: without boxes the same list pushes what is below it down, and that is noticed.
      await visit(page, shop, { body: `${style}${slot("varied")}<p id="below">Below</p>`, calls: watch });
      await page.waitFor("document.querySelectorAll('#varied a').length === 2");
      await page.waitFor("window.shift > 0");
    },
  },
  { config, engines: ["chromium"] },
);
