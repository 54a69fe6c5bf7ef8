// @ts-check
// The table of consent states as rows, in three engines: what each state keeps and sends, to the key; what a grant
// keeps, what a revocation leaves.

import assert from "node:assert/strict";
import { assign, buildPlan } from "./command.mjs";
import { sleep, until } from "./drivers/wait.mjs";
import { BODY, CONFIG, inShop, pageHtml, scriptTag, storedKeys, STUB, TAG } from "./shop.mjs";
import { readJournal, readSnapshot } from "./stored-state.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./shop.mjs").Body} Body */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);

/** @param {Page} page @param {Shop} shop */
const visit = async (page, shop, path = "/") => {
  await page.goto(shop.url + path);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelectorAll("#for-you a").length === 3);
};

/** The page has done what it does when idle, and what that stores is stored. @param {Page} page */
const idle = async (page) => {
  await page.evaluate(() => new Promise((done) => ("requestIdleCallback" in globalThis ? requestIdleCallback(done, { timeout: 3000 }) : setTimeout(done, 100))));
  await sleep(200);
};
/** Longer than an event waits to be sent. */
const SENDING_MS = 2500;

/** The bytes the engine keeps. To be run in the page. */
const storedBytes = async () => {
  const db = await new Promise((done) => (indexedDB.open("parlour").onsuccess = (/** @type {any} */ event) => done(event.target.result)));
  const read = (/** @type {string} */ store, /** @type {string} */ key) =>
    new Promise((done) => {
      const request = key ? db.transaction(store).objectStore(store).get(key) : db.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => done(request.result);
    });
  const [snapshot, journal, visitor] = [await read("keep", "snapshot"), await read("journal", ""), await read("keep", "visitor")];
  db.close();
  return { snapshot: [...(snapshot ?? [])], journal: journal.map((/** @type {Uint8Array} */ entry) => [...entry]), visitor };
};

/** Kinds of content, each once. @param {Page} page */
const contents = async (page) => {
  const { snapshot, journal } = await page.evaluate(storedBytes);
  const { profile, profileBytes, met } = readSnapshot(snapshot);
  return { profile, profileBytes: profileBytes > 0, met, journal: [...new Set(journal.flatMap(readJournal))].sort() };
};

/** What the visitor does once consent is settled. To be run in the page. */
const act = () => {
  parlour.track("view_item", { item: "mug" });
  parlour.track("add_to_cart", { item: "mug", price: "10.50" });
};

const NOTHING = { cookies: [], local: {}, session: {}, databases: [], stores: {}, caches: [] };
const KEPT = { cookies: ["parlour_id"], local: {}, session: {}, databases: ["parlour"], caches: [] };
const FILES = ["GET /", "GET /cards.json", "GET /parlour.iife.js", "GET /parlour.wasm", "GET /plan.bin"];
const SENT = ["Experiment Viewed", "Product Added", "Product List Viewed", "Product Viewed", "page"];
const AS_MEASURE = { profile: false, profileBytes: false, met: 1, journal: ["alive"] };
const AS_PERSONALISE = { profile: true, profileBytes: true, met: 1, journal: ["touchpoint"] };

/**
 * `chosen` by the visitor, or said by the host (`data-consent`), which then remembers by itself.
 * @type {{said?: string, chosen?: string, keys: object, content?: object, sent: string[]}[]}
 */
const TABLE = [
  { keys: NOTHING, sent: [] },
  { chosen: "denied", keys: { ...NOTHING, local: { parlour_consent: "denied" } }, sent: [] },
  { chosen: "measure", keys: { ...KEPT, local: { parlour_consent: "measure" } }, content: AS_MEASURE, sent: SENT },
  { chosen: "personalise", keys: { ...KEPT, local: { parlour_consent: "personalise" } }, content: AS_PERSONALISE, sent: SENT },
  { said: "unknown", keys: NOTHING, sent: [] },
  { said: "denied", keys: NOTHING, sent: [] },
  { said: "measure", keys: KEPT, content: AS_MEASURE, sent: SENT },
  { said: "personalise", keys: KEPT, content: AS_PERSONALISE, sent: SENT },
];

