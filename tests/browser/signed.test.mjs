// @ts-check
// Pages with a key: only a plan that it signed, for this site, not over and not older than the last one is run. All else
// is refused with one line, and the last valid plan stays; without one, the page is as its author made it.

import assert from "node:assert/strict";
import { buildPlan } from "./command.mjs";
import { BODY, CONFIG, inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";
import { flipped, newKey, signPlan } from "./signing.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const [OURS, NEXT, STRANGER] = [newKey(), newKey(), newKey()];

const LISTEN = `window.said = []; const warn = console.warn; console.warn = (...args) => { said.push(args.join(" ")); warn(...args) };`;
/** As a browser without Ed25519 answers. */
const NO_ED25519 = `crypto.subtle.importKey = async () => { throw new DOMException("Unrecognized name.", "NotSupportedError") };`;
const IN_A_YEAR = `const now = Date.now; Date.now = () => now() + 366 * 864e5;`;

const built = new Map();
/** @param {number} version @param {string} [expires] @param {object} [config] @returns {Promise<Uint8Array>} */
const plan = async (version, expires, config = CONFIG) => {
  const args = ["--plan-version", `${version}`, ...(expires ? ["--expires", expires] : [])];
  const name = JSON.stringify([args, config]);
  if (!built.has(name)) built.set(name, await buildPlan(config, args));
  return built.get(name);
};

/** @param {Shop} shop @param {{key?: string, before?: string, consent?: string}} [how] */
const prepare = (shop, { key = OURS.text, before = "", consent = "measure" } = {}) => {
  const head = `<script>${LISTEN}${before}${STUB}</script>${scriptTag({ ...TAG, ...(key && { "data-key": key }), "data-consent": consent })}`;
  shop.route("/", { body: pageHtml({ head }) });
};

/** @param {Page} page @param {string} url */
const visit = async (page, url) => {
  await page.goto(url);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
};

/** @param {Page} page */
const said = (page) => page.evaluate("said.filter((text) => text.startsWith('parlour:'))");

/** @param {Page} page @param {Shop} shop */
const isRun = async (page, shop) => {
  await visit(page, `${shop.url}/`);
  await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
  assert.deepEqual(await said(page), []);
};

/** The author's page, and one line. @param {Page} page @param {string} url @param {RegExp} line */
const isRefused = async (page, url, line) => {
  await visit(page, url);
  const body = await page.evaluate(() => document.body.innerHTML.trim());
  assert.equal(body, BODY.trim(), "the page has changed");
  const lines = await said(page);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(lines[0], line);
  assert.equal(await page.evaluate(() => parlour.decide("headline").variant === null), true);
};

/** The plan accepted before is run, and one line says so. @param {Page} page @param {Shop} shop @param {RegExp} line */
const lastIsRun = async (page, shop, line) => {
  await visit(page, `${shop.url}/`);
  await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
  const lines = await said(page);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(lines[0], line);
  assert.match(lines[0], /version 3, accepted before, stays in use$/);
  assert.equal(await page.evaluate(() => parlour.explain("headline").version), 3);
};

/** @param {Shop} shop @param {Uint8Array} body */
const serve = (shop, body) => shop.route("/plan.bin", { body });

/** Whether a plan is kept on the device. @param {Page} page */
const isKept = (page) => page.evaluate(isKeptScript);

/** What is wrong with each, and what is said of it. @type {[string, () => Promise<Uint8Array>, RegExp][]} */
const REFUSED = [
  ["is not signed", () => plan(3), /the plan is not signed/],
  ["is signed by another key", async () => signPlan(await plan(3), STRANGER), /signed by a key that this page does not know/],
  ["has a flipped bit in a variant's range", async () => flipped(signPlan(await plan(3), OURS), 8 * 120), /changed after it was signed/],
  ["has a flipped bit in its version", async () => flipped(signPlan(await plan(3), OURS), 8 * 16), /changed after it was signed/],
  ["has a flipped bit in its check", async () => flipped(signPlan(await plan(3), OURS), 8 * 6), /changed after it was signed/],
  ["has a flipped bit in its signature", async () => { const file = signPlan(await plan(3), OURS); return flipped(file, 8 * file.length - 40); }, /changed after it was signed/],
  ["has a flipped bit in its signer's key", async () => { const file = signPlan(await plan(3), OURS); return flipped(file, 8 * (file.length - 90)); }, /changed after it was signed/],
  ["has a flipped bit in the other of two signatures", async () => { const file = signPlan(await plan(3), OURS, NEXT); return flipped(file, 8 * file.length - 40); }, /changed after it was signed/],
  ["carries the signature of another plan", async () => Buffer.concat([await plan(4), signPlan(await plan(3), OURS).subarray(-96)]), /changed after it was signed/],
  ["is cut short", async () => signPlan(await plan(3), OURS).subarray(0, -1), /cut short or damaged/],
  ["has expired", async () => signPlan(await plan(3, "2026-01-01"), OURS), /expired on 2026-01-02T00:00:00\.000Z/],
  ["is a page of HTML", async () => Buffer.from("<!doctype html><title>Log in</title>"), /not a plan file/],
];

inShop("a page with a key", {
  "runs the plan that it signed, and keeps it where keeping is allowed": async (page, shop) => {
    serve(shop, signPlan(await plan(3, "90d"), OURS));
    prepare(shop);
    await isRun(page, shop);
    await page.waitFor(isKeptScript);
  },
  "keeps no plan before consent, and does once it is given": async (page, shop) => {
    serve(shop, signPlan(await plan(3), OURS));
    prepare(shop, { consent: "unknown" });
    await visit(page, `${shop.url}/`);
    assert.equal(await isKept(page), false);
    await page.evaluate(() => parlour.consent("measure"));
    await page.waitFor(() => document.querySelector("#headline")?.textContent === "Made for you");
    await page.waitFor(isKeptScript);
    await page.evaluate(() => parlour.consent("denied"));
    assert.equal(await isKept(page), false);
  },
  "runs it during a change of keys, whichever of the two it knows": async (page, shop) => {
    const both = signPlan(await plan(3), OURS, NEXT);
    for (const [file, key] of /** @type {[Uint8Array, string][]} */ ([[both, OURS.text], [both, NEXT.text], [signPlan(await plan(3), NEXT), `${OURS.text} ${NEXT.text}`]])) {
      serve(shop, file);
      prepare(shop, { key });
      await isRun(page, shop);
    }
  },
  "refuses every other plan and stays as its author made it": async (page, shop) => {
    prepare(shop);
    for (const [what, file, line] of REFUSED) {
      serve(shop, await file());
      await isRefused(page, `${shop.url}/`, line).catch((error) => assert.fail(`the plan ${what}: ${error.message}`));
    }
    assert.equal(await isKept(page), false, "a refused plan is kept");
  },
  "goes on with the last valid plan when another is refused, older or out of reach": async (page, shop) => {
    prepare(shop);
    serve(shop, signPlan(await plan(3), OURS));
    await isRun(page, shop);
    await page.waitFor(isKeptScript);
    for (const [what, file, line] of REFUSED) {
      serve(shop, await file());
      await lastIsRun(page, shop, line).catch((error) => assert.fail(`the plan ${what}: ${error.message}`));
    }
    serve(shop, signPlan(await plan(2), OURS));
    await lastIsRun(page, shop, /the plan has version 2, older than 3, which was accepted before/);
    shop.route("/plan.bin", { status: 404, body: "no" });
    await lastIsRun(page, shop, /plan\.bin answered 404/);
    shop.route("/plan.bin", { hangUp: true });
    await lastIsRun(page, shop, /plan\.bin is not reached/);
    serve(shop, signPlan(await plan(4), OURS));
    await isRun(page, shop);
    assert.equal(await page.evaluate(() => parlour.explain("headline").version), 4, "a newer one takes its place");
  },
  "ends the last valid plan at its own expiry": async (page, shop) => {
    prepare(shop);
    serve(shop, signPlan(await plan(3, "90d"), OURS));
    await isRun(page, shop);
    await page.waitFor(isKeptScript);
    shop.route("/plan.bin", { hangUp: true });
    await lastIsRun(page, shop, /is not reached/);
    prepare(shop, { before: IN_A_YEAR });
    await isRefused(page, `${shop.url}/`, /plan\.bin is not reached/);
  },
  "takes nothing of a key that it no longer knows, neither plan nor version": async (page, shop) => {
    prepare(shop);
    serve(shop, signPlan(await plan(9), OURS));
    await isRun(page, shop);
    await page.waitFor(isKeptScript);
    prepare(shop, { key: NEXT.text });
    shop.route("/plan.bin", { hangUp: true });
    await isRefused(page, `${shop.url}/`, /is not reached/);
    serve(shop, signPlan(await plan(3), NEXT));
    await isRun(page, shop);
  },
  "stays as its author made it where the browser has no Ed25519, even with a plan accepted before": async (page, shop) => {
    prepare(shop);
    serve(shop, signPlan(await plan(3), OURS));
    await isRun(page, shop);
    await page.waitFor(isKeptScript);
    prepare(shop, { before: NO_ED25519 });
    await isRefused(page, `${shop.url}/`, /off: this browser cannot check signatures \(Ed25519\)/);
  },
  "says which key is no key": async (page, shop) => {
    prepare(shop, { key: `${OURS.text} short` });
    serve(shop, signPlan(await plan(3), OURS));
    await isRefused(page, `${shop.url}/`, /data-key "short" is no public key/);
  },
});

inShop("a page without a key", {
  "runs a signed plan and asks for no more than before": async (page, shop) => {
    serve(shop, signPlan(await plan(3), OURS, NEXT));
    prepare(shop, { key: "" });
    await isRun(page, shop);
    assert.deepEqual([...shop.requests("/parlour-signed.js"), ...shop.requests("/parlour-preview.js")], []);
  },
});

/** The machine by a name that is not local: no secure context, so that WebCrypto is not there. */
const elsewhere = (/** @type {Shop} */ shop) => shop.url.replace("127.0.0.1", "0.0.0.0");

inShop("a page with a key elsewhere", {
  "is told that signatures need HTTPS": async (page, shop) => {
    prepare(shop);
    serve(shop, signPlan(await plan(3, undefined, { ...CONFIG, site: ["0.0.0.0"] }), OURS));
    await isRefused(page, `${elsewhere(shop)}/`, /off: signatures cannot be checked on a page that is not served over HTTPS/);
  },
  "refuses a sound plan for another site": async (page, shop) => {
    // Signatures are out of the question here, so they are taken as sound: what is tested comes after them.
    const sound = `Object.defineProperty(crypto, "subtle", { value: { importKey: async () => ({}), verify: async () => true } });`;
    prepare(shop, { before: sound });
    serve(shop, signPlan(await plan(3, undefined, { ...CONFIG, site: ["shop.example"] }), OURS));
    await isRefused(page, `${elsewhere(shop)}/`, /off: the plan is for shop\.example and this page is on 0\.0\.0\.0/);
    serve(shop, signPlan(await plan(3, undefined, { ...CONFIG, site: ["0.0.0.0"] }), OURS));
    await isRun(page, { ...shop, url: elsewhere(shop) });
    await page.waitFor(isKeptScript);
    serve(shop, signPlan(await plan(4, undefined, { ...CONFIG, site: ["shop.example"] }), OURS));
    await lastIsRun(page, { ...shop, url: elsewhere(shop) }, /the plan is for shop\.example/);
  },
}, { engines: ["chromium"] });

/** To be run in the page. */
async function isKeptScript() {
  const db = /** @type {any} */ (await new Promise((done) => {
    const request = indexedDB.open("parlour");
    // There is none, and looking must not leave one without stores.
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onsuccess = () => done(request.result);
    request.onerror = () => done(undefined);
  }));
  if (!db) return false;
  const kept = await new Promise((done) => (db.transaction("keep").objectStore("keep").get("signed").onsuccess = (/** @type {any} */ event) => done(event.target.result)));
  db.close();
  return !!kept;
}
