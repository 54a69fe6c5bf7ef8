// @ts-check
/**
 * One small interface over three engines: `launch(name) → browser`, `browser.newPage() → page`.
 *
 * What a test may rely on in every engine is in {@link Page}; what only some have says so.
 */
import { test } from "node:test";
import { ENGINES, isInstalled } from "./find.mjs";

export { ENGINES, isInstalled } from "./find.mjs";
/** @typedef {import("./find.mjs").EngineName} EngineName */

/**
 * @typedef {object} Page
 * @property {(url: string) => Promise<void>} goto Resolves when the load event was dispatched.
 * @property {(body: string | ((...args: any[]) => any), ...args: any[]) => Promise<any>} evaluate
 *   A string is an expression. Promises are awaited; arguments and result are JSON.
 * @property {(selector: string) => Promise<void>} click A real pointer click.
 * @property {(...keys: string[]) => Promise<void>} press Real keys, one after the other, by the names that events have.
 * @property {(path: string) => Promise<void>} screenshot A PNG of the viewport.
 * @property {(condition: string | ((...args: any[]) => any), timeoutMs?: number, ...args: any[]) => Promise<any>} waitFor
 *   Asks until the answer is truthy (navigations in between are survived) and returns it.
 * @property {() => string[]} consoleMessages `"warn: text"`, page errors as `"pageerror: text"`; always
 *   empty in WebKit, whose driver has no console (`browser.hasConsole`).
 * @property {() => Promise<void>} close
 * @property {any} raw Puppeteer's page; undefined in WebKit.
 *
 * @typedef {object} Browser
 * @property {EngineName} name
 * @property {boolean} hasConsole
 * @property {(options?: {fresh?: boolean}) => Promise<Page>} newPage `fresh`: a visitor of its own, who shares no storage.
 * @property {() => Promise<void>} close
 */

/** @param {EngineName} name @param {{args?: string[]}} [options] `args`: for Chromium @returns {Promise<Browser>} */
export async function launch(name, { args } = {}) {
  if (!isInstalled(name)) throw new Error(`${name} is not installed: run \`npm test\` as root, or see CONTRIBUTING.md`);
  if (name === "webkit") return (await import("./webkit.mjs")).launchWebKit();
  return (await import("./puppeteer.mjs")).launchPuppeteer(name, args);
}

/**
 * Registers one test per engine. A browser that is missing fails the test in CI; elsewhere it is skipped aloud.
 * @param {string} claim
 * @param {(browser: Browser) => Promise<void>} body
 * @param {{engines?: EngineName[], timeoutMs?: number}} [options]
 */
export function inEveryEngine(claim, body, { engines = ENGINES, timeoutMs = 120_000 } = {}) {
  for (const name of engines) {
    const missing = !isInstalled(name) && !process.env.CI;
    if (missing) console.error(`SKIPPED in ${name}, which is not installed: ${claim}`);
    test(`${claim} [${name}]`, { skip: missing, timeout: timeoutMs }, async () => {
      const browser = await launch(name);
      try {
        await body(browser);
      } finally {
        await browser.close();
      }
    });
  }
}