/** @param {(typeof TABLE)[number]} row @returns {Body} */
const rowOf = ({ said, chosen, keys, content, sent }) => async (page, shop) => {
  /** @type {Record<string, string>} */
  const attributes = said ? { ...TAG, "data-consent": said } : TAG;
  shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${scriptTag(attributes)}` }) });
  await visit(page, shop);
  if (chosen) await page.evaluate((/** @type {string} */ state) => parlour.consent(state), chosen);
  await idle(page);
  await page.evaluate(act);
  await page.evaluate(() => parlour.flush());
  await until(async () => sent.length === 0 || (await shop.events()).length === sent.length, 10_000, `${sent.length} events in the store`);
  if (sent.length) await page.waitFor(() => parlour.flush());

  const stored = await page.evaluate(storedKeys);
  const { outbox = [], journal = [], keep = [], ...others } = stored.stores;
  assert.deepEqual(others, {});
  // A lease stands only where there are no Web Locks.
  const kept = keep.filter((/** @type {string} */ key) => key !== "lease");
  assert.deepEqual({ ...stored, stores: {} }, { ...keys, stores: {} });
  assert.deepEqual(kept, content ? ["snapshot", "visitor"] : []);
  assert.deepEqual(outbox, [], "all of it is acknowledged");
  assert.equal(journal.length, content ? 2 : 0, "an entry for each touchpoint");
  if (content) assert.deepEqual(await contents(page), content);

  await page.goto(`${shop.url}/blank`);
  await sleep(300);
  const posts = shop.requests("/v1/batch").length;
  assert.deepEqual([...new Set(shop.seen.map(({ method, path }) => `${method} ${path}`))].sort(), [...FILES, "GET /blank", ...(posts ? ["POST /v1/batch"] : [])].sort());
  assert.equal(posts > 0, sent.length > 0);
  assert.deepEqual((await shop.events()).map(({ event, type }) => event ?? type).sort(), sent);
};

const named = (/** @type {(typeof TABLE)[number]} */ { said, chosen }) =>
  said ? `where the host says ${said}` : chosen ? `after the visitor chose ${chosen}` : "before anyone chose";

inShop("what is kept and sent", Object.fromEntries(TABLE.map((row) => [named(row), rowOf(row)])));

/** Shares of a twentieth, so that agreement is no accident. */
const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`v${i}`, { changes: [{ select: "#headline", text: `headline ${i}` }] }]));
const TWENTY = {
  ...CONFIG,
  consent: { exempt: ["experiments"] },
  experiments: {
    early: { status: "running", basis: "exempt", variants: twenty },
    passing: { status: "running", unit: "page view", variants: Object.fromEntries(Object.keys(twenty).map((key) => [key, {}])) },
    later: { status: "running", variants: Object.fromEntries(Object.keys(twenty).map((key) => [key, {}])) },
  },
};

inShop(
  "granting",
  {
    "keeps that page view's unit and variants": async (page, shop) => {
      await visit(page, shop);
      const decided = () => ({ ...parlour.decideAll(), text: document.querySelector("#headline")?.textContent });
      const before = await page.evaluate(decided);
      assert.equal(before.later.reason, "consent");
      assert.match(before.text, /^headline \d/);
      await page.evaluate(() => parlour.consent("measure"));
      await page.waitFor(() => parlour.peek("later").variant);
      const after = await page.evaluate(decided);
      assert.equal(after.text, before.text);
      assert.equal(after.early.variant, before.early.variant);
      assert.equal(after.passing.variant, before.passing.variant);
      const visitor = await page.evaluate(() => parlour.visitorId());
      for (const key of ["early", "later"]) assert.equal((await assign(shop.plan, key, [visitor])).get(visitor), after[key].variant, key);
      await page.waitFor(() => parlour.flush());
      const exposures = (await shop.events()).filter(({ event }) => event === "Experiment Viewed");
      assert.deepEqual(exposures.map(({ anonymousId, properties }) => [anonymousId, properties.experiment_id, properties.variation_id]), [[visitor, "early", before.early.variant]]);
    },
    "keeps the variants on the next page too": async (page, shop) => {
      await visit(page, shop);
      const { early } = await page.evaluate(() => parlour.decideAll());
      await page.evaluate(() => parlour.consent("measure"));
      await page.waitFor(() => parlour.visitorId());
      const visitor = await page.evaluate(() => parlour.visitorId());
      await visit(page, shop);
      assert.equal(await page.evaluate(() => parlour.visitorId()), visitor);
      assert.equal((await page.evaluate(() => parlour.decideAll())).early.variant, early.variant);
    },
  },
  { config: TWENTY },
);

/** @param {Page} page @param {Shop} shop @param {"denied" | "unknown"} state */
const revoked = async (page, shop, state) => {
  await visit(page, shop);
  await page.evaluate(() => parlour.consent("personalise"));
  await page.waitFor(() => parlour.flush());
  shop.collector.settings.mode = 503;
  await page.evaluate(act);
  await page.evaluate(() => parlour.flush());
  const before = await page.evaluate(storedKeys);
  assert.ok(before.cookies.length && before.stores.outbox.length && before.stores.journal.length, "there is something to lose");
  await page.evaluate((/** @type {string} */ next) => parlour.consent(next), state);
  const left = { ...NOTHING, local: state === "denied" ? { parlour_consent: "denied" } : {} };
  await page.waitFor(async () => (await indexedDB.databases()).length === 0);
  assert.deepEqual(await page.evaluate(storedKeys), left);
  shop.collector.settings.mode = "answer";
  const [requests, events] = [shop.requests("/v1/batch").length, (await shop.events()).length];
  for (let view = 0; view < 2; view++) {
    await page.evaluate(act);
    await page.click(".ask");
    await page.evaluate(() => parlour.flush());
    await (view ? idle(page) : sleep(SENDING_MS));
    assert.deepEqual(await page.evaluate(storedKeys), left);
    assert.equal(await page.evaluate(() => parlour.visitorId() ?? "none"), "none");
    assert.equal(await page.evaluate(() => document.querySelector("#headline")?.textContent), "Plain words");
    await visit(page, shop);
  }
  await page.goto(`${shop.url}/blank`);
  await sleep(300);
  assert.equal(shop.requests("/v1/batch").length, requests);
  assert.equal((await shop.events()).length, events);
};

inShop("revoking", {
  "leaves one key that names nobody, restores the page, and nothing is sent after, also after a reload": (page, shop) => revoked(page, shop, "denied"),
  "to unknown leaves nothing": (page, shop) => revoked(page, shop, "unknown"),
  "the profile alone takes journey, rows and showings out of what is kept": async (page, shop) => {
    await visit(page, shop);
    await page.evaluate(() => parlour.consent("personalise"));
    await idle(page);
    await page.evaluate(act);
    assert.equal((await contents(page)).profile, true);
    await page.evaluate(() => parlour.consent("measure"));
    await sleep(300);
    assert.deepEqual(await contents(page), { ...AS_MEASURE, journal: [] });
  },
  "makes the next grant another visitor's first": async (page, shop) => {
    await visit(page, shop);
    const ids = [];
    for (const state of ["measure", "denied", "measure"]) {
      await page.evaluate((/** @type {string} */ next) => parlour.consent(next), state);
      if (state === "measure") ids.push(await page.waitFor(async () => (await parlour.flush()) && parlour.visitorId()));
    }
    assert.notEqual(ids[0], ids[1]);
    const known = new Set((await shop.events()).map(({ anonymousId }) => anonymousId));
    assert.deepEqual(known, new Set(ids));
  },
});

/** @param {"measure" | "personalise"} state @returns {Body} */
const exposedOnce = (state) => async (page, shop) => {
  const route = (/** @type {Uint8Array} */ plan) => shop.route("/plan.bin", { body: plan });
  const exposures = async () => (await shop.events()).filter(({ event }) => event === "Experiment Viewed").length;
  await visit(page, shop);
  await page.evaluate((/** @type {string} */ next) => parlour.consent(next), state);
  await page.waitFor(() => parlour.flush());
  assert.equal(await exposures(), 1);
  for (let view = 0; view < 3; view++) {
    await visit(page, shop);
    await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
    await page.evaluate(() => parlour.decide("headline"));
    await page.waitFor(() => parlour.flush());
  }
  assert.equal(await exposures(), 1);
  assert.equal((await shop.events()).filter(({ type }) => type === "page").length, 4);
  const { headline } = CONFIG.experiments;
  route(await buildPlan({ ...CONFIG, experiments: { headline: { ...headline, version: 2 } } }));
  for (let view = 0; view < 2; view++) {
    await visit(page, shop);
    await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
    await page.waitFor(() => parlour.flush());
  }
  const versions = (await shop.events()).filter(({ event }) => event === "Experiment Viewed").map(({ context }) => context.parlour.experiment_version);
  assert.deepEqual(versions.sort(), [1, 2]);
};

/** A page of no item: only what is remembered can recommend by it. */
const ELSEWHERE = pageHtml({ body: BODY.replace(/<main data-parlour-row="[^"]*">/, "<main>"), head: `<script>${STUB}</script>${scriptTag(TAG)}` });

/** @param {Page} page @param {Shop} shop @param {string} state @param {boolean} leaves at once */
const twoViews = async (page, shop, state, leaves) => {
  shop.route("/elsewhere", { body: ELSEWHERE });
  await visit(page, shop);
  await page.evaluate((/** @type {string} */ next) => parlour.consent(next), state);
  await page.evaluate(() => parlour.flush());
  if (!leaves) await idle(page);
  const first = await page.evaluate(() => {
    parlour.track("view_item", { item: "mug" });
    return parlour.explain("headline").session;
  });
  await page.goto(`${shop.url}/elsewhere`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.waitFor(() => document.querySelectorAll("#for-you a").length > 1);
  await page.waitFor(() => parlour.flush());
  const second = await page.evaluate(() => parlour.explain("headline").session);
  const reasons = await page.evaluate(() => [...document.querySelectorAll("#for-you small")].map((node) => node.textContent));
  return { first, second, reasons, events: await shop.events() };
};

inShop("a second page view", {
  "counts no exposure again where measuring is allowed": exposedOnce("measure"),
  "counts no exposure again where personalising is allowed": exposedOnce("personalise"),
  ...Object.fromEntries(
    [true, false].map((leaves) => [
      `goes on with session and journey where personalising is allowed, ${leaves ? "from the journal" : "from the snapshot"}`,
      /** @type {Body} */
      async (page, shop) => {
        const { first, second, reasons, events } = await twoViews(page, shop, "personalise", leaves);
        assert.equal(second.id, first.id);
        assert.deepEqual([second.number, second.touchpoints, second.stage], [1, first.touchpoints + 1, "consideration"]);
        assert.deepEqual(reasons, ["Because you viewed The mug", "Because you viewed The mug", "Popular"]);
        assert.deepEqual([...new Set(events.map(({ context }) => context.sessionId))], [first.id]);
      },
    ]),
  ),
  "goes on with the session alone where only measuring is allowed": async (page, shop) => {
    const { first, second, reasons, events } = await twoViews(page, shop, "measure", false);
    assert.equal(second.id, first.id);
    assert.deepEqual([second.number, second.touchpoints, second.stage], [1, first.touchpoints + 1, "awareness"]);
    assert.deepEqual(reasons, ["Popular", "Popular"]);
    assert.deepEqual([...new Set(events.map(({ context }) => context.sessionId))], [first.id]);
  },
});

inShop("folding the journal", {
  "forgets nothing that happens while the journal is read": async (page, shop) => {
    await visit(page, shop);
    await page.evaluate(() => parlour.consent("personalise"));
    await page.evaluate(() => parlour.flush());
    await idle(page);
    const stage = await page.evaluate(async () => {
      const { getAll } = IDBObjectStore.prototype;
      const read = new Promise((done) => {
        IDBObjectStore.prototype.getAll = function (...args) {
          const request = getAll.apply(this, args);
          if (this.name === "journal") {
            IDBObjectStore.prototype.getAll = getAll;
            parlour.track("add_to_cart", { item: "mug", price: "10.50" });
            this.transaction.addEventListener("complete", done);
          }
          return request;
        };
      });
      parlour.consent("personalise");
      await read;
      return parlour.explain("headline").session.stage;
    });
    assert.equal(stage, "decision");
    assert.ok((await contents(page)).journal.includes("touchpoint"), "it waits for the next fold");
    await visit(page, shop);
    assert.equal(await page.evaluate(() => parlour.explain("headline").session.stage), "decision");
  },
});

inShop("Global Privacy Control", {
  "keeps the visitor's id out of every event, and nothing else": async (page, shop) => {
    const signal = `Object.defineProperty(navigator, "globalPrivacyControl", { value: true });`;
    shop.route("/", { body: pageHtml({ head: `<script>${signal}${STUB}</script>${scriptTag(TAG)}` }) });
    await visit(page, shop);
    await page.evaluate(() => parlour.consent("measure"));
    await page.waitFor(() => parlour.flush());
    const events = await until(async () => (await shop.events()).length >= 3 && shop.events(), 10_000, "three events");
    const visitor = await page.evaluate(() => parlour.visitorId());
    assert.match(visitor, /^[0-9a-f-]{36}$/);
    for (const { text, anonymousId } of events) {
      assert.equal(anonymousId, undefined);
      assert.ok(!text.includes(visitor));
    }
  },
});
