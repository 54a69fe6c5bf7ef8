// @ts-check
// What visitors see while Parlour comes: over slow 4G (and in Chromium at a quarter of the machine's speed) no frame shows
// what was shown before in another state, and what nobody changes is painted while Parlour's files are still on their way.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { openPlan } from "../../www/server.js";
import { buildPlan, snippet } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { until } from "./drivers/wait.mjs";
import { filmOf, flickers, probe, statesOf } from "./frames.mjs";
import { LINES, startLink } from "./link.mjs";
import { DIST, startServer } from "./server.mjs";
import { scriptTag, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./drivers/index.mjs").Browser} Browser */
/** @typedef {import("./drivers/index.mjs").Page} Page */
/** @typedef {import("./frames.mjs").State} State */

const parlour = /** @type {any} */ (undefined);
const seen = /** @type {any} */ (undefined);

const COLOURS = /** @type {const} */ ({ original: [200, 0, 0], variant: [0, 120, 0] });
const CONFIG = {
  site: ["127.0.0.1"],
  experiments: {
    offer: {
      status: "running",
      variants: {
        control: { weight: 0 },
        new: { weight: 1, changes: [{ select: "#offer", text: "Delivery by tomorrow" }, { select: "#offer", css: { "background-color": `rgb(${COLOURS.variant})`, color: `rgb(${COLOURS.variant})` } }] },
      },
    },
  },
};
const WATCHED = { title: { select: "h1", variant: "never", tell: "/painted" }, offer: { select: "#offer", variant: "tomorrow" } };
const STYLE = `#offer { height: 60px; background: rgb(${COLOURS.original}); color: rgb(${COLOURS.original}) }`;
/** Of Parlour's, all that may come late. */
const FILES = ["/parlour.iife.js", "/parlour.wasm", "/plan.bin"];
const ASYNC = `<script>${STUB}</script>${scriptTag({ ...TAG, "data-consent": "measure" })}`;
const CONSENT = ["--consent", "measure"];

/** @param {string} head @param {string} [offer] */
const html = (head, offer = '<p id="offer">Delivery in five days</p>') => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Offer</title>${probe(WATCHED)}<link rel="icon" href="data:,">
${head}<link rel="stylesheet" href="/style.css"></head><body><h1>Mugs</h1>${offer}${"<p>Stoneware, by hand.</p>".repeat(200)}</body></html>`;

/** A server, and a slow line before it, whose port is a visitor of its own. */
async function startSite() {
  const dist = resolve(process.env.PARLOUR_DIST ?? DIST);
  const server = await startServer({ folders: [dist] });
  const body = await buildPlan(CONFIG);
  server.route("/style.css", { body: STYLE });
  server.route("/painted", { body: "" });
  const link = await startLink(server, LINES.slow4g);
  return {
    ...server,
    url: link.url,
    /** What `parlour snippet` prints. @param {string[]} options */
    head: (...options) => snippet(body, [...CONSENT, ...options]),
    /** What a server that decided for this visitor writes into the head. */
    async decided() {
      const { decide } = await openPlan({ plan: body, wasm: readFileSync(join(dist, "parlour.wasm")) });
      return decide({ url: `${link.url}/`, consent: "measure" }).script;
    },
    /** @param {Promise<unknown>} [until] when Parlour's files come */
    hold(until) {
      for (const file of FILES) server.route(file, { until, ...(file === "/plan.bin" && { body }) });
    },
    close: () => Promise.all([link.close(), server.close()]),
  };
}

/** @typedef {Awaited<ReturnType<typeof startSite>>} Site */
/** @typedef {{offer: State[], film: State[], reason: string}} Shown */

/** @typedef {{page: Page, site: Site, isFilmed: boolean}} Visit */
/** `held`: Parlour's files come once the title was painted. @typedef {{held?: boolean, offer?: string}} How */

/**
 * One view of the page, and what it showed.
 * @param {Visit} visit @param {string} head @param {How} [how]
 * @returns {Promise<Shown>}
 */
async function view({ page, site, isFilmed }, head, { held = false, offer } = {}) {
  site.route("/", { body: html(head, offer) });
  const before = site.requests("/painted").length;
  const painted = until(async () => site.requests("/painted").length > before, 20_000, "what nobody changes is painted while Parlour's files are held back");
  site.hold(held ? painted.catch(() => {}) : undefined);
  await page.goto("about:blank");
  const film = isFilmed ? await filmOf(page, COLOURS) : undefined;
  await Promise.all([page.goto(`${site.url}/`), painted]);
  await page.waitFor(() => parlour.start && parlour.ready().then(() => true));
  const from = await page.evaluate(() => seen.frames);
  await page.waitFor((/** @type {number} */ from) => seen.frames > from + 10, 10_000, from);
  const [sequence, reason] = await page.evaluate(() => [seen.of.offer, parlour.peek("offer").reason]);
  return { offer: statesOf(sequence), film: (await film?.end())?.states ?? [], reason };
}

/** Neither the probe nor the film saw anything turn into something else, and what was shown is what Parlour says. @param {Shown} shown */
function isSteady({ offer, film, reason }) {
  const text = JSON.stringify({ offer, film, reason });
  assert.ok(!flickers(offer) && !flickers(film), text);
  assert.deepEqual([offer.at(-1), reason], reason === "late" ? ["original", "late"] : ["variant", "bucketed"], text);
  if (film.length) assert.equal(film.at(-1), offer.at(-1), text);
}

/** The variant from its first frame on. @param {Shown} shown */
function isFirst(shown) {
  isSteady(shown);
  assert.deepEqual([shown.offer.includes("original"), shown.reason], [false, "bucketed"], JSON.stringify(shown));
}

/** @type {Record<string, (visit: Visit) => Promise<void>>} */
const CLAIMS = {
  "an async tag that comes late leaves the original": async (visit) => {
    const shown = await view(visit, ASYNC, { held: true });
    isSteady(shown);
    assert.equal(shown.reason, "late");
  },
  "the head snippet hides the offer alone, while the files are on their way": async (visit) => {
    const shown = await view(visit, await visit.site.head(), { held: true });
    isSteady(shown);
    assert.ok(shown.offer.includes("hidden"), JSON.stringify(shown));
  },
  "the head snippet shows the variant, or leaves the original": async (visit) => isSteady(await view(visit, await visit.site.head())),
  "parlour.first.js shows what the last visit decided, and never the original": async (visit) => {
    const head = await visit.site.head("--first");
    await view(visit, head);
    isFirst(await view(visit, head, { held: true }));
  },
  "a decision from the server is never seen as anything else": async (visit) => {
    const { head, decided } = visit.site;
    const offer = `<p id="offer" style="background: rgb(${COLOURS.variant}); color: rgb(${COLOURS.variant})">Delivery by tomorrow</p>`;
    isFirst(await view(visit, (await decided()) + (await head("--first")), { held: true, offer }));
  },
};

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: what visitors see`);
  describe(`over a slow line [${name}]`, { skip: missing }, () => {
    /** @type {Browser} */
    let browser;
    /** @type {Page} */
    let page;
    before(async () => {
      browser = await launch(name);
      page = await browser.newPage();
      if (name === "chromium") await page.raw.emulateCPUThrottling(4);
    });
    after(() => browser?.close());
    for (const [claim, body] of Object.entries(CLAIMS))
      test(claim, { timeout: 120_000 }, async () => {
        const site = await startSite();
        try {
          await body({ page, site, isFilmed: name === "chromium" });
        } finally {
          await site.close();
        }
      });
  });
}
