// @ts-check
// Seven surroundings, three engines: in each the page decides, is changed, tells what happened, and is given back as it
// was. Where a policy forbids something we need, the page stays as it is and one line says what is missing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assign } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { DIST, startServer } from "./server.mjs";
import { CONFIG, scriptTag, startShop, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

/** A visitor of its own for each page: whoever was exposed is not exposed again. @param {string} path */
const visitorOf = (path) => `visitor-of-${path.slice(1)}`;
const PATHS = ["/none", "/strict", "/typed", "/no-wasm", "/checked", "/blocked", "/sandboxed", "/unchecked", "/no-wasm-checked"];
/** With experiments of which only the buckets tell who gets what. */
const MANY = { ...CONFIG, experiments: { ...CONFIG.experiments, ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`even-${i}`, { status: "running", variants: { control: { weight: 1 }, other: { weight: 1 } } }])) } };
const KEYS = Object.keys(MANY.experiments);

const SCRIPTS = "default-src 'self'; img-src data:; object-src 'none'; base-uri 'none'; style-src 'self'; script-src 'nonce-x' 'strict-dynamic'";
const STRICT = `${SCRIPTS} 'wasm-unsafe-eval'`;
const TYPED = `${STRICT}; require-trusted-types-for 'script'`;
const NO_WASM = `${SCRIPTS}; require-trusted-types-for 'script'`;

/** @type {Record<string, string>} */
const DIGESTS = JSON.parse(readFileSync(join(DIST, "integrity.json"), "utf8"));
/** Of what such a page may run: the tag's own by `integrity`, the rest by `data-integrity`. */
const CHECKED = {
  integrity: DIGESTS["parlour.iife.js"],
  "data-integrity": JSON.stringify(Object.fromEntries(["parlour.wasm", "parlour-fallback.js"].map((name) => [name, DIGESTS[name]]))).replaceAll('"', "&quot;"),
};

/** What the page notes of itself, and does when it is asked. To be run in the page. */
const harness = () => {
  const page = /** @type {any} */ (globalThis);
  Object.assign(page, { violations: [], faults: [], said: [], debugged: [] });
  const warn = console.warn;
  console.warn = (...args) => (page.said.push(args.join(" ")), warn(...args));
  console.debug = (...args) => void page.debugged.push(args.join(" "));
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => page.violations.push(`${effectiveDirective} ${blockedURI}`));
  addEventListener("error", ({ message }) => page.faults.push(message));
  addEventListener("unhandledrejection", ({ reason }) => page.faults.push(`${reason}`));

  const seen = () => {
    const headline = /** @type {HTMLElement} */ (document.querySelector("#headline"));
    return { text: headline.textContent, colour: getComputedStyle(headline).backgroundColor };
  };
  page.cell = async (/** @type {boolean} */ changes) => {
    const { parlour } = page;
    await parlour.ready();
    for (let i = 0; changes && i < 500 && seen().text === "Plain words"; i++) await new Promise((done) => setTimeout(done, 10));
    const shown = seen();
    const decisions = parlour.decideAll();
    parlour.decide("even-0");
    parlour.track("Harness Asked", {});
    // The first failure may be a navigation's fault; after the second it is the collector's.
    const flushed = [await parlour.flush(), await parlour.flush()];
    const { visitorId: visitor, consent, waiting, drops } = (await parlour.export()) ?? {};
    parlour.stop();
    const { violations, faults, said, debugged } = page;
    return { visitor, shown, decisions, flushed, consent, waiting, drops, left: seen(), violations, faults, said, debugged };
  };
  // A frame of no origin is asked by message.
  addEventListener("message", async ({ data, source }) => {
    if (typeof data === "boolean") source?.postMessage({ answer: await page.cell(data) }, { targetOrigin: "*" });
  });
};

const ORIGINAL = { text: "Plain words", colour: "rgba(0, 0, 0, 0)" };
const CHANGED = { text: "Made for you", colour: "rgb(0, 128, 0)" };
const SENT = ["Experiment Viewed even-0", "Experiment Viewed headline", "Harness Asked", "page"];

