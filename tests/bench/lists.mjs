// @ts-check
/**
 * `npm run bench:lists`: opening a model, co-visitation and a whole slot in Node and in Chromium, at 18,000 items of a real
 * shop and at 43,000 generated ones, beside the same sums in a Map. Times are those of the fastest turn.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "../../scripts/run.mjs";
import { isInstalled, launch } from "../browser/drivers/index.mjs";
import { startServer } from "../browser/server.mjs";
import { generate } from "./clicks.mjs";
import { contest } from "./lists-contest.mjs";

const path = (/** @type {string} */ from) => fileURLToPath(new URL(from, import.meta.url));
const parlour = (/** @type {string[]} */ ...args) => execFileSync(join(ROOT, "target/release/parlour"), args, { stdio: ["ignore", "pipe", "ignore"] });
const SHOP = join(ROOT, "../shared/data/sessions");
/** All a slot may ask for at once. */
const SLOT = {
  select: "#s", cards: "/c.json", strategies: ["covisit", "alike", "affinity", "popular"], exclude: ["in_cart", "purchased", "out_of_stock", "seen"],
  where: { price: { most: 90 } }, boost: [{ where: { brand: "b7" }, by: 1.5 }], pins: [{ item: "none", at: 1 }], diversity: 0.3, rotation: 0.2, affinity: 0.3, least: 2,
};

/** @param {string} csv @returns {string[][]} */
function sessionsOf(csv) {
  /** @type {Map<string, string[]>} */
  const sessions = new Map();
  for (const line of csv.split("\n").slice(1)) {
    const [session, item] = line.split(/[,\t]/);
    if (item) sessions.set(session, [...(sessions.get(session) ?? []), item.trim()]);
  }
  return [...sessions.values()].slice(0, 1000);
}

/** @param {any} given @returns {Promise<import("./lists-contest.mjs").Measured>} */
async function inChromium({ model, sessions, plan }) {
  const bundled = await build({ entryPoints: [path("lists-contest.mjs")], bundle: true, minify: true, write: false, format: "iife", globalName: "bench", platform: "browser", logLevel: "error" });
  const server = await startServer({ folders: [path("../../dist")] });
  server.route("/", { body: "<!doctype html><title>bench</title><script src=/bench.js></script>" });
  server.route("/bench.js", { body: bundled.outputFiles[0].text });
  server.route("/model.bin", { body: Buffer.from(model) });
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/`);
    return await page.evaluate(async (/** @type {string[][]} */ sessions, /** @type {number[]} */ plan) => {
      const module = (/** @type {string} */ name) => WebAssembly.compileStreaming(fetch(name));
      const [runtime, lists, models] = await Promise.all(["/parlour.wasm", "/parlour-lists.wasm", "/parlour-models.wasm"].map(module));
      const model = new Uint8Array(await (await fetch("/model.bin")).arrayBuffer());
      return /** @type {any} */ (globalThis).bench.contest({ runtime, lists, models }, { model, sessions, plan: Uint8Array.from(plan) });
    }, sessions, [...plan]);
  } finally {
    await browser.close();
    await server.close();
  }
}

const dir = await mkdtemp(join(tmpdir(), "parlour-bench-"));
try {
  const file = (/** @type {string} */ name) => join(dir, name);
  await writeFile(file("parlour.json"), JSON.stringify({ site: ["127.0.0.1"], slots: { s: SLOT } }));
  parlour("build", file("parlour.json"), "-o", file("plan.bin"));
  /** @type {[string, Buffer, string[][]][]} */
  const shops = [];
  if (existsSync(SHOP)) {
    parlour("train", join(SHOP, "serenade_toy_train.csv.gz"), "-o", file("shop.bin"));
    shops.push(["a web shop's", await readFile(file("shop.bin")), sessionsOf(gunzipSync(await readFile(join(SHOP, "serenade_toy_test.csv.gz"))).toString())]);
  } else console.error("SKIPPED: ../shared/data/sessions is not here");
  await generate(file("clicks.csv"), 1_000_000);
  parlour("train", file("clicks.csv"), "-o", file("generated.bin"));
  shops.push(["generated", await readFile(file("generated.bin")), sessionsOf(await readFile(file("clicks.csv"), "utf8"))]);
  const module = async (/** @type {string} */ name) => WebAssembly.compile(await readFile(path(`../../dist/${name}`)));
  const modules = { runtime: await module("parlour.wasm"), lists: await module("parlour-lists.wasm"), models: await module("parlour-models.wasm") };
  const plan = await readFile(file("plan.bin"));
  console.log(`load ${loadavg()[0].toFixed(1)}\n\n| items | where | a model opened | co-visitation, top 20 | the same in a Map | a whole slot | lists alike |\n| --- | --- | --- | --- | --- | --- | --- |`);
  for (const [what, model, sessions] of shops) {
    const given = { model, sessions, plan };
    /** @type {[string, import("./lists-contest.mjs").Measured][]} */
    const told = [[`Node ${process.versions.node}`, await contest(modules, given)]];
    if (isInstalled("chromium")) told.push(["Chromium", await inChromium(given)]);
    else console.error("SKIPPED: Chromium is not installed");
    for (const [where, { items, opening, covisit, inMap, slot, same, sessions: count }] of told)
      console.log(`| ${items.toLocaleString("en")}, ${what} | ${where} | ${opening.toFixed(1)} ms | ${covisit.toFixed(1)} µs | ${inMap.toFixed(1)} µs, ${(inMap / covisit).toFixed(1)} times as long | ${slot.toFixed(1)} µs | ${same} of ${count} |`);
  }
} finally {
  await rm(dir, { recursive: true });
}
