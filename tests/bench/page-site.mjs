// @ts-check
/**
 * The page of the contest, once for each way to change it: a style sheet, a headline, an offer in the first viewport
 * that everyone gets in another wording and colour, a picture, text. All files are cached as their makers say.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { openPlan } from "../../www/server.js";
import { buildPlan, snippet } from "../browser/command.mjs";
import { probe } from "../browser/frames.mjs";
import { DIST, startServer } from "../browser/server.mjs";

const path = (/** @type {string} */ from) => fileURLToPath(new URL(from, import.meta.url));
const [ORIGINAL, VARIANT, COLOUR] = ["Delivery in three to five days", "Free delivery over €50, by tomorrow", "rgb(0, 96, 48)"];
const FOLDER = resolve(process.env.PARLOUR_DIST ?? DIST);
const FOREVER = "public, max-age=31536000, immutable";

const config = (/** @type {"skip" | "apply"} */ late) => ({
  site: ["127.0.0.1"],
  late,
  experiments: {
    offer: {
      status: "running",
      variants: { control: { weight: 0 }, new: { weight: 1, changes: [{ select: "#offer", text: VARIANT }, { select: "#offer", css: { "background-color": COLOUR } }] } },
    },
  },
});

/** What GrowthBook's API answers for the same experiment, made with its visual editor. */
const PAYLOAD = {
  status: 200,
  features: {},
  experiments: [{
    key: "offer", status: "running", changeId: "vc_offer", hashAttribute: "id", hashVersion: 2, seed: "offer", coverage: 1, weights: [0, 1], phase: "0", name: "offer",
    meta: [{ key: "0", name: "Control" }, { key: "1", name: "New" }],
    variations: [{}, { domMutations: [{ selector: "#offer", action: "set", attribute: "html", value: VARIANT }], css: `#offer{background-color:${COLOUR}!important}` }],
    urlPatterns: [{ type: "simple", include: true, pattern: "*" }],
  }],
  dateUpdated: "2026-11-01T00:00:00.000Z",
};

const STUB = "<script>window.parlour=window.parlour||function(){(parlour.q=parlour.q||[]).push(arguments)}</script>";
const tag = (/** @type {string} */ plan) => `${STUB}<script src="/parlour.iife.js" data-plan="${plan}" data-endpoint="/v1/batch" data-consent="measure" async></script>`;

/** @typedef {{name: string, head: string, path: string, isRendered: boolean}} Install `isRendered`: the server wrote the variant */
/** @typedef {Record<"skip" | "apply", Uint8Array>} Plans by what becomes of late changes */

const RENDERED = "decision from the server, and `parlour.first.js`";

/** @param {Plans} plans @returns {Promise<Install[]>} */
const installs = async ({ skip, apply }) => {
  const head = (/** @type {Uint8Array} */ plan, /** @type {string[]} */ ...options) => snippet(plan, ["--consent", "measure", "--endpoint", "/v1/batch", ...options]);
  const server = await openPlan({ plan: skip, wasm: readFileSync(join(FOLDER, "parlour.wasm")) });
  const { script } = server.decide({ url: "http://127.0.0.1/", consent: "measure" });
  return Object.entries({
    "no tool": "",
    "GrowthBook, script tag": '<script async data-api-host="." data-client-key="sdk-bench" data-no-streaming="1" src="/growthbook/auto.min.js"></script>',
    "async tag": tag("/plan.bin"),
    "async tag, `\"late\": \"apply\"`": tag("/plan-apply.bin"),
    "head snippet": await head(skip),
    "head snippet, `\"late\": \"apply\"`": await head(apply, "--plan-url", "/plan-apply.bin"),
    "head snippet and `parlour.first.js`": await head(skip, "--first"),
    [RENDERED]: script + (await head(skip, "--first")),
  }).map(([name, head], at) => ({ name, head, path: `/${at}`, isRendered: name === RENDERED }));
};

/** Reproducible noise, which no compression makes smaller. @param {number} length */
const noise = (length) => {
  let state = 1;
  return Uint8Array.from({ length }, () => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16) & 255);
};

/** A bitmap of noise, 240 by 180 in 256 greys: 44 KB. */
function picture() {
  const [width, height, palette] = [240, 180, 54];
  const pixels = palette + 1024;
  const header = Buffer.alloc(pixels);
  header.write("BM");
  for (const [at, value] of [[2, pixels + width * height], [10, pixels], [14, 40], [18, width], [22, height]]) header.writeUInt32LE(value, at);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(8, 28);
  for (let grey = 0; grey < 256; grey++) header.fill(grey, palette + 4 * grey, palette + 4 * grey + 3);
  return Buffer.concat([header, noise(width * height)]);
}

const STYLE = `body{font:16px/1.5 sans-serif;margin:0 auto;max-width:60em}#offer{padding:1em;background:#ddd}h1{font-size:2em}img{width:240px;height:180px}
/*${Buffer.from(noise(9000)).toString("base64").slice(0, 10_000)}*/`;
const TEXT = `<p>${Buffer.from(noise(45)).toString("base64").replaceAll(/[+/=]/g, " ")}</p>`;

/** @param {Install} install */
const html = ({ head, isRendered }) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mugs</title>${probe({ offer: { select: "#offer", variant: VARIANT } })}<link rel="icon" href="data:,">
${head}<link rel="stylesheet" href="/style.css"></head><body><h1>Mugs of stoneware</h1>${isRendered ? `<p id="offer" style="background-color:${COLOUR}">${VARIANT}</p>` : `<p id="offer">${ORIGINAL}</p>`}<img src="/picture.bmp" alt="">${TEXT.repeat(90)}</body></html>`;

export async function startContest() {
  const server = await startServer({ folders: [FOLDER] });
  const route = (/** @type {string} */ at, /** @type {string | Uint8Array} */ body, /** @type {string} */ cache) =>
    server.route(at, { body: brotliCompressSync(body), headers: { "cache-control": cache, "content-encoding": "br" } });
  server.all({ headers: { "cache-control": FOREVER } });
  const plans = { skip: await buildPlan(config("skip")), apply: await buildPlan(config("apply")) };
  const list = await installs(plans);
  for (const install of list) route(install.path, html(install), "no-cache");
  route("/style.css", STYLE, FOREVER);
  server.route("/picture.bmp", { body: picture(), type: "image/bmp" });
  // As `parlour serve` sends it.
  route("/plan.bin", plans.skip, "public, max-age=60");
  route("/plan-apply.bin", plans.apply, "public, max-age=60");
  route("/growthbook/auto.min.js", readFileSync(path("../../node_modules/@growthbook/growthbook/dist/bundles/auto.min.js")), FOREVER);
  // As cdn.growthbook.io sends it.
  route("/api/features/sdk-bench", JSON.stringify(PAYLOAD), "public, max-age=30, stale-while-revalidate=3600, stale-if-error=36000");
  return { ...server, installs: list };
}
