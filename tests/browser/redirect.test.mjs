// @ts-check
// Redirect tests in real browsers: counted before leaving, in place of the page that is left, once, and nowhere else than
// the file allows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildPlan } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { startServer } from "./server.mjs";
import { CONFIG, pageHtml, scriptTag, startShop, STUB, TAG } from "./shop.mjs";

/** @typedef {import("./drivers/index.mjs").Page} Page */

const parlour = /** @type {any} */ (undefined);
const VECTORS = JSON.parse(readFileSync(new URL("../vectors/redirects.json", import.meta.url), "utf8"));
const WWW = fileURLToPath(new URL("../../www", import.meta.url));

/** @param {string[]} path @param {string} to @param {number} weight of the variant that redirects */
const experiment = (path, to, weight) => ({
  status: "running", url: { path }, variants: { control: { weight: 1 - weight }, other: { weight, changes: [{ redirect: to }] } },
});

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: a redirect test`);
  describe(`a redirect test [${name}]`, { skip: missing, timeout: 300_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {import("./shop.mjs").Shop} */
    let shop;
    /** @type {Awaited<ReturnType<typeof startServer>>} Another origin. */
    let other;
    /** @type {Page} */
    let page;

    before(async () => {
      [browser, other] = [await launch(name), await startServer({ folders: [WWW] })];
      other.route("/landed", { body: "<!doctype html><title>elsewhere</title>" });
      shop = await startShop({
        config: {
          site: ["127.0.0.1"],
          redirects: { origins: [other.url], keep: ["utm_*", "#*"] },
          experiments: {
            move: experiment(["/leave", "/unasked/"], "/landed?v=2", 1), stay: experiment(["/stay"], "/landed?v=2", 0), away: experiment(["/away"], `${other.url}/landed`, 1),
          },
        },
      });
      // Whoever has waited for seconds is not redirected any more; how slow this machine is, is not the matter here.
      const head = (/** @type {Record<string, string>} */ tag) => ({ body: pageHtml({ head: `<script>${STUB};performance.now=()=>1</script>${scriptTag({ ...TAG, ...tag })}` }) });
      for (const path of ["/home", "/leave", "/stay", "/away", "/landed"]) shop.route(path, head({ "data-consent": "measure" }));
      shop.route("/unasked/", head({}));
    });
    after(async () => {
      await browser?.close();
      await shop?.close();
      await other?.close();
    });

    /** @param {string} path */
    const open = async (path) => {
      page = await browser.newPage({ fresh: true });
      await page.goto(`${shop.url}/home`);
      await ready();
      await page.evaluate((/** @type {string} */ path) => void location.assign(path), path);
    };
    const ready = () => page.waitFor("!!window.parlour?.start && parlour.ready().then(() => true)");
    const reaches = (/** @type {string} */ path) => page.waitFor((/** @type {string} */ path) => location.pathname === path && document.readyState === "complete", 20_000, path);
    const exposures = async (/** @type {string} */ key) => (await shop.events()).filter(({ event, properties }) => event === "Experiment Viewed" && properties.experiment_id === key);
    /** @param {string} key */
    const exposed = async (key) => {
      for (;;) {
        const found = await exposures(key);
        if (found.length) return found;
        await new Promise((done) => setTimeout(done, 100));
      }
    };

    test("counts before it leaves, leaves in place of the page, keeps what the list keeps, and stays there", async () => {
      await open("/leave?utm_source=mail&secret=1#top");
      await reaches("/landed");
      await ready();
      assert.equal(await page.evaluate("location.search + location.hash"), "?v=2&utm_source=mail#top");
      await page.waitFor(() => parlour.flush());
      const events = await exposures("move");
      assert.deepEqual(events.map(({ properties, context }) => [properties.variation_id, context.page.path, context.parlour.reason]), [["other", "/leave", "bucketed"]]);
      await page.evaluate("location.reload()");
      await ready();
      assert.equal(await page.evaluate("location.pathname"), "/landed");
      await page.evaluate("history.back()");
      await reaches("/home");
      await page.evaluate("history.forward()");
      await reaches("/landed");
      await page.waitFor(() => parlour.start && parlour.forget().then(() => sessionStorage.length === 0));
      await page.close();
    });

    test("counts the control at the same moment, and leaves it where it is", async () => {
      await open("/stay");
      await reaches("/stay");
      await ready();
      await page.waitFor(() => parlour.flush());
      assert.deepEqual((await exposed("stay")).map(({ properties, context }) => [properties.variation_id, context.page.path]), [["control", "/stay"]]);
      assert.equal(await page.evaluate("location.pathname"), "/stay");
      await page.evaluate("parlour.consent('denied')");
      await page.waitFor("sessionStorage.length === 0");
      await page.close();
    });

    test("to another origin is counted though nobody comes back", async () => {
      await open("/away");
      await page.waitFor("document.title === 'elsewhere'", 20_000);
      assert.equal((await exposed("away"))[0].properties.variation_id, "other");
      await page.close();
    });

    test("neither leaves nor stores before consent", async () => {
      page = await browser.newPage({ fresh: true });
      await page.goto(`${shop.url}/unasked/`);
      await ready();
      assert.deepEqual(await page.evaluate("[location.pathname, sessionStorage.length, parlour.peek('move').reason]"), ["/unasked/", 0, "consent"]);
      await page.close();
    });

    test("costs other plans nothing", async () => {
      const asked = shop.requests("/parlour-redirect.js").length;
      assert.ok(asked > 0);
      shop.route("/plan.bin", { body: await buildPlan(CONFIG) });
      await open("/home");
      await ready();
      assert.equal(shop.requests("/parlour-redirect.js").length, asked);
      shop.route("/plan.bin", { body: shop.plan });
      await page.close();
    });

    test("refuses in the page what the compiler refuses, and resolves the rest alike", async () => {
      page = await browser.newPage({ fresh: true });
      other.route("/", { body: "<!doctype html><title>vectors</title>" });
      await page.goto(`${other.url}/`);
      const found = await page.evaluate(async (/** @type {typeof VECTORS} */ vectors) => {
        const { targetOf } = await import(/** @type {any} */ ("/redirect.js"));
        return [vectors.allowed.map((/** @type {string[]} */ [to]) => targetOf(to, vectors.from, vectors)), vectors.refused.filter((/** @type {string} */ to) => targetOf(to, vectors.from, vectors) !== undefined)];
      }, VECTORS);
      assert.deepEqual(found, [VECTORS.allowed.map((/** @type {string[]} */ [, at]) => at), []]);
      await page.close();
    });
  });
}
