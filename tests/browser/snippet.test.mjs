// @ts-check
// The head snippet in three engines, as `parlour snippet` prints it: each file fetched once, what will change hidden and
// nothing else, under strict policies, and shown again whatever becomes of the script.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parlour as command } from "./command.mjs";
import { DIST } from "./server.mjs";
import { inShop, pageHtml } from "./shop.mjs";

/** @typedef {import("./shop.mjs").Shop} Shop */

const parlour = /** @type {any} */ (undefined);

const CONFIG = {
  site: ["127.0.0.1"],
  experiments: {
    banner: { status: "running", variants: { control: { weight: 0 }, new: { changes: [{ select: ["#banner", ":unknown-here"], text: "Made for you" }] } } },
    // A page may not be hidden as a whole.
    whole: { status: "running", variants: { control: {}, new: { changes: [{ select: "body", class: { add: "new" } }] } } },
    paused: { status: "paused", variants: { control: {}, new: { changes: [{ select: "#paused", text: "Never" }] } } },
  },
};
const BODY = `<h1 id="other">Other</h1><p id="paused">Paused</p><p id="banner">Plain <i class="inner">words</i></p>`;

/** @param {Shop} shop @param {string[]} [options] @returns {Promise<{html: string, script: string, hash: string, selectors: string[]}>} */
const snippet = async (shop, options = []) => {
  const folder = await mkdtemp(join(tmpdir(), "parlour-"));
  try {
    await writeFile(join(folder, "plan.bin"), shop.plan);
    return JSON.parse(await command(["snippet", join(folder, "plan.bin"), "--consent", "measure", "--format", "json", ...options]));
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Watches, from the head on, what can be seen at each frame. */
const WATCH = `window.frames_ = []; (function watch() {
  const see = (id) => { const element = document.getElementById(id); return element && getComputedStyle(element).visibility === "visible" ? element.textContent : ""; };
  if (document.body) frames_.push([see("banner"), see("other"), see("paused")].join("|"));
  requestAnimationFrame(watch); })();`;
/** However slow the machine is, no time passes between frames: what is hidden stays so until it is decided. */
const FREEZE = "{ const frame = requestAnimationFrame; window.requestAnimationFrame = (next) => frame(() => next(1)); }";

inShop(
  "the head snippet",
  {
    "fetches each file once, and shows no frame of the original": async (page, shop) => {
      const { html, selectors } = await snippet(shop);
      assert.deepEqual(selectors, ["#banner", ":unknown-here", "body"]);
      shop.route("/", { body: pageHtml({ head: `<script>${WATCH}${FREEZE}</script>${html}`, body: BODY }) });
      await page.goto(`${shop.url}/`);
      await page.waitFor(() => document.getElementById("banner")?.textContent === "Made for you");
      await page.waitFor("frames_.includes('Made for you|Other|Paused')");
      const frames = await page.evaluate("[...new Set(frames_)]");
      assert.ok(!(/** @type {string[]} */ (frames).some((seen) => seen.startsWith("Plain"))), `${frames}`);
      assert.ok(/** @type {string[]} */ (frames).includes("Made for you|Other|Paused"), `${frames}`);
      assert.deepEqual(await page.evaluate("document.adoptedStyleSheets.length"), 0);
      for (const path of ["/parlour.iife.js", "/parlour.wasm", "/plan.bin"]) assert.equal(shop.requests(path).length, 1, path);
    },
    "with digests, too, each file is fetched once; a digest that the snippet does not know is asked for again": async (page, shop) => {
      const { html } = await snippet(shop, ["--integrity", join(DIST, "integrity.json")]);
      assert.match(html, / integrity="sha384-.* data-integrity="/);
      for (const [path, head, times] of /** @type {const} */ ([["/checked", html, 1], ["/unaware", html.replace(/,"sha384-[^"]*"\)<\/script>/, ")</script>"), 2]])) {
        const before = shop.requests("/parlour.wasm").length;
        shop.route(path, { body: pageHtml({ head: `<script>${FREEZE}</script>${head}`, body: BODY }) });
        await page.goto(shop.url + path);
        await page.waitFor(() => document.getElementById("banner")?.textContent === "Made for you");
        assert.equal(shop.requests("/parlour.wasm").length - before, times, path);
      }
      shop.route("/parlour.wasm", { body: Buffer.concat([readFileSync(join(DIST, "parlour.wasm")), Buffer.from([0, 2, 1, 120])]) });
      shop.route("/tampered", { body: pageHtml({ head: html, body: BODY }) });
      await page.goto(`${shop.url}/tampered`);
      await page.waitFor("window.parlour?.start && parlour.ready().then(() => true)");
      assert.equal(await page.evaluate(() => document.getElementById("banner")?.textContent), "Plain words");
    },
    "hides what will change and nothing else, and shows it again when no script comes": async (page, shop) => {
      const { html } = await snippet(shop);
      shop.route("/parlour.iife.js", { status: 404, body: "nothing" });
      shop.route("/", { body: pageHtml({ head: `<script>${WATCH}</script>${html}`, body: BODY }) });
      await page.goto(`${shop.url}/`);
      await page.waitFor(() => /** @type {any} */ (globalThis).parlour.hidden.gone);
      await page.waitFor("frames_.at(-1) === 'Plain words|Other|Paused'");
      const frames = /** @type {string[]} */ (await page.evaluate("[...new Set(frames_)]"));
      assert.ok(frames.includes("|Other|Paused"), `hidden first: ${frames}`);
      assert.ok(frames.every((seen) => seen === "||" || seen.endsWith("|") || seen.includes("Other")), `${frames}`);
    },
    "works under a policy that allows it by its hash, and under one of nonces with Trusted Types": async (page, shop) => {
      const { html, hash } = await snippet(shop);
      shop.route("/freeze.js", { body: FREEZE });
      const rest = "style-src 'self'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'";
      const nonced = (await snippet(shop, ["--nonce", "x"])).html;
      for (const [path, csp, head] of [
        ["/hash", `default-src 'self'; script-src 'self' '${hash}' 'wasm-unsafe-eval'; ${rest}`, html],
        ["/nonce", `default-src 'self'; script-src 'nonce-x' 'strict-dynamic' 'wasm-unsafe-eval'; ${rest}`, nonced],
      ]) {
        shop.route(path, { body: pageHtml({ head: `<script src="/freeze.js" nonce="x"></script>${head}`, body: BODY }), csp });
        await page.goto(shop.url + path);
        assert.equal(await page.evaluate("typeof parlour"), "function", path);
        await page.waitFor(() => document.getElementById("banner")?.textContent === "Made for you");
        assert.equal(await page.evaluate(() => parlour.peek("banner").variant), "new", path);
      }
    },
  },
  { config: CONFIG },
);
