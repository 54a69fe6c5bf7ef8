// @ts-check
/** Many claims on one launch: a browser and a site per engine, shared by the tests of a file. */
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { startServer } from "./server.mjs";

/**
 * @typedef {object} Site
 * @property {import("./drivers/index.mjs").Browser} browser
 * @property {Awaited<ReturnType<typeof startServer>>} server
 * @property {(body: string, knobs?: import("./server.mjs").Knobs) => Promise<import("./drivers/index.mjs").Page>} open
 *   A page with this body, the glue's modules as `lib` and {@link TOOLS}.
 */

/** In every page: `lib`, and what tells whether a page is as it was, to the identity of its nodes. */
const TOOLS = `
  import * as apply from "/apply.js"; import * as capture from "/capture.js"; import * as slots from "/slots.js"; import * as allowed from "/allowed.js";
  const all = () => { const nodes = [], walker = document.createTreeWalker(document, 0xffffffff); while (walker.nextNode()) nodes.push(walker.currentNode); return nodes; };
  const write = (node) => node.nodeType === 1
    ? "<" + node.localName + [...node.attributes].map((each) => " " + each.name + "=" + JSON.stringify(each.value)).sort().join("") + ">" + [...node.childNodes].map(write).join("") + "</>"
    : node.nodeType + ":" + JSON.stringify(node.nodeValue) + ";";
  window.record = () => ({ text: write(document.documentElement), nodes: all() });
  window.differences = (before) => {
    const now = record(), found = [];
    if (now.text !== before.text) found.push("was " + before.text + " is " + now.text);
    if (now.nodes.length !== before.nodes.length || now.nodes.some((node, i) => node !== before.nodes[i])) found.push("other nodes");
    return found;
  };
  window.frames_ = (count = 2) => new Promise((done) => { const next = () => (count-- ? requestAnimationFrame(next) : setTimeout(done)); next(); });
  window.pause = (ms) => new Promise((done) => setTimeout(done, ms));
  window.lib = { ...apply, ...capture, ...slots, ...allowed };
`;
export const TOOLS_PATH = "/tools.js";
const WWW = fileURLToPath(new URL("../../www", import.meta.url));

/**
 * @param {string} subject
 * @param {Record<string, (site: Site) => Promise<void>>} list claim → body
 * @param {{engines?: import("./drivers/index.mjs").EngineName[]}} [options]
 */
export function claims(subject, list, { engines = ENGINES } = {}) {
  for (const name of engines) {
    const missing = !isInstalled(name) && !process.env.CI;
    if (missing) console.error(`SKIPPED in ${name}, which is not installed: ${subject}`);
    describe(`${subject} [${name}]`, { skip: missing, timeout: 300_000 }, () => {
      /** @type {Site} */
      let site;
      before(async () => {
        const [browser, server] = [await launch(name), await startServer({ folders: [WWW] })];
        server.route(TOOLS_PATH, { body: TOOLS });
        let pages = 0;
        /** @type {import("./drivers/index.mjs").Page | undefined} One tab for all claims: opening one costs more than a test. */
        let page;
        const open = async (/** @type {string} */ body, /** @type {import("./server.mjs").Knobs} */ knobs = {}) => {
          const path = `/page-${++pages}.html`;
          const script = `<script type="module" src="${TOOLS_PATH}" nonce="n"></script>`;
          server.route(path, { body: `<!doctype html><html lang="en"><head><title>page</title>${script}</head><body>${body}</body></html>`, ...knobs });
          page ??= await browser.newPage();
          await page.goto(server.url + path);
          await page.waitFor("!!window.lib");
          return page;
        };
        site = { browser, server, open };
      });
      after(async () => {
        await site?.browser.close();
        await site?.server.close();
      });
      for (const [claim, body] of Object.entries(list)) test(claim, () => body(site));
    });
  }
}
