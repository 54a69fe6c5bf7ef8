// @ts-check
// A shop whose server decides, whole: the examples for Node and Rust, a real page, a real browser. The server's id and
// variant are the page's; what it hands over is checked; the exposure is counted once, by the page.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { after, before, describe, test } from "node:test";
import { planOf, startServers } from "../node/servers.mjs";
import { makeCollector } from "./collector.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";

const parlour = /** @type {any} */ (undefined);
const CONFIG = readFileSync(new URL("../../examples/parlour.json", import.meta.url), "utf8");
const TEXTS = /** @type {Record<string, string>} */ ({ control: "Mugs of stoneware", made: "Made by hand" });

/** The shop's server with a collector before it, as a site has them behind one name. @param {string} url */
async function startSite(url) {
  const collector = makeCollector();
  const state = { spoil: (/** @type {string} */ html) => html, html: "" };
  const server = createServer((request, response) => {
    if (request.url === collector.path) return void collector.answer(request, response).catch(() => response.destroy());
    const passed = ask(url + request.url, { headers: request.headers, agent: false }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      answer.on("data", (part) => parts.push(part)).on("end", () => {
        let body = Buffer.concat(parts);
        if (`${answer.headers["content-type"]}`.startsWith("text/html")) body = Buffer.from((state.html = state.spoil(`${body}`)));
        const { "content-length": _, "transfer-encoding": __, connection: ___, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, headers).end(body);
      });
    });
    passed.on("error", () => response.destroy()).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return {
    collector, state,
    url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @type {Awaited<ReturnType<typeof startServers>>} */
let servers;
before(async () => void (servers = await startServers(await planOf(CONFIG))));
after(() => servers?.close());

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: decisions of a server`);
  describe(`decisions of a server [${name}]`, { skip: missing, timeout: 300_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    before(async () => void (browser = await launch(name)));
    after(() => browser?.close());

    for (const [place, language] of ["Node", "Rust"].entries()) {
      /** A new visitor who allows measuring. @param {(html: string) => string} [spoil] */
      const visited = async (spoil = (html) => html) => {
        const site = await startSite(servers.urls[place]);
        const page = await browser.newPage({ fresh: true });
        await page.goto(`${site.url}/other`);
        await page.evaluate("void (document.cookie = 'consent=measure')");
        site.state.spoil = spoil;
        await page.goto(`${site.url}/`);
        await page.waitFor("!!window.parlour?.start && parlour.ready().then(() => true)");
        await page.waitFor(() => parlour.flush());
        const handed = JSON.parse(/parlour-decisions">(.*?)<\/script>/.exec(site.state.html)?.[1] ?? "null");
        const close = async () => {
          await page.close();
          await site.close();
        };
        return { page, site, handed, close, exposures: () => site.collector.named("Experiment Viewed").filter(({ properties }) => properties.experiment_id === "headline") };
      };

      test(`of ${language}: one id from end to end, the variant in the first frame, counted once`, async () => {
        const { page, site, handed, close, exposures } = await visited();
        const { variant } = handed.decisions.headline;
        assert.ok(site.state.html.includes(`<h1 id="headline">${TEXTS[variant]}</h1>`), "it is in what the server sent");
        assert.deepEqual(await page.evaluate(() => [document.querySelector("h1")?.textContent, parlour.visitorId(), parlour.peek("headline").variant]), [TEXTS[variant], handed.visitorId, variant]);
        assert.ok((await page.evaluate("document.cookie")).includes(`parlour_id=${handed.visitorId}`));
        await page.waitFor("parlour.flush()");
        assert.deepEqual(exposures().map(({ properties, anonymousId, context }) => [properties.variation_id, anonymousId, context.parlour.reason]), [[variant, handed.visitorId, "bucketed"]]);
        await page.goto(`${site.url}/`);
        await page.waitFor("!!window.parlour?.start && parlour.ready().then(() => true)");
        await page.waitFor("parlour.flush()");
        assert.ok(site.state.html.includes(handed.visitorId));
        assert.equal(new Set([...site.collector.stored.values()].map(({ anonymousId }) => anonymousId)).size, 1);
        await close();
      });

      test(`of ${language}: one that is not the engine's is reported and not counted`, async () => {
        const swap = (/** @type {string} */ html) => html.replace(/("headline":\{"variant":")(control|made)/, (_, before, variant) => before + (variant === "made" ? "control" : "made"));
        const { page, close, exposures, site } = await visited(swap);
        await page.waitFor("parlour.flush()");
        assert.deepEqual(exposures(), []);
        assert.deepEqual(site.collector.named("parlour_problem").map(({ properties }) => [properties.code, properties.key]), [["handover", "headline"]]);
        await close();
      });
    }
  });
}
