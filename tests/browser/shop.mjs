// @ts-check
/**
 * A small shop page for tests of the whole library as users get it: `dist/` on a page by its script tag or as a
 * module, a plan made by `parlour build`, and the real collector behind the page's own /v1/batch.
 */
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { bodyOf } from "./collector.mjs";
import { buildPlan, serve } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { encodeRow } from "./row.mjs";
import { DIST, startServer } from "./server.mjs";

/** Everybody gets `new`: the control weighs nothing. Consent is given and scripts come after the page was painted. */
export const CONFIG = {
  site: ["127.0.0.1"],
  late: "apply",
  currency: "EUR",
  goals: { purchase: { touchpoint: "purchase", value: "revenue" }, asked: { click: ".ask" } },
  experiments: {
    headline: {
      name: "Headline",
      status: "running",
      variants: {
        control: { name: "Plain", weight: 0 },
        new: {
          name: "New",
          weight: 1,
          values: { size: 2 },
          changes: [
            { select: "#headline", text: "Made for you" },
            { select: "#headline", css: { "background-color": "rgb(0, 128, 0)" } },
          ],
        },
      },
      goals: ["purchase"],
    },
  },
  slots: { "for-you": { select: "#for-you", cards: "/cards.json", strategies: ["covisit", "popular"], count: 3, exclude: ["purchased", "in_cart", "out_of_stock"] } },
};

/** Item number → card. Number 5 is sold out. */
const CARDS = Object.fromEntries(
  ["mug", "bowl", "plate", "jug", "vase", "tray"].map((item, i) => [
    i + 1,
    { item, title: `The ${item}`, price: `${i + 1}0.50`, currency: "EUR", url: `/${item}`, image: "/pixel.svg", stock: i === 4 ? 0 : 9 },
  ]),
);

/** On the page of the mug: bowl, then plate, go with it; the vase would, were it in stock. */
export const MUG_ROW = encodeRow(1, { 2: 15, 3: 9, 5: 12 });
const POPULAR_ROW = encodeRow(0, { 4: 15, 6: 3 });

export const STUB = "window.parlour=window.parlour||function(){(parlour.q=parlour.q||[]).push(arguments)}";

export const BODY = `
  <h1 id="headline">Plain words</h1>
  <button class="ask">Ask</button>
  <main data-parlour-row="${MUG_ROW}"><p data-parlour-row="${POPULAR_ROW}">A mug of stoneware.</p></main>
  <section id="for-you"><h2>More</h2><template><a data-field-href="url"><b data-field="title"></b> <i data-field="price"></i> <small data-field="reason"></small></a></template></section>`;

/** @param {Record<string, string>} attributes */
export const scriptTag = (attributes) => `<script ${Object.entries(attributes).map(([name, value]) => `${name}="${value}"`).join(" ")} async></script>`;

export const TAG = { src: "/parlour.iife.js", "data-plan": "/plan.bin", "data-endpoint": "/v1/batch" };

/** @param {{head?: string, body?: string, foot?: string}} [parts] `foot` comes after the body's content */
export const pageHtml = ({ head = "", body = BODY, foot = "" } = {}) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mug</title><link rel="icon" href="data:,">${head}</head><body>${body}\n${foot}</body></html>`;

/**
 * The site with `dist/`, /plan.bin and /cards.json, whose /v1/batch hands on to `parlour serve`. The knobs of the
 * site's `collector` still break it first.
 * @param {{config?: object}} [options]
 */
export async function startShop({ config = CONFIG } = {}) {
  const plan = await buildPlan(config);
  const store = await serve(plan);
  const server = await startServer({ folders: [resolve(process.env.PARLOUR_DIST ?? DIST)] });
  server.route("/plan.bin", { body: plan });
  server.route("/cards.json", { body: JSON.stringify({ items: CARDS }) });
  server.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${scriptTag(TAG)}` }) });
  server.route("/blank", { body: '<!doctype html><title>blank</title><link rel="icon" href="data:,">' });

  const { collector } = server;
  const breaks = collector.answer;
  collector.answer = async (request, response) => {
    if (collector.settings.mode !== "answer") return breaks(request, response);
    if (collector.settings.delayMs) await new Promise((done) => setTimeout(done, collector.settings.delayMs));
    const body = await bodyOf(request);
    if (body === undefined) return;
    // A page that closes may send after the store has gone.
    const answer = await fetch(store.endpoint, { method: request.method, body, headers: { "content-type": request.headers["content-type"] ?? "" } }).catch(() => undefined);
    if (!answer) return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "", "access-control-allow-origin": answer.headers.get("access-control-allow-origin") ?? "" }).end(await answer.text());
  };

  return {
    ...server,
    plan,
    /** What the store holds, read with `parlour export`. */
    events: store.events,
    measured: store.measured,
    endpoint: store.endpoint,
    async close() {
      await server.close();
      await store.close();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startShop>>} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {(page: Page, shop: Shop, browser: import("./drivers/index.mjs").Browser) => Promise<void>} Body */

/**
 * One browser per engine for all claims; a shop and a visitor of its own for each.
 * @param {string} subject
 * @param {Record<string, Body>} claims
 * @param {{engines?: import("./drivers/index.mjs").EngineName[], config?: object}} [options]
 */
export function inShop(subject, claims, { engines = ENGINES, config } = {}) {
  for (const name of engines) {
    const missing = !isInstalled(name) && !process.env.CI;
    if (missing) console.error(`SKIPPED in ${name}, which is not installed: ${subject}`);
    describe(`${subject} [${name}]`, { skip: missing }, () => {
      /** @type {import("./drivers/index.mjs").Browser} */
      let browser;
      before(async () => void (browser = await launch(name)));
      after(() => browser?.close());
      for (const [claim, body] of Object.entries(claims))
        test(claim, { timeout: 120_000 }, async () => {
          const shop = await startShop({ config });
          const page = await browser.newPage({ fresh: true });
          try {
            await body(page, shop, browser);
          } finally {
            await page.close();
            await shop.close();
          }
        });
    });
  }
}

/** What there is in this page's storage, and what kind of thing. To be run in the page. */
export const storedKeys = async () => {
  const databases = (await indexedDB.databases()).map(({ name }) => name);
  /** @type {Record<string, string[]>} */
  const stores = {};
  if (databases.includes("parlour")) {
    const db = await new Promise((done, fail) => {
      const request = indexedDB.open("parlour");
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    for (const name of db.objectStoreNames) {
      const store = db.transaction(name).objectStore(name);
      stores[name] = await new Promise((done) => (store.getAllKeys().onsuccess = (/** @type {any} */ event) => done(event.target.result)));
    }
    db.close();
  }
  return {
    cookies: document.cookie.split("; ").filter(Boolean).map((text) => text.split("=")[0]),
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases,
    stores,
    caches: "caches" in globalThis ? await caches.keys() : [],
  };
};
