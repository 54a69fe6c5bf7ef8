// @ts-check
/**
 * `npm run bench`: what one decision costs beside GrowthBook's SDK, flagd's core and Amplitude's core in the same
 * process, in Node and in Chromium. Times are those of the fastest turn: what else a machine does only adds.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { isInstalled, launch } from "../browser/drivers/index.mjs";
import { startServer } from "../browser/server.mjs";
import { config, contest } from "./contest.mjs";

const path = (/** @type {string} */ from) => fileURLToPath(new URL(from, import.meta.url));
const file = (/** @type {string} */ name) => readFile(path(`../../dist/${name}`));

/** @typedef {import("./contest.mjs").Result} Result */

/** @param {string} where @param {Result[]} results */
function print(where, results) {
  const [ours] = results;
  const number = (/** @type {number} */ value, /** @type {number} */ width) => value.toLocaleString("en", { maximumFractionDigits: 0 }).padStart(width);
  console.log(`\n${where}\n${"".padEnd(28)}ns a decision  telling alone  again, nothing new  ratio  in or out as Parlour says`);
  for (const { name, deciding, telling, again, same, compared } of results)
    console.log(`${name.padEnd(28)}${number(deciding, 13)}${number(telling, 15)}${number(again, 20)}${(deciding / ours.deciding).toFixed(1).padStart(7)}  ${number(same, 5)} of ${number(compared, 5)}`);
}

/** @param {Uint8Array} plan @returns {Promise<Result[]>} */
async function inChromium(plan) {
  const bundled = await build({ entryPoints: [path("contest.mjs")], bundle: true, minify: true, write: false, format: "iife", globalName: "bench", platform: "browser", logLevel: "error" });
  const server = await startServer({ folders: [path("../../dist")] });
  server.route("/", { body: "<!doctype html><title>bench</title><script src=/bench.js></script>" });
  server.route("/bench.js", { body: bundled.outputFiles[0].text });
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/`);
    return await page.evaluate(async (/** @type {number[]} */ bytes) => {
      const module = await WebAssembly.compileStreaming(fetch("/parlour.wasm"));
      return /** @type {any} */ (globalThis).bench.contest(module, Uint8Array.from(bytes));
    }, [...plan]);
  } finally {
    await browser.close();
    await server.close();
  }
}

const authoring = await import(new URL("../../dist/parlour-authoring.js", import.meta.url).href);
await authoring.init(await file("parlour-authoring.wasm"));
const { plan, lines } = await authoring.compile(JSON.stringify(config()));
if (!plan) throw Error(lines.join("\n"));

console.log("100 experiments of 3 variants, an audience of 4 clauses each, half of them matching; another visitor and two other facts each time");
print(`Node ${process.versions.node}`, contest(await WebAssembly.compile(await file("parlour.wasm")), plan));
if (isInstalled("chromium")) print("Chromium", await inChromium(plan));
else console.error("SKIPPED: Chromium is not installed");
