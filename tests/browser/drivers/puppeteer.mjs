// @ts-check
/** Chromium over CDP and Firefox over WebDriver BiDi, both through puppeteer-core. */
import puppeteer from "puppeteer-core";
import { findChromium, findFirefox } from "./find.mjs";
import { until } from "./wait.mjs";

const CHROMIUM_ARGS = [
  "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--no-first-run",
];

/** @param {"chromium" | "firefox"} name @param {string[]} [args] @returns {Promise<import("./index.mjs").Browser>} */
export async function launchPuppeteer(name, args = []) {
  const browser = await puppeteer.launch(
    name === "firefox"
      ? { browser: "firefox", executablePath: findFirefox(), headless: true }
      : { executablePath: findChromium(), headless: true, args: [...CHROMIUM_ARGS, ...args] },
  );
  return {
    name,
    hasConsole: true,
    async newPage({ fresh = false } = {}) {
      if (!fresh) return wrap(await browser.newPage());
      const context = await browser.createBrowserContext();
      return wrap(await context.newPage(), () => context.close());
    },
    close: () => browser.close(),
  };
}

/** @param {import("puppeteer-core").Page} raw @param {() => Promise<void>} [dispose] @returns {import("./index.mjs").Page} */
function wrap(raw, dispose) {
  /** @type {string[]} */
  const messages = [];
  raw.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
  raw.on("pageerror", (error) => messages.push(`pageerror: ${error instanceof Error ? error.message : error}`));
  const evaluate = (/** @type {any} */ body, /** @type {any[]} */ ...args) => raw.evaluate(body, ...args);
  return {
    raw,
    async goto(url) {
      await raw.goto(url, { waitUntil: "load" });
    },
    evaluate,
    click: (selector) => raw.click(selector),
    async press(...keys) {
      for (const key of keys) await raw.keyboard.press(/** @type {any} */ (key));
    },
    async screenshot(path) {
      await raw.screenshot({ path: /** @type {`${string}.png`} */ (path) });
    },
    waitFor: (condition, timeoutMs = 10_000, ...args) => until(() => evaluate(condition, ...args), timeoutMs, String(condition)),
    consoleMessages: () => [...messages],
    close: dispose ?? (() => raw.close()),
  };
}
