// @ts-check
// Rows for pages that carry none: learnt, written and served as a site does, fetched by what is viewed, in three engines.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before } from "node:test";
import { parlour as command } from "./command.mjs";
import { BODY, CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {import("./shop.mjs").Shop} Shop */

const parlour = /** @type {any} */ (undefined);
const SHARDS = 3;
const config = { ...CONFIG, rows: { url: "/rows/{shard}.json", shards: SHARDS } };
/** Who looked at what: bowl goes with mug, tray with jug; the vase is everyone's. */
const LOG = ["session_id,item_id", ...[1, 2, 3].flatMap((n) => [`a${n},mug`, `a${n},bowl`, `b${n},jug`, `b${n},tray`]), ...[1, 2, 3, 4, 5].map((n) => `c${n},vase`)].join("\n");

/** @type {string[]} */
let files = [];
/** Item → number, as cards need it. @type {Map<string, string>} */
let numbers = new Map();

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "parlour-rows-"));
  const [log, model] = [join(folder, "log.csv"), join(folder, "model.bin")];
  await writeFile(log, LOG);
  await command(["train", log, "-o", model]);
  await command(["rows", model, "--out", join(folder, "{shard}.json"), "--shards", `${SHARDS}`]);
  files = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => readFile(join(folder, `${shard}.json`), "utf8")));
  numbers = new Map((await command(["rows", model])).trimEnd().split("\n").map((line) => /** @type {[string, string]} */ (line.split("\t").slice(0, 2))));
  await rm(folder, { recursive: true });
});

const WITHOUT = BODY.replaceAll(/ data-parlour-row="[^"]*"/g, "");
const fetched = () => performance.getEntriesByType("resource").flatMap(({ name }) => /\/(rows\/\d+\.json|parlour-rows\.js)$/.exec(name)?.[1] ?? []);
const list = async () => (await parlour.recommend("for-you", 9)).items.map((/** @type {any} */ { item, reason }) => `${item} ${reason}`);

/** @param {Page} page @param {Shop} shop @param {{view?: string, body?: string, files?: (string | undefined)[]}} [options] */
async function visit(page, shop, { view, body = WITHOUT, files: given = files } = {}) {
  given.forEach((text, shard) => (text === undefined ? shop.route(`/rows/${shard}.json`, { status: 404, body: "none" }) : shop.route(`/rows/${shard}.json`, { body: text, type: "application/json" })));
  const items = Object.fromEntries([...numbers].filter(([item]) => item).map(([item, number]) => [number, { item, title: `The ${item}`, price: "1.00", currency: "EUR", url: `/${item}`, stock: 9 }]));
  shop.route("/cards.json", { body: JSON.stringify({ items }) });
  const track = view ? `parlour("track", "view_item", { item: ${JSON.stringify(view)} });` : "";
  shop.route("/", { body: pageHtml({ head: `<script>${STUB};${track}</script>${scriptTag({ ...TAG, "data-consent": "personalise" })}`, body }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.ready && parlour.ready().then(() => true));
}

inShop(
  "rows that the page does not carry",
  {
    "are fetched for what is viewed, from the file that has them, and remembered on the next page": async (page, shop) => {
      await visit(page, shop, { view: "mug" });
      assert.deepEqual((await page.evaluate(list))[0], "bowl covisit");
      const asked = await page.evaluate(fetched);
      assert.equal(new Set(asked).size, asked.length, "each file once");
      assert.ok(asked.length <= 3, `the chunk, and two of three files: ${asked}`);
      await page.evaluate(() => parlour.track("view_item", { item: "jug" }));
      await page.waitFor(async () => (await parlour.recommend("for-you", 9)).items[0].item === "tray");
      await page.evaluate(() => parlour.flush());
      await visit(page, shop);
      const later = await page.evaluate(list);
      assert.deepEqual(later.slice(0, 2).sort(), ["bowl covisit", "tray covisit"]);
      assert.ok(later.includes("vase popular"), `${later}`);
    },
    "are not fetched where the page carries its own": async (page, shop) => {
      await visit(page, shop, { view: "mug", body: BODY });
      await page.evaluate(list);
      assert.deepEqual((await page.evaluate(fetched)).filter((name) => name !== "parlour-rows.js"), []);
    },
    "that are missing, damaged or of another kind leave the list to what there is": async (page, shop) => {
      const damaged = JSON.stringify({ rows: { mug: "AAAA", "": 7, jug: null } });
      for (const text of [undefined, "null", "[]", "{", damaged, files[0].replaceAll(/"[\w-]{12,}"/g, '"%%%"')]) {
        await visit(page, shop, { view: "mug", files: Array.from({ length: SHARDS }, () => text) });
        assert.deepEqual(await page.evaluate(list), [], text);
        assert.equal(await page.evaluate(() => parlour.decide("headline").variant), "new", text);
      }
    },
  },
  { config },
);
