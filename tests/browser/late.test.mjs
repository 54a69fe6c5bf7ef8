// @ts-check
// A decision that comes after the visitor saw what it would change: nothing of it is applied or counted in that page
// view, in every arm alike, and the store says how often that was.

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);

/** Everybody is in the second arm of `changed` and in the first of `plain`. */
const arms = (/** @type {number} */ control, /** @type {string} */ select, more = {}) => ({
  status: "running",
  ...more,
  variants: { control: { weight: control }, new: { weight: 1 - control, changes: [{ select, text: "Made for you" }] } },
});
const CONFIG = {
  site: ["127.0.0.1"],
  consent: { initial: "measure" },
  experiments: {
    changed: arms(0, "#headline"),
    plain: arms(1, "#headline"),
    anyway: arms(0, "#anyway", { late: "apply" }),
    below: arms(0, "#below"),
    unseen: arms(1, "#unseen"),
    later: arms(0, "#later"),
    "later-plain": arms(1, "#later"),
    coded: { status: "running", variants: { zero: { weight: 0 }, one: { weight: 1, values: { size: 1 } } } },
  },
  experiences: { hello: { changes: [{ select: "#hello", text: "Hello" }] }, hush: { late: "skip", changes: [{ select: "#hush", text: "Hush" }] } },
};
const BODY = `<h1 id="headline">Plain words</h1><p id="anyway">Anyway</p><p id="hello">Hi</p><p id="hush">Loud</p>
  <p id="unseen" style="visibility:hidden">Unseen</p><div style="height:5000px"></div><p id="below">Below</p>`;

/** The script comes once the page has been painted. */
const afterPaint = (/** @type {string} */ then = "") => `<script>${STUB};
  const painted = () => performance.getEntriesByType("paint").length ? (${then || "0"}, document.head.append(Object.assign(document.createElement("script"), { src: "/parlour.iife.js" }))) : requestAnimationFrame(painted);
  requestAnimationFrame(painted); parlour("start", { plan: "/plan.bin", endpoint: "/v1/batch" })</script>`;

/** @param {Page} page @param {Shop} shop @param {string} head */
const visit = async (page, shop, head) => {
  shop.route("/", { body: pageHtml({ head, body: BODY }) });
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelector("#anyway")?.textContent === "Made for you");
};

const texts = () => Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element.textContent]));

/** `EXPERIMENT/VARIANT` of each event of that name. @param {Page} page @param {Shop} shop @param {string} name */
const told = async (page, shop, name) => {
  await page.waitFor(() => parlour.flush());
  const events = (await shop.events()).filter(({ event }) => event === name);
  return events.map(({ properties }) => `${properties.experiment_id}/${properties.variation_id}`).sort();
};

