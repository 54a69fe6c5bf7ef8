// @ts-check
/**
 * What a visitor's connection carries, counted by Chromium itself (`Network.loadingFinished`: headers and compressed
 * body; headers apart, because they are the server's) from an empty cache on the demonstration shop, until nothing has moved for five seconds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../../tests/browser/drivers/index.mjs";
import { endGroup, spawnGroup } from "../../tests/browser/drivers/children.mjs";
import { sleep } from "../../tests/browser/drivers/wait.mjs";
import { COMMAND } from "../build/native.mjs";
import { DIST } from "../build/dist.mjs";
import { Failure, ROOT } from "../run.mjs";

const IDLE_MS = 5000;
/** What Parlour has the page fetch, whoever serves it. */
const OURS = /^\/(parlour[\w.-]*\.(js|wasm)|plan\.bin|cards\.json|v1\/batch)$/;
const CODE = /\.(js|wasm)$/;

/** @typedef {{path: string, bytes: number, headers: number, encoding: string}} Fetched `bytes` with the headers */
/** @typedef {{home: Fetched[], visit: Fetched[], memoryBytes: number, slotCards: number, batches: number}} Measured */

/** @returns {Promise<Measured>} */
export async function measureDemo() {
  const shop = await startShop();
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage({ fresh: true });
    const traffic = await watch(page);
    await page.goto(`${shop.url}/`);
    await page.click("[data-consent=personalise]");
    await traffic.idle(IDLE_MS);
    const home = traffic.fetched();
    const slotCards = await page.evaluate("document.querySelectorAll('#for-you a').length");
    await buy(page, shop.url);
    await traffic.idle(IDLE_MS);
    const visit = traffic.fetched();
    return { home, visit, memoryBytes: await initialMemory(shop.url), slotCards, batches: visit.filter(({ path }) => path === "/v1/batch").length };
  } finally {
    await browser.close();
    await shop.close();
  }
}

/** All that is JavaScript or wasm. @param {Fetched[]} fetched */
export const code = (fetched) => fetched.filter(({ path }) => CODE.test(path));

/** @param {Fetched[]} fetched */
export const sum = (fetched) => fetched.reduce((total, { bytes }) => total + bytes, 0);

/** Compressed bodies alone. @param {Fetched[]} fetched */
export const bodies = (fetched) => fetched.reduce((total, { bytes, headers }) => total + bytes - headers, 0);

/** A product page by its link, into the cart, through checkout. @param {import("../../tests/browser/drivers/index.mjs").Page} page @param {string} url */
async function buy(page, url) {
  const product = await page.evaluate("document.querySelector('main a[href^=\"/product/\"]').href");
  await page.goto(product);
  await page.click("#add");
  await page.waitFor("!document.querySelector('[data-added]').hidden");
  await page.goto(`${url}/cart`);
  await page.goto(`${url}/checkout`);
  await page.evaluate(() => {
    for (const input of document.querySelectorAll("form.pay input:not([type=radio])")) /** @type {HTMLInputElement} */ (input).value = /** @type {HTMLInputElement} */ (input).type === "email" ? "a@b.example" : "12345";
  });
  await page.click("form.pay button[type=submit]");
  await page.waitFor("location.pathname.startsWith('/thanks')");
}

/** @param {import("../../tests/browser/drivers/index.mjs").Page} page */
async function watch(page) {
  const session = await page.raw.createCDPSession();
  /** @type {Map<string, Fetched>} */
  const open = new Map();
  /** @type {Fetched[]} */
  const done = [];
  let last = Date.now();
  const moved = () => void (last = Date.now());
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", moved);
  session.on("Network.responseReceived", (/** @type {any} */ { requestId, response }) => {
    moved();
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
    open.set(requestId, { path: new URL(response.url).pathname, bytes: 0, headers: response.encodedDataLength, encoding: headers["content-encoding"] ?? "" });
  });
  session.on("Network.loadingFinished", (/** @type {any} */ { requestId, encodedDataLength }) => {
    moved();
    const fetched = open.get(requestId);
    if (fetched && OURS.test(fetched.path)) done.push({ ...fetched, bytes: encodedDataLength });
  });
  return {
    fetched: () => [...done],
    /** @param {number} quietMs */
    async idle(quietMs) {
      while (Date.now() - last < quietMs) await sleep(100);
    },
  };
}

/** @param {string} url */
async function initialMemory(url) {
  const module = await WebAssembly.compile(await (await fetch(`${url}/parlour.wasm`)).arrayBuffer());
  /** @type {WebAssembly.Imports} */
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => {};
  const { memory } = new WebAssembly.Instance(module, imports).exports;
  return /** @type {WebAssembly.Memory} */ (memory).buffer.byteLength;
}

/** The demonstration shop over `dist/`, or over PARLOUR_DIST, on a free port with a store of its own. */
async function startShop() {
  const folder = await mkdtemp(join(tmpdir(), "parlour-"));
  const args = ["serve", "--demo", "--port", "0", "--db", join(folder, "demo.db"), "--www", process.env.PARLOUR_DIST ?? DIST];
  const child = spawnGroup(join(ROOT, COMMAND), args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  /** @type {string} */
  const url = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      said += text;
      const found = /^shop\s+(http:\S+?)\/ /m.exec(said);
      if (found) resolve(found[1]);
    });
    child.once("error", reject);
    child.once("exit", (status) => reject(new Failure(`parlour serve --demo ended with ${status}: ${said}`)));
  });
  return {
    url,
    async close() {
      await endGroup(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
