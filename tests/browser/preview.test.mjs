// @ts-check
// Preview links: a signed token shows one variant to whoever opens it, counts nothing, lasts over the pages of the tab
// and can be ended. Whatever else stands in an address forces nothing.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPlan, parlour as command, serveSite } from "./command.mjs";
import { inEveryEngine } from "./drivers/index.mjs";
import { DIST } from "./server.mjs";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";
import { newKey, signPlan, signToken } from "./signing.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */
/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const [PREVIEW, SITE, STRANGER] = [newKey(), newKey(), newKey()];

const text = (/** @type {string} */ words) => ({ changes: [{ select: "#headline", text: words }] });
const CONFIG = {
  site: ["127.0.0.1"],
  late: "apply",
  previewKey: PREVIEW.text,
  goals: { asked: { click: ".ask" } },
  experiments: {
    headline: { status: "running", variants: { control: { weight: 1 }, new: { weight: 0, ...text("Made for you") } }, goals: ["asked"] },
    stopped: { status: "paused", variants: { control: {}, loud: text("HELLO") } },
  },
};
const WITH_DRAFT = { ...CONFIG, experiments: { ...CONFIG.experiments, secret: { variants: { control: {}, draft: text("Not yet told") } } } };

const LISTEN = `window.said = []; window.told = [];
  for (const [name, list] of [["warn", said], ["info", told]]) { const old = console[name]; console[name] = (...args) => { list.push(args.join(" ")); old(...args) } }`;

/** The second time it is remembered. */
const RANDOMISED = /^(bucketed|sticky)$/;
const DAY_MS = 864e5;
const TOKEN = { site: "127.0.0.1", experiment: "headline", variant: "new", expires: Date.now() + DAY_MS };
const link = (/** @type {object} */ more = {}, key = PREVIEW) => `?a=1&parlour-preview=${signToken(key, { ...TOKEN, ...more })}&b=%C3%BC`;

/** @param {Shop} shop @param {{consent?: string, tag?: Record<string, string>}} [how] */
const prepare = async (shop, { consent = "measure", tag = {} } = {}) => {
  const head = `<script>${LISTEN}${STUB}</script>${scriptTag({ ...TAG, "data-consent": consent, ...tag })}`;
  for (const path of ["/", "/next"]) shop.route(path, { body: pageHtml({ head }) });
};

/** @param {Page} page @param {string} url */
const visit = async (page, url) => {
  await page.goto(url);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
};

const headline = (/** @type {Page} */ page) => page.evaluate(() => document.querySelector("#headline")?.textContent);
/** @param {Page} page @param {string} words */
const shows = (page, words) => page.waitFor((/** @type {string} */ words) => document.querySelector("#headline")?.textContent === words, 10_000, words);

/** @param {Page} page @param {RegExp} line */
const isRefused = async (page, line) => {
  assert.equal(await headline(page), "Plain words");
  const lines = await page.evaluate("said.filter((text) => text.startsWith('parlour:'))");
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.match(lines[0], line);
  assert.match(await page.evaluate(() => parlour.peek("headline").reason), RANDOMISED, "the page is as for every visitor");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
};