inShop(
  "a decision that comes late",
  {
    "is neither applied nor counted, in control and variant alike, and is told once": async (page, shop) => {
      await visit(page, shop, afterPaint());
      assert.deepEqual(await page.evaluate(texts), { headline: "Plain words", anyway: "Made for you", hello: "Hello", hush: "Loud", unseen: "Unseen", below: "Made for you" });
      for (const key of ["changed", "plain"]) assert.deepEqual(await page.evaluate((/** @type {string} */ key) => parlour.decide(key), key), { experiment: key, variant: null, values: {}, reason: "late" });
      assert.equal(await page.evaluate(() => parlour.explain("changed").reason), "late");
      assert.equal(await page.evaluate(() => parlour.decide("coded").values.size), 1);
      await page.evaluate(() => parlour.set({ anything: 1 }));
      // What is not yet in the document is met before it is painted.
      const shown = await page.evaluate(async () => {
        const later = Object.assign(document.createElement("p"), { id: "later", textContent: "Later" });
        document.body.prepend(later);
        await new Promise((done) => requestAnimationFrame(done));
        return later.textContent;
      });
      assert.equal(shown, "Made for you");
      assert.deepEqual(await told(page, shop, "Experiment Viewed"), ["anyway/new", "below/new", "coded/one", "later-plain/control", "later/new", "unseen/control"]);
      assert.deepEqual(await told(page, shop, "Experiment Late"), ["changed/new", "plain/control"]);
    },
    "is one for all that was drawn where the visitor has scrolled": async (page, shop) => {
      await visit(page, shop, afterPaint("scrollTo(0, 4000)"));
      assert.equal((await page.evaluate(texts)).below, "Below");
      assert.deepEqual(await told(page, shop, "Experiment Late"), ["below/new", "changed/new", "plain/control"]);
    },
    "is none where the script is there first, and what came in time stays on the next route": async (page, shop) => {
      // The body comes when all is decided, as it does from a cache.
      const body = `<script>const body = ${JSON.stringify(BODY)}; const off = parlour("on", "change", () => (off(), document.body.insertAdjacentHTML("beforeend", body)))</script>`;
      shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${scriptTag(TAG).replace(" async", "")}`, body }) });
      await page.goto(`${shop.url}/`);
      await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
      assert.deepEqual(await told(page, shop, "Experiment Viewed"), ["anyway/new", "below/new", "changed/new", "plain/control", "unseen/control"]);
      await page.evaluate(() => history.pushState(null, "", "/next"));
      await page.waitFor(() => parlour.flush());
      await page.evaluate(() => parlour.set({ anything: 1 }));
      assert.deepEqual(await page.evaluate(() => [parlour.peek("changed").variant, parlour.peek("plain").variant, document.querySelector("#headline")?.textContent]), ["new", "control", "Made for you"]);
      assert.deepEqual(await told(page, shop, "Experiment Late"), []);
    },
  },
  { config: CONFIG },
);

const THIRDS = { site: ["127.0.0.1"], consent: { initial: "measure" }, experiments: { thirds: { status: "running", variants: { a: {}, b: { changes: [{ select: "#it", text: "B" }] }, c: { changes: [{ select: "#it", hide: true }] } } } } };

inShop(
  "targets that come at any time",
  {
    "expose every arm by the same test": async (page, shop) => {
      shop.route("/", { body: pageHtml({ head: `<script type="module">import { createParlour } from "/parts.js"; window.createParlour = createParlour;</script>`, body: "<p>Words</p>" }) });
      shop.route("/parts.js", { body: `export * from "/www/api.js";` });
      for (const [name, body] of await modules()) shop.route(`/www/${name}`, { body });
      await page.goto(`${shop.url}/`);
      await page.waitFor(() => "createParlour" in window && performance.getEntriesByType("paint").length > 0);
      /** @type {{early: boolean, exposed: string[]}[]} */
      const visits = await page.evaluate(async () => {
        const all = [];
        for (let i = 0; i < 36; i++) {
          const early = i % 2 === 0;
          const target = Object.assign(document.createElement("p"), { id: "it", textContent: "It" });
          if (early) document.body.append(target);
          /** @type {string[]} */
          const exposed = [];
          const visit = /** @type {any} */ (window).createParlour({ wasm: "/parlour.wasm", plan: "/plan.bin", endpoint: "/v1/batch", visitorId: `visitor-${i}` });
          visit.on("exposure", (/** @type {{variant: string}} */ { variant }) => exposed.push(variant));
          visit.start();
          await new Promise((done) => visit.on("change", done));
          if (!early) document.body.append(target);
          await new Promise((done) => setTimeout(done));
          await visit.flush();
          visit.stop();
          target.remove();
          all.push({ early, exposed });
        }
        return all;
      });
      for (const { early, exposed } of visits) assert.equal(exposed.length, early ? 0 : 1);
      const late = (await shop.events()).filter(({ event }) => event === "Experiment Late").map(({ properties }) => properties.variation_id);
      assert.equal(late.length, 18);
      // Otherwise nothing is said of that arm.
      assert.deepEqual([...new Set(late)].sort(), ["a", "b", "c"]);
      assert.deepEqual([...new Set(visits.flatMap(({ exposed }) => exposed))].sort(), ["a", "b", "c"]);
    },
  },
  { config: THIRDS },
);

/** The page's modules as they are, name → text. */
async function modules() {
  const { readdir, readFile } = await import("node:fs/promises");
  const folder = resolve(process.env.PARLOUR_WWW ?? new URL("../../www", import.meta.url).pathname);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".js"));
  return Promise.all(names.map(async (name) => /** @type {[string, string]} */ ([name, await readFile(resolve(folder, name), "utf8")])));
}