/** @param {string} path @param {Record<string, string>} [attributes] */
const html = (path, attributes) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cell</title><link rel="icon" href="data:,">
  <script nonce="x" src="/harness.js"></script><script nonce="x">${STUB}</script>${scriptTag({ ...TAG, nonce: "x", "data-consent": "measure", "data-visitor-id": visitorOf(path), ...attributes })}
  </head><body><h1 id="headline">Plain words</h1></body></html>`;

/**
 * One engine's browser, page and site for all cells. `open` shows a page under a policy and says what came of it.
 * @typedef {{page: Page, shop: Shop, elsewhere: Awaited<ReturnType<typeof startServer>>, native: Record<string, Map<string, string>>, mark: number, open: (path: string, how?: {csp?: string, attributes?: Record<string, string>, changes?: boolean}) => Promise<any>, sent: (path: string) => Promise<string[]>}} Site
 */

/** It decided as the command does, changed the page, and gave it back; nothing was thrown. @param {any} cell @param {Site} site */
const works = (cell, { native }) => {
  for (const key of KEYS) assert.equal(cell.decisions[key].variant, native[key].get(cell.visitor), key);
  const { reason, ...headline } = cell.decisions.headline;
  assert.deepEqual(headline, { experiment: "headline", variant: "new", values: { size: 2 } });
  // One visitor goes from cell to cell.
  assert.match(reason, /^(bucketed|sticky)$/);
  assert.deepEqual([cell.shown, cell.left], [CHANGED, ORIGINAL]);
  assert.deepEqual(cell.faults, []);
};

/** Works, all is sent, the console is silent and no policy is violated. @param {string} path @param {Site} site @param {Parameters<Site["open"]>[1]} [how] */
const isWhole = async (path, site, how) => {
  const cell = await site.open(path, how);
  works(cell, site);
  assert.deepEqual([cell.violations, cell.said, cell.flushed, cell.drops], [[], [], [true, true], {}]);
  assert.deepEqual(await site.sent(path), SENT);
  return cell;
};

/** How often wasm and its twin were asked for since the last page was opened. @param {Site} site */
const fetched = ({ shop, mark }) => ["/parlour.wasm", "/parlour-fallback.js"].map((file) => shop.seen.slice(mark).filter(({ path }) => path === file).length);

/** @type {Record<string, (site: Site) => Promise<void>>} */
const CELLS = {
  "none": async (site) => void (await isWhole("/none", site)),
  "nonces with strict-dynamic": async (site) => {
    await isWhole("/strict", site, { csp: STRICT });
    // The canary: the policy is in force.
    site.shop.route("/canary", { body: '<!doctype html><title>Canary</title><link rel="icon" href="data:,"><script>window.ran = true</script>', csp: STRICT });
    await site.page.goto(`${site.shop.url}/canary`);
    assert.equal(await site.page.evaluate("window.ran ?? false"), false);
  },
  "the same with Trusted Types": async (site) => void (await isWhole("/typed", site, { csp: TYPED })),
  "no wasm: the same core as JavaScript": async (site) => {
    const cell = await site.open("/no-wasm", { csp: NO_WASM });
    works(cell, site);
    assert.deepEqual(fetched(site), [0, 1]);
    // Trying is how it is found out; nothing else is refused.
    assert.deepEqual(cell.violations.filter((/** @type {string} */ text) => !/^script-src(-elem)? wasm-eval$/.test(text)), []);
    assert.deepEqual([cell.said, cell.flushed], [[], [true, true]]);
    const sent = await site.sent("/no-wasm");
    assert.deepEqual(sent, [...SENT, "parlour_problem fallback"].sort());
  },
  "integrity of the script and of all it loads": async (site) => {
    await isWhole("/checked", site, { attributes: CHECKED });
    assert.deepEqual(fetched(site), [1, 0]);
  },
  "the collector blocked": async (site) => {
    const attributes = { "data-endpoint": `${site.elsewhere.url}/v1/batch` };
    const cell = await site.open("/blocked", { csp: STRICT, attributes });
    works(cell, site);
    assert.deepEqual([cell.flushed, cell.waiting, cell.drops], [[false, false], SENT.length, {}], "kept, and none dropped");
    assert.equal(cell.said.length, 1, `${cell.said}`);
    assert.match(cell.said[0], /\/v1\/batch: no acknowledgement \(unreachable\): events are kept and sent again/);
    assert.ok(cell.violations.length, "the canary: the policy is in force");
    assert.deepEqual(cell.violations.filter((/** @type {string} */ text) => !text.startsWith("connect-src ")), []);
    assert.equal(site.elsewhere.requests("/v1/batch").length, 0);
    // Under a policy that lets it, what was kept arrives.
    await isOnDisk(site);
  },
  "a sandbox without storage": async (site) => {
    site.shop.route("/sandboxed", { body: html("/sandboxed"), headers: { "access-control-allow-origin": "*" } });
    site.shop.route("/frames", { body: `<!doctype html><title>Frames</title><link rel="icon" href="data:,"><script src="/asks.js"></script><iframe sandbox="allow-scripts" src="/sandboxed"></iframe>` });
    await site.page.goto(`${site.shop.url}/frames`);
    const cell = await site.page.evaluate("ask(true)");
    works(cell, site);
    assert.deepEqual([cell.violations, cell.said, cell.flushed, cell.drops], [[], [], [true, true], {}]);
    assert.deepEqual(await site.sent("/sandboxed"), SENT);
  },
};

/** @param {Site} site */
const isOnDisk = async ({ page, shop, sent }) => {
  shop.route("/again", { body: html("/blocked") });
  await page.goto(`${shop.url}/again`);
  await page.waitFor("window.parlour?.start && parlour.ready().then(() => parlour.flush())");
  assert.deepEqual(await sent("/blocked"), SENT);
};

/** @type {Record<string, (site: Site) => Promise<void>>} */
const BESIDES = {
  "a frame in another site's page does nothing, and says so where it is debugged": async (site) => {
    const { page, shop, elsewhere } = site;
    shop.route("/framed", { body: html("/framed", { "data-debug": "true" }) });
    const outside = elsewhere.url.replace("127.0.0.1", "localhost");
    elsewhere.route("/frames", { body: `<!doctype html><title>Frames</title><link rel="icon" href="data:,"><script src="/asks.js"></script><iframe src="${shop.url}/framed"></iframe>` });
    site.mark = shop.seen.length;
    await page.goto(`${outside}/frames`);
    const cell = await page.evaluate("ask(false)");
    assert.deepEqual([cell.shown, cell.decisions, cell.consent ?? "unknown", cell.faults, cell.said], [ORIGINAL, {}, "unknown", [], []]);
    assert.match(cell.debugged.join("\n"), /^parlour: off in a frame of another site nothing is done$/m);
    assert.deepEqual(fetched(site), [0, 0]);
    assert.deepEqual(await site.sent("/framed"), []);
  },
  "a wasm that was tampered with is refused, and runs where nothing is checked": async (site) => {
    // One more custom section: as good a module as before.
    const tampered = Buffer.concat([readFileSync(join(DIST, "parlour.wasm")), Buffer.from([0, 2, 1, 120])]);
    site.shop.route("/parlour.wasm", { body: tampered });
    try {
      works(await site.open("/unchecked", {}), site);
      isRefused(await site.open("/tampered", { attributes: CHECKED, changes: false }), /off: .*parlour\.wasm is not reached, or not what data-integrity says/);
    } finally {
      site.shop.unroute("/parlour.wasm");
    }
  },
  "the JavaScript of the core runs from checked bytes under nonces; tampered with, it is refused": async (site) => {
    works(await site.open("/no-wasm-checked", { csp: NO_WASM, attributes: CHECKED }), site);
    site.shop.route("/parlour-fallback.js", { body: `${readFileSync(join(DIST, "parlour-fallback.js"))};globalThis.tampered = true;` });
    try {
      isRefused(await site.open("/no-wasm-tampered", { csp: NO_WASM, attributes: CHECKED, changes: false }), /off: wasm is refused.*not what data-integrity says/s);
      assert.equal(await site.page.evaluate("window.tampered ?? false"), false);
    } finally {
      site.shop.unroute("/parlour-fallback.js");
    }
  },
  "chunks that load chunks check them, too": async ({ page, shop }) => {
    for (const [names, path] of /** @type {const} */ ([[["parlour-preview.js", "parlour-devtools.js"], "/tools"], [["parlour-preview.js"], "/no-tools"]])) {
      const digests = Object.fromEntries(["parlour.wasm", ...names].map((name) => [name, DIGESTS[name]]));
      shop.route(path, { body: html(path, { ...CHECKED, "data-integrity": JSON.stringify(digests).replaceAll('"', "&quot;") }), csp: TYPED });
      await page.goto(shop.url + path);
      await page.waitFor("window.parlour?.start && parlour.ready().then(() => true)");
      await page.evaluate("void parlour.devtools()");
      if (path === "/tools") await page.waitFor(() => !!document.querySelector("parlour-toolbar"));
      else assert.match(await page.waitFor("window.said[0]"), /devtools: .*parlour-devtools\.js is not in data-integrity/);
    }
    assert.equal(await page.evaluate(() => !document.querySelector("parlour-toolbar")), true);
    // It would open on the tab's next pages, too.
    await page.evaluate("sessionStorage.clear()");
  },
  "code that data-integrity does not name is not run": async (site) => {
    isRefused(await site.open("/unnamed", { attributes: { ...CHECKED, "data-integrity": "{}" }, changes: false }), /off: .*parlour\.wasm is not in data-integrity/);
  },
};

/** The page is as its author made it, and one line says why. @param {any} cell @param {RegExp} why */
const isRefused = (cell, why) => {
  assert.deepEqual([cell.shown, cell.left, cell.decisions, cell.faults], [ORIGINAL, ORIGINAL, {}, []]);
  assert.equal(cell.said.length, 1, `${cell.said}`);
  assert.match(cell.said[0], why);
};

/** Of the page with the frame. To be run in it. */
const asks = () => {
  /** @type {any} */ (globalThis).ask = (/** @type {boolean} */ changes) =>
    new Promise((done) => {
      addEventListener("message", ({ data }) => data.answer && done(data.answer));
      frames[0].postMessage(changes, "*");
    });
};

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: policies`);
  describe(`policies [${name}]`, { skip: missing }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {Site} */
    let site;
    before(async () => {
      browser = await launch(name);
      const shop = await startShop({ config: MANY });
      const elsewhere = await startServer();
      const page = await browser.newPage();
      /** @type {Site["native"]} */
      const native = {};
      for (const key of KEYS) native[key] = await assign(shop.plan, key, PATHS.map(visitorOf));
      // A sandbox has no origin of its own: what it fetches is another's.
      shop.all({ headers: { "access-control-allow-origin": "*" } });
      for (const [server, path, code] of /** @type {const} */ ([[shop, "/harness.js", harness], [shop, "/asks.js", asks], [elsewhere, "/asks.js", asks]])) server.route(path, { body: `(${code})()` });
      site = {
        page, shop, elsewhere, native, mark: 0,
        async open(path, { csp, attributes, changes = true } = {}) {
          shop.route(path, { body: html(path, attributes), csp });
          site.mark = shop.seen.length;
          await page.goto(shop.url + path);
          await page.waitFor("!!window.parlour?.start");
          return page.evaluate(`cell(${changes})`);
        },
        sent: async (path) => {
          const events = (await shop.events()).filter(({ context }) => context.page.path === path);
          return events.map(({ event, type, properties }) => [event ?? type, properties?.experiment_id ?? properties?.code].filter(Boolean).join(" ")).sort();
        },
      };
    });
    after(async () => {
      await browser?.close();
      await site?.elsewhere.close();
      await site?.shop.close();
    });
    for (const [cell, body] of Object.entries(CELLS)) test(`the whole way under: ${cell}`, { timeout: 120_000 }, () => body(site));
    for (const [claim, body] of Object.entries(BESIDES)) test(claim, { timeout: 120_000 }, () => body(site));
  });
}