inShop("a preview link", {
  "shows its variant, says so, leaves the address clean and lasts over the tab's pages until it is ended": async (page, shop) => {
    await prepare(shop);
    await visit(page, `${shop.url}/${link()}#top`);
    await shows(page, "Made for you");
    assert.equal(await page.evaluate("location.search + location.hash"), "?a=1&b=%C3%BC#top");
    assert.deepEqual(await page.evaluate(() => parlour.decide("headline")), { experiment: "headline", variant: "new", values: {}, reason: "preview" });
    assert.match((await page.evaluate("told")).join(), /parlour: preview of headline: new, until 20.*nothing is counted.*\?parlour-preview=end/);
    await visit(page, `${shop.url}/next`);
    await shows(page, "Made for you");
    await visit(page, `${shop.url}/next?parlour-preview=end`);
    assert.equal(await headline(page), "Plain words");
    assert.match((await page.evaluate("told")).join(), /the preview has ended/);
    await visit(page, `${shop.url}/`);
    assert.equal(await headline(page), "Plain words");
    assert.deepEqual(await page.evaluate("said"), []);
  },
  "is never counted: no exposure, and what is recorded meanwhile is marked": async (page, shop) => {
    await prepare(shop);
    await visit(page, `${shop.url}/${link()}`);
    await shows(page, "Made for you");
    await page.evaluate(() => parlour.decide("headline"));
    await page.click(".ask");
    await page.waitFor(() => parlour.flush());
    const events = await shop.events();
    assert.deepEqual(events.filter(({ event }) => event === "Experiment Viewed"), []);
    assert.ok(events.length >= 2);
    for (const { event, context } of events) assert.equal(context.parlour.env, "preview", event);
    assert.equal(events.filter(({ text }) => text.includes("parlour-preview")).length, 0, "the token is recorded");
  },
  "shows what is paused, too": async (page, shop) => {
    await prepare(shop);
    await visit(page, `${shop.url}/${link({ experiment: "stopped", variant: "loud" })}`);
    await shows(page, "HELLO");
  },
  "lasts for its page alone before consent, and over the tab once it is given": async (page, shop) => {
    await prepare(shop, { consent: "unknown" });
    await visit(page, `${shop.url}/${link()}`);
    await shows(page, "Made for you");
    assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
    await visit(page, `${shop.url}/next`);
    assert.equal(await headline(page), "Plain words");
    await visit(page, `${shop.url}/${link()}`);
    await page.evaluate(() => parlour.consent("measure"));
    await visit(page, `${shop.url}/next`);
    await shows(page, "Made for you");
    await page.evaluate(() => parlour.consent("denied"));
    assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
  },
  "is refused when it is changed, over, another's, another host's or names nothing": async (page, shop) => {
    await prepare(shop);
    const sound = signToken(PREVIEW, TOKEN);
    const swapped = `${Buffer.from(JSON.stringify({ ...TOKEN, variant: "control" })).toString("base64url")}.${sound.split(".")[1]}`;
    /** @type {[string, RegExp][]} */
    const rows = [
      [`?parlour-preview=${swapped}`, /preview: the preview link was changed, or is signed by another key/],
      [`?parlour-preview=${sound.slice(0, -3)}`, /cut short or was changed/],
      ["?parlour-preview=", /^$/],
      ["?parlour-preview=true", /cut short or was changed/],
      [link({}, STRANGER), /signed by another key/],
      [`?parlour-preview=${signToken(PREVIEW, TOKEN, "parlour plan v1\n")}`, /signed by another key/],
      [link({ expires: Date.now() - 1 }), /has expired/],
      [link({ expires: "never" }), /has expired/],
      [link({ site: "shop.example" }), /is for shop\.example and this page is on 127\.0\.0\.1/],
      [link({ experiment: "secret", variant: "draft" }), /no variant "draft" of "secret".*parlour build --drafts/],
      [link({ variant: "other" }), /no variant "other" of "headline"/],
    ];
    for (const [query, line] of rows) {
      await visit(page, `${shop.url}/${query}`);
      if (query === "?parlour-preview=") assert.deepEqual(await page.evaluate("said"), []);
      else await isRefused(page, line).catch((error) => assert.fail(`${query}: ${error.message}`));
    }
  },
  "is refused where the plan names no key": async (page, shop) => {
    await prepare(shop);
    shop.route("/plan.bin", { body: await buildPlan({ ...CONFIG, previewKey: undefined }) });
    await visit(page, `${shop.url}/${link()}`);
    await isRefused(page, /the plan names no previewKey/);
  },
  "shows a draft that a plan of its own holds, signed where the page has a key": async (page, shop) => {
    const drafts = await buildPlan(WITH_DRAFT, ["--drafts"]);
    const query = link({ experiment: "secret", variant: "draft" });
    shop.route("/preview.bin", { body: drafts });
    await prepare(shop, { tag: { "data-preview-plan": "/preview.bin" } });
    await visit(page, `${shop.url}/${query}`);
    await shows(page, "Not yet told");
    assert.equal(shop.requests("/preview.bin").length, 1);
    await page.evaluate(() => sessionStorage.clear());
    shop.route("/plan.bin", { body: signPlan(shop.plan, SITE) });
    await prepare(shop, { tag: { "data-preview-plan": "/preview.bin", "data-key": SITE.text } });
    await visit(page, `${shop.url}/${query}`);
    await isRefused(page, /preview: the plan is not signed/);
    shop.route("/preview.bin", { body: signPlan(drafts, SITE) });
    await visit(page, `${shop.url}/${query}`);
    await shows(page, "Not yet told");
  },
}, { config: CONFIG });

inShop("an address without a token", {
  "forces nothing, and costs no chunk": async (page, shop) => {
    await prepare(shop);
    for (const query of ["?headline=new", "?parlour=new", "?parlour-force=headline:new", "?gb.headline=1", "?headline=1", "#parlour-preview=x"]) {
      await visit(page, `${shop.url}/${query}`);
      assert.equal(await headline(page), "Plain words", query);
      assert.match(await page.evaluate(() => parlour.peek("headline").reason), RANDOMISED, query);
    }
    assert.deepEqual([...shop.requests("/parlour-preview.js"), ...shop.requests("/parlour-signed.js")], []);
  },
}, { config: CONFIG, engines: ["chromium"] });

inEveryEngine("a colleague opens the link that `parlour preview` printed, and `parlour serve` answers the draft to nobody else", async (browser) => {
  const folder = mkdtempSync(join(tmpdir(), "parlour-"));
  const www = join(folder, "www");
  for (const name of ["parlour.iife.js", "parlour.wasm", "parlour-preview.js"]) cpSync(join(DIST, name), join(www, name));
  writeFileSync(join(www, "index.html"), pageHtml({ head: `<script>${LISTEN}${STUB}</script>${scriptTag({ ...TAG, "data-consent": "measure" })}` }));
  writeFileSync(join(folder, "parlour.json"), JSON.stringify({ ...WITH_DRAFT, previewKey: undefined }));
  const site = await serveSite(folder, ["--config", join(folder, "parlour.json"), "--www", www]);
  try {
    const key = site.said.match(/--key (\S+) /)?.[1];
    assert.ok(key, site.said);
    const url = (await command(["preview", "--key", key, "--experiment", "secret", "--variant", "draft", "--url", `${site.url}/`])).trim();
    const [colleague, visitor] = [await browser.newPage({ fresh: true }), await browser.newPage({ fresh: true })];
    await visit(colleague, url);
    await shows(colleague, "Not yet told");
    await visit(visitor, `${site.url}/`);
    assert.equal(await headline(visitor), "Plain words");
    assert.equal(await visitor.evaluate(() => parlour.peek("secret").reason), "unknown");
    assert.equal(await visitor.evaluate(async () => (await (await fetch("/plan.bin")).text()).includes("Not yet told")), false);
    assert.equal(await visitor.evaluate(async () => (await fetch("/plan.bin?parlour-preview=x.y")).status), 403);
    for (const page of [colleague, visitor]) await page.close();
  } finally {
    await site.close();
    rmSync(folder, { recursive: true });
  }
});
