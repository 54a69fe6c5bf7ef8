// @ts-check
// Real engines over real purchases: 200 customers of a gift shop, each a fresh visitor whose clock shows the time of the
// invoice, through the public page API into the real collector.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assign, buildPlan } from "./command.mjs";
import { isInstalled, launch } from "./drivers/index.mjs";
import { customers, hasRetail } from "./retail.mjs";
import { pageHtml, scriptTag, startShop, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./retail.mjs").Customer} Customer */
/** @typedef {{anonymousId?: string, event?: string, type: string, messageId: string, timestamp: string, text: string, properties: any}} Event */

const parlour = /** @type {any} */ (undefined);

/** How many customers visit with each engine, and how many of them at a time. */
const SHARES = /** @type {const} */ ([["chromium", 160, 3], ["firefox", 20, 1], ["webkit", 20, 1]]);

/** @param {boolean} [swapped] the same experiment with its arms the wrong way round */
const config = (swapped) => ({
  site: ["127.0.0.1"],
  late: "apply",
  currency: "GBP",
  goals: { order: { touchpoint: "purchase", value: "revenue" } },
  experiments: {
    ribbon: {
      status: "running",
      variants: { [swapped ? "gold" : "plain"]: {}, [swapped ? "plain" : "gold"]: { changes: [{ select: "#ribbon", text: "Gold ribbon" }] } },
      goals: ["order"],
    },
  },
});

/** The page's clock starts at the time in its address, before anything else runs. */
const CLOCK = `{
  const Real = Date, started = Real.now(), at = Number(new URLSearchParams(location.search).get("at"));
  const now = () => at + Real.now() - started;
  globalThis.Date = class extends Real { constructor(...args) { args.length ? super(...args) : super(now()); } static now() { return now(); } };
}`;
const PAGE = pageHtml({ head: `<script>${CLOCK}${STUB}</script>${scriptTag({ ...TAG, "data-consent": "personalise" })}`, body: '<p id="ribbon">Ribbon</p>' });

/** Pence to the decimals of the currency. @param {number} pence */
const pounds = (pence) => (pence / 100).toFixed(2);
/** How many lines of an invoice are looked at before it is bought. */
const VIEWS = 2;

/**
 * One customer's visits, an invoice each.
 * @param {import("./drivers/index.mjs").Page} page @param {string} url @param {Customer} customer
 * @returns {Promise<string>} the visitor id
 */
const shopAs = async (page, url, { invoices }) => {
  let visitor = "";
  for (const { at, order, lines, pence } of invoices) {
    // Every other page is left at once: what it has not sent, it sends on leaving, or the next page does.
    const waits = invoices.at(-1)?.order === order || Number(order) % 2 === 0;
    await page.goto(`${url}/visit?at=${at}`);
    const purchase = { order_id: order, revenue: pounds(pence), currency: "GBP", items: lines };
    visitor = await page.evaluate(
      async (/** @type {any} */ purchase, /** @type {any[]} */ views, /** @type {boolean} */ waits) => {
        await parlour.ready();
        for (const { item, price } of views) parlour.track("view_item", { item, price });
        parlour.track("purchase", purchase);
        for (let tries = 0; waits && !(await parlour.flush()); tries++) if (tries > 50) throw Error("the outbox does not empty");
        return parlour.visitorId();
      },
      purchase,
      lines.slice(0, VIEWS),
      waits,
    );
  }
  return visitor;
};

/** What differs between what was bought and what is in the store. @param {Map<string, Customer>} visited @param {Event[]} events */
const differences = (visited, events) => {
  /** @type {string[]} */
  const found = [];
  const expect = (/** @type {unknown} */ is, /** @type {unknown} */ should, /** @type {string} */ what) => {
    if (JSON.stringify(is) !== JSON.stringify(should)) found.push(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
  };
  expect(new Set(events.map(({ messageId }) => messageId)).size, events.length, "different message ids");
  expect(events.filter(({ anonymousId }) => !visited.has(`${anonymousId}`)).length, 0, "events of strangers");
  for (const [visitor, { customer, invoices }] of visited) {
    const own = events.filter(({ anonymousId }) => anonymousId === visitor);
    const named = (/** @type {string} */ name) => own.filter(({ event, type }) => (event ?? type) === name);
    /** @type {Record<string, number>} */
    const counts = {};
    for (const { event, type } of own) counts[event ?? type] = (counts[event ?? type] ?? 0) + 1;
    const views = invoices.reduce((sum, { lines }) => sum + Math.min(VIEWS, lines.length), 0);
    const should = { page: invoices.length, "Product Viewed": views, "Order Completed": invoices.length, "Goal Reached": invoices.length, "Experiment Viewed": 1 };
    expect(Object.entries(counts).sort(), Object.entries(should).sort(), `${customer}: events`);
    for (const { order, at, lines, pence } of invoices) {
      const [bought] = named("Order Completed").filter(({ properties }) => properties.order_id === order);
      expect(/"revenue":([\d.]+)/.exec(bought?.text ?? "")?.[1], pounds(pence), `${order}: revenue`);
      expect(bought?.properties.products.map((/** @type {any} */ line) => [line.product_id, line.quantity]), lines.map(({ item, quantity }) => [item, quantity]), `${order}: products`);
      const late = Date.parse(bought?.timestamp ?? "") - at;
      if (!(late >= 0 && late < 60_000)) found.push(`${order}: at ${bought?.timestamp}, ${late} ms after its time`);
    }
  }
  return found;
};

/** Exposures whose variant is not what the command assigns. @param {Event[]} events @param {Uint8Array} plan */
const misassigned = async (events, plan) => {
  const exposures = events.filter(({ event }) => event === "Experiment Viewed");
  const assigned = await assign(plan, "ribbon", exposures.map(({ anonymousId }) => `${anonymousId}`));
  return exposures.filter(({ anonymousId, properties }) => assigned.get(`${anonymousId}`) !== properties.variation_id);
};

if (!hasRetail) console.error("SKIPPED: ../shared/data is missing, so nobody buys anything real");

describe("200 customers of a gift shop", { skip: !hasRetail, timeout: 900_000 }, () => {
  /** @type {Awaited<ReturnType<typeof startShop>>} */
  let shop;
  /** Visitor id → customer. @type {Map<string, Customer>} */
  const visited = new Map();
  /** @type {Customer[]} */
  let waiting = [];
  /** @type {Event[]} */
  let events = [];

  before(async () => {
    shop = await startShop({ config: config() });
    shop.route("/visit", { body: PAGE });
    waiting = customers(200);
  });
  after(() => shop?.close());

  for (const [engine, count, atOnce] of SHARES)
    test(`${count} of them shop in ${engine}`, { skip: !isInstalled(engine) && !process.env.CI, timeout: 600_000 }, async () => {
      const browser = await launch(engine);
      const queue = waiting.splice(0, count);
      const work = async () => {
        for (let customer = queue.shift(); customer; customer = queue.shift()) {
          const page = await browser.newPage({ fresh: true });
          visited.set(await shopAs(page, shop.url, customer), customer);
          await page.close();
        }
      };
      try {
        await Promise.all(Array.from({ length: atOnce }, work));
      } finally {
        await browser.close();
      }
    });

  test("the store holds exactly what they did, each once, to the penny", async () => {
    events = await shop.events();
    assert.deepEqual(differences(visited, events), []);
    const pence = [...visited.values()].flatMap(({ invoices }) => invoices).reduce((sum, { pence }) => sum + pence, 0);
    const stored = events.filter(({ event }) => event === "Order Completed").reduce((sum, { text }) => sum + Number(/"revenue":(\d+)\.(\d\d),/.exec(text)?.slice(1).join("")), 0);
    assert.equal(stored, pence);
    console.log(`${visited.size} customers, ${events.length} events, £${pounds(pence)}`);
  });

  test("an event too few, too many or of a penny more would have been noticed", () => {
    const at = events.findIndex(({ event }) => event === "Order Completed");
    const dearer = { ...events[at], text: events[at].text.replace(/"revenue":(\d+)/, (_, whole) => `"revenue":${Number(whole) + 1}`) };
    for (const twin of [events.toSpliced(at, 1), [...events, events[at]], [...events, { ...events[at], messageId: "another" }], events.with(at, dearer)])
      assert.notEqual(differences(visited, twin).length, 0);
  });

  test("every exposure has the variant that the command assigns", async () => {
    assert.deepEqual(await misassigned(events, shop.plan), []);
    // The sabotaged twin: with the arms swapped, hardly anyone is where the command says.
    assert.ok((await misassigned(events, await buildPlan(config(true)))).length > 0.8 * visited.size);
  });
});
