// @ts-check
// Whatever goes wrong, the page stays as its author made it, one line in the console says what and where, and what the
// page tracked reaches the store where that is possible.

import assert from "node:assert/strict";
import { buildPlan } from "./command.mjs";
import { until } from "./drivers/wait.mjs";
import { BODY, CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {import("./server.mjs").Knobs} Knobs */

const parlour = /** @type {any} */ (undefined);

/** Keeps what is said aloud, and every error nobody caught. */
const LISTEN = `window.said = []; window.uncaught = [];
  const warn = console.warn; console.warn = (...args) => { said.push(args.join(" ")); warn(...args) };
  addEventListener("error", (event) => uncaught.push(String(event.message))); addEventListener("unhandledrejection", (event) => uncaught.push(String(event.reason)));`;

/** @param {Shop} shop @param {{before?: string, tag?: Record<string, string>, csp?: string}} [how] `before`: script that runs first */
const prepare = (shop, { before = "", tag = TAG, csp } = {}) => {
  const head = `<script nonce="x">${LISTEN}${before}${STUB}</script>${scriptTag({ ...tag, "data-consent": "measure", nonce: "x" })}`;
  shop.route("/", { body: pageHtml({ head }), csp });
};

/** Opens the page, tracks, and waits until Parlour knows what it can do. @param {Page} page @param {Shop} shop */
const visit = async (page, shop) => {
  await page.goto(`${shop.url}/`);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  await page.evaluate(() => parlour.track("Kept", { n: 1 }));
};

/** @param {Shop} shop */
const kept = async (shop) => (await shop.events()).filter(({ event }) => event === "Kept").length;

/** @param {Page} page */
const said = (page) => page.evaluate("said.filter((text) => text.startsWith('parlour:'))");

/** The author's page: nothing changed, added or broken. @param {Page} page */
const isOriginal = async (page) => {
  const body = await page.evaluate(() => document.body.innerHTML.trim());
  return body === BODY.trim();
};

/** Nothing of Parlour is seen, `line` alone is said, and what was tracked arrives. @param {Page} page @param {Shop} shop @param {RegExp} line */
const standsDown = async (page, shop, line) => {
  await visit(page, shop);
  assert.equal(await isOriginal(page), true, "the page has changed");
  const lines = await said(page);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(lines[0], line);
  assert.deepEqual(await page.evaluate("uncaught"), []);
  assert.deepEqual(await page.evaluate(() => parlour.decide("headline")), { experiment: "headline", variant: null, values: {}, reason: "unknown" });
  await page.waitFor(() => parlour.flush());
  assert.equal(await kept(shop), 1);
};

/** All is as it should be. @param {Page} page @param {Shop} shop */
const works = async (page, shop) => {
  await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
  assert.deepEqual(await page.evaluate("uncaught"), []);
  await page.waitFor(() => parlour.flush());
  assert.equal(await kept(shop), 1);
};

/** @param {(plan: Uint8Array) => Knobs | Promise<Knobs>} knobs @param {RegExp} line */
const withPlan = (knobs, line) => async (/** @type {Page} */ page, /** @type {Shop} */ shop) => {
  shop.route("/plan.bin", await knobs(shop.plan));
  prepare(shop);
  await standsDown(page, shop, line);
};

/** @param {Knobs} knobs @param {RegExp} line */
const withWasm = (knobs, line) => async (/** @type {Page} */ page, /** @type {Shop} */ shop) => {
  shop.route("/parlour.wasm", knobs);
  prepare(shop);
  await standsDown(page, shop, line);
};

const changed = (/** @type {Uint8Array} */ plan, /** @type {number} */ at, /** @type {number} */ value) => {
  const bytes = Uint8Array.from(plan);
  bytes[at] = value;
  return bytes;
};

inShop("a page without mishap", {
  "is changed, and says nothing": async (page, shop) => {
    prepare(shop);
    await visit(page, shop);
    await works(page, shop);
    assert.equal(await isOriginal(page), false, "the canary: a working Parlour is seen");
    assert.deepEqual(await said(page), []);
  },
});

inShop("the plan", {
  "is missing": withPlan(() => ({ status: 404, body: "no" }), /plan\.bin answered 404/),
  "is cut short": withPlan((plan) => ({ body: plan.slice(0, -9) }), /^parlour: \/plan\.bin: off: the plan is cut short or damaged/),
}, { engines: ["chromium", "firefox", "webkit"] });

inShop("the plan", {
  "has one changed byte": withPlan((plan) => ({ body: changed(plan, plan.length - 40, plan[plan.length - 40] ^ 4) }), /cut short or damaged/),
  "is of a format to come": withPlan((plan) => ({ body: changed(plan, 5, 99) }), /built for a newer Parlour/),
  "is a page of HTML": withPlan(() => ({ body: "<!doctype html><title>Log in</title>" }), /not a plan file/),
  "is empty": withPlan(() => ({ body: new Uint8Array() }), /not a plan file/),
  "is never answered": async (page, shop) => {
    shop.route("/plan.bin", { delayMs: 60_000 });
    prepare(shop);
    await page.goto(`${shop.url}/`);
    await page.waitFor("!!parlour.start");
    await page.evaluate(() => parlour.track("Kept", { n: 1 }));
    assert.equal(await page.evaluate(() => parlour.decide("headline").reason), "loading");
    assert.equal(await isOriginal(page), true);
    // What is not yet told to an engine leaves with the page.
    await page.goto(`${shop.url}/blank`);
    await until(async () => (await kept(shop)) === 1, 10_000, "the tracked event");
  },
}, { engines: ["chromium"] });

inShop("the config", {
  "has a broken experiment: the other runs": async (page, shop) => {
    const broken = { status: "running", traffic: 7, variants: { a: {}, b: { changes: [{ select: "#headline", text: "Broken" }] } } };
    shop.route("/parlour.json", { body: JSON.stringify({ ...CONFIG, experiments: { broken, ...CONFIG.experiments } }) });
    prepare(shop, { tag: { ...TAG, "data-plan": "", "data-config": "/parlour.json" } });
    await visit(page, shop);
    await works(page, shop);
    const lines = await said(page);
    assert.equal(lines.length, 1, JSON.stringify(lines));
    assert.match(lines[0], /^parlour: \/parlour\.json:1:\d+ error E106 \/experiments\/broken\/traffic: 7 is no share\. Write a number from 0 to 1/);
  },
  "is no JSON": async (page, shop) => {
    shop.route("/parlour.json", { body: '{"site": ["127.0.0.1"],}' });
    prepare(shop, { tag: { ...TAG, "data-plan": "", "data-config": "/parlour.json" } });
    await visit(page, shop);
    assert.equal(await isOriginal(page), true);
    const lines = await said(page);
    assert.equal(lines.length, 1, JSON.stringify(lines));
    assert.match(lines[0], /off: \/parlour\.json:1:\d+ error E100/);
  },
}, { engines: ["chromium"] });

inShop("the wasm", {
  "is missing": withWasm({ status: 404, body: "no" }, /parlour\.wasm answered 404/),
  "comes as text/html and is run all the same": async (page, shop) => {
    shop.route("/parlour.wasm", { file: undefined, type: "text/html" });
    prepare(shop);
    await visit(page, shop);
    await works(page, shop);
    assert.deepEqual(await said(page), []);
  },
}, { engines: ["chromium", "firefox", "webkit"] });

inShop("the wasm", {
  "is a page of HTML": withWasm({ body: "<!doctype html>", type: "application/wasm" }, /parlour\.wasm \(application\/wasm\) is not run as wasm/),
}, { engines: ["chromium"] });

inShop("the collector", {
  "is down, and comes back: nothing is lost": async (page, shop) => {
    shop.collector.settings.mode = "hangUp";
    prepare(shop);
    await visit(page, shop);
    assert.equal(await page.evaluate(() => parlour.flush()), false);
    assert.equal(await kept(shop), 0);
    shop.collector.settings.mode = "answer";
    await page.goto(`${shop.url}/`);
    await until(async () => (await kept(shop)) === 1, 20_000, "the tracked event");
    await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
  },
  "answers with a page of HTML: that is no acknowledgement": async (page, shop) => {
    shop.collector.settings.mode = "html";
    prepare(shop);
    await visit(page, shop);
    assert.equal(await page.evaluate(() => parlour.flush()), false);
    const lines = await said(page);
    assert.equal(lines.length, 1, JSON.stringify(lines));
    assert.match(lines[0], /\/v1\/batch: no acknowledgement \(200\): events are kept/);
    shop.collector.settings.mode = "answer";
    await page.goto(`${shop.url}/`);
    await until(async () => (await kept(shop)) === 1, 20_000, "the tracked event");
  },
  "answers 500: the events wait": async (page, shop) => {
    shop.collector.settings.mode = 500;
    prepare(shop);
    await visit(page, shop);
    assert.equal(await page.evaluate(() => parlour.flush()), false);
    assert.equal(await page.evaluate(() => document.querySelector("#headline")?.textContent), "Made for you");
    const lines = await said(page);
    assert.equal(lines.length, 1, JSON.stringify(lines));
    assert.match(lines[0], /\/v1\/batch: no acknowledgement \(500\): events are kept/);
    assert.deepEqual(await page.evaluate("uncaught"), []);
    shop.collector.settings.mode = "answer";
    await page.goto(`${shop.url}/`);
    await until(async () => (await kept(shop)) === 1, 20_000, "the tracked event");
  },
  "is slow: the page is not": async (page, shop) => {
    shop.collector.settings.delayMs = 3_000;
    prepare(shop);
    await visit(page, shop);
    assert.equal(await page.evaluate(() => document.querySelector("#headline")?.textContent), "Made for you");
    assert.equal(await kept(shop), 0, "the canary: it is slow");
    await page.waitFor(() => parlour.flush(), 20_000);
    assert.equal(await kept(shop), 1);
  },
}, { engines: ["chromium"] });

inShop("storage", {
  "is denied: the visit lives in memory": async (page, shop) => {
    const deny = `const denied = { get() { throw new DOMException("denied", "SecurityError") } };
      for (const name of ["indexedDB", "localStorage", "sessionStorage"]) Object.defineProperty(window, name, denied);
      Object.defineProperty(Document.prototype, "cookie", { ...denied, set() { throw new DOMException("denied", "SecurityError") } });`;
    prepare(shop, { before: deny });
    await visit(page, shop);
    await works(page, shop);
    assert.deepEqual(await said(page), []);
  },
});

/** In a sandbox every storage throws and every request comes from nowhere. */
inShop("a sandboxed frame", {
  "is changed and counted, and keeps nothing": async (page, shop) => {
    shop.all({ headers: { "access-control-allow-origin": "*" } });
    const tell = `addEventListener("load", async () => {
      while (!parlour.start) await new Promise((done) => setTimeout(done, 20));
      await parlour.ready();
      parlour.track("Kept", { n: 1 });
      while (!(await parlour.flush()));
      let storage = "works"; try { localStorage.length } catch { storage = "throws" }
      parent.postMessage({ storage, said, uncaught, text: document.querySelector("#headline").textContent }, "*");
    });`;
    prepare(shop, { before: tell });
    shop.route("/frame", { body: `<!doctype html><script>addEventListener("message", ({ data }) => (window.told = data))</script><iframe sandbox="allow-scripts" src="/"></iframe>` });
    await page.goto(`${shop.url}/frame`);
    const told = await page.waitFor(() => /** @type {any} */ (globalThis).told);
    assert.deepEqual(told, { storage: "throws", said: [], uncaught: [], text: "Made for you" });
    assert.equal(await kept(shop), 1);
  },
});

inShop("the canaries", {
  "an uncaught error and a lost event are noticed": async (page, shop) => {
    prepare(shop, { before: `setTimeout(() => { throw new Error("nobody catches this") }); Promise.reject(new Error("nor this"));` });
    await visit(page, shop);
    await page.waitFor("uncaught.length === 2");
    await page.evaluate(() => parlour.flush());
    assert.equal(await kept(shop), 1);
    shop.collector.settings.mode = 503;
    await page.evaluate(() => parlour.track("Kept", { n: 2 }));
    await page.evaluate(() => parlour.forget());
    shop.collector.settings.mode = "answer";
    await page.evaluate(() => parlour.flush());
    assert.equal(await kept(shop), 1, "what was forgotten does not arrive");
  },
});

inShop("another site's plan", {
  "runs nowhere but there, on local hosts and in named environments": async (page, shop) => {
    shop.route("/plan.bin", { body: await buildPlan({ ...CONFIG, site: ["shop.example"] }) });
    prepare(shop);
    await visit(page, shop);
    await works(page, shop);
    // On this machine, and marked as such.
    assert.equal(await page.evaluate(() => parlour.explain("headline").environment), "local");
    assert.ok((await shop.events()).every(({ context }) => context.parlour.env === "local"));
  },
  "is refused by a page elsewhere, and the line names both hosts": async (page, shop) => {
    prepare(shop);
    // The same machine by a name that the plan does not know: no secure context, so no Web Locks either.
    await standsDown(page, { ...shop, url: shop.url.replace("127.0.0.1", "0.0.0.0") }, /\/plan\.bin: off: the plan is for 127\.0\.0\.1 and this page is on 0\.0\.0\.0: add it to "site"/);
  },
  "runs where no Web Locks are": async (page, shop) => {
    shop.route("/plan.bin", { body: await buildPlan({ ...CONFIG, site: ["0.0.0.0"] }) });
    prepare(shop);
    const elsewhere = { ...shop, url: shop.url.replace("127.0.0.1", "0.0.0.0") };
    await visit(page, elsewhere);
    assert.equal(await page.evaluate("isSecureContext || !!navigator.locks"), false);
    await works(page, elsewhere);
    assert.deepEqual(await said(page), []);
  },
}, { engines: ["chromium"] });
