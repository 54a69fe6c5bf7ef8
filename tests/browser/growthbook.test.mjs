// @ts-check
// A page started with a GrowthBook payload answers as their SDK in the same page does, and tells what visitors met.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { payload, visitors } from "../node/growthbook-payload.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { startServer } from "./server.mjs";
import { newKey, signToken } from "./signing.mjs";

const parlour = /** @type {any} */ (undefined);
const THEIRS = fileURLToPath(new URL("../../node_modules/@growthbook/growthbook/dist/bundles/esm.min.js", import.meta.url));
/** Where the page goes by itself there is nothing to compare. */
const { experiments, ...features } = payload;
const PREVIEW = newKey();
const redirects = { key: "move", hashVersion: 2, variations: [{}, { urlRedirect: "/moved" }], weights: [0, 1], urlPatterns: [{ type: "simple", pattern: "*/leave" }], persistQueryString: true };

/** @param {string} options of `start`, as it stands in a script @param {string} [first] what comes before it */
const page = (options, first = "") => `<!doctype html><title>shop</title><script type="module">
  import { GrowthBook } from "/theirs.js";
  import parlour from "/parlour.js";
  Object.assign(window, { GrowthBook, parlour, exposures: [], problems: [] });
  parlour.on("exposure", (one) => exposures.push(one));
  parlour.on("problem", (one) => problems.push(one));
  ${first}
  parlour.start(${options});
</script>`;

for (const name of ENGINES) {
  const missing = !isInstalled(name) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${name}, which is not installed: GrowthBook on the page`);
  describe(`GrowthBook on the page [${name}]`, { skip: missing, timeout: 300_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let site;
    before(async () => {
      [browser, site] = [await launch(name), await startServer()];
      site.route("/theirs.js", { file: THEIRS, type: "text/javascript" });
      site.route("/payload.json", { body: JSON.stringify({ status: 200, dateUpdated: "2026-11-22", ...features }) });
      site.route("/inline", { body: page(`{ growthbook: ${JSON.stringify(features)}, endpoint: "/v1/batch", consent: "measure" }`) });
      site.route("/leave", { body: page(`{ growthbook: ${JSON.stringify({ experiments: [redirects] })}, endpoint: "/v1/batch", consent: "measure" }`, `parlour.set({ id: "u1" });`) });
      site.route("/preview", { body: page(`{ config: ${JSON.stringify({ site: ["127.0.0.1"], previewKey: PREVIEW.text, growthbook: features })}, consent: "measure" }`) });
      site.route("/moved", { body: "<!doctype html><title>moved</title>" });
      site.route("/tag", { body: `<!doctype html><title>tag</title><script>window.parlour=window.parlour||function(){(parlour.q=parlour.q||[]).push(arguments)}</script><script src="/parlour.iife.js" data-growthbook="/payload.json" async></script>` });
    });
    after(async () => {
      await browser?.close();
      await site?.close();
    });

    /** One for all: an engine ends with its last. @type {import("./drivers/index.mjs").Page | undefined} */
    let tab;
    /** @param {string} path */
    const open = async (path) => {
      tab ??= await browser.newPage();
      await tab.goto(site.url + path);
      await tab.waitFor(() => parlour?.start && parlour.ready().then(() => true));
      return tab;
    };

    test("150 visitors get of every feature what their SDK gives them", async () => {
      const tab = await open("/inline");
      const next = visitors(3);
      const all = Array.from({ length: 150 }, () => next().attributes);
      const compared = await tab.evaluate(
        (/** @type {any[]} */ all, /** @type {any} */ features) => {
          const names = new Set(all.flatMap((attributes) => Object.keys(attributes)));
          const none = Object.fromEntries([...names].map((name) => [name, undefined]));
          const GrowthBook = /** @type {any} */ (globalThis).GrowthBook;
          const differences = [];
          const values = new Set();
          for (const attributes of all) {
            parlour.set({ ...none, ...attributes });
            const theirs = new GrowthBook({ ...features, attributes });
            for (const key of Object.keys(features.features)) {
              const mine = parlour.flag(key, "fallback");
              const their = theirs.evalFeature(key);
              const expected = { value: their.value ?? "fallback", variant: their.experimentResult?.key ?? null, experiment: their.experiment?.key ?? null };
              values.add(JSON.stringify(expected));
              if (JSON.stringify([mine.value, mine.variant, mine.experiment]) !== JSON.stringify(Object.values(expected))) differences.push([key, attributes, mine, expected]);
            }
          }
          return { differences: differences.slice(0, 3), count: differences.length, values: values.size };
        },
        all,
        features,
      );
      assert.deepEqual(compared.differences, []);
      assert.ok(compared.values > 20, `${compared.values} different answers`);
      assert.deepEqual(await tab.evaluate("problems"), []);
    });

    test("an experiment of a rule is exposed once, when its feature is asked for", async () => {
      const tab = await open("/inline");
      const asked = await tab.evaluate(() => {
        parlour.set({ id: "u1" });
        const before = /** @type {any} */ (globalThis).exposures.length;
        parlour.flag("experiment 1", null, { expose: false });
        const peeked = /** @type {any} */ (globalThis).exposures.length;
        return [before, peeked, parlour.flag("experiment 1", null), parlour.flag("experiment 1", null), parlour.flag("nowhere", 7), /** @type {any} */ (globalThis).exposures];
      });
      const [before, peeked, first, second, unknown, exposures] = asked;
      assert.deepEqual([before, peeked], [0, 0]);
      assert.deepEqual(first, second);
      assert.deepEqual(first, { flag: "experiment 1", value: first.value, variant: first.variant, reason: "split", experiment: "experiment 1", metadata: { ruleId: "e" } });
      assert.deepEqual([unknown.value, unknown.reason], [7, "unknown"]);
      assert.deepEqual(exposures, [{ experiment: "experiment 1", variant: first.variant, reason: "bucketed" }]);
      await tab.waitFor(() => parlour.flush());
      assert.ok(site.collector.named("Experiment Viewed").some(({ properties }) => properties.experiment_id === "experiment 1" && properties.variation_id === first.variant));
    });

    test("a script tag fetches the payload, and its own core alone has what it needs", async () => {
      const from = site.seen.length;
      const tab = await open("/tag");
      const flag = await tab.evaluate(() => (parlour.set({ plan: "pro" }), parlour.flag("force equal", "none")));
      assert.deepEqual([flag.value, flag.reason], ["forced", "targeting"]);
      const paths = site.seen.slice(from).map(({ path }) => path);
      for (const path of ["/payload.json", "/parlour-growthbook.js", "/parlour-growthbook.wasm"]) assert.ok(paths.includes(path), path);
    });

    test("an address forces a variation by a signed token alone", async () => {
      const asked = async (/** @type {string} */ search) => {
        const tab = await open(`/preview${search}`);
        return tab.evaluate(() => [parlour.flag("experiment by company", 0), /** @type {any} */ (globalThis).exposures]);
      };
      const [free] = await asked("?exp-company=1");
      assert.deepEqual([free.value, free.reason], ["default", "default"]);
      const token = signToken(PREVIEW, { site: "127.0.0.1", experiment: "exp-company", variant: "1", expires: Date.now() + 864e5 });
      const [forced, exposures] = await asked(`?parlour-preview=${token}`);
      assert.deepEqual([forced.value, forced.reason, exposures], ["b", "preview", []]);
      const [ended] = await asked("?parlour-preview=end");
      assert.equal(ended.reason, "default");
    });

    test("a redirect is followed with the address's parameters, once it is told", async () => {
      tab ??= await browser.newPage();
      await tab.goto(`${site.url}/leave?a=1`);
      await tab.waitFor(() => location.pathname === "/moved" && location.search === "?a=1");
    });
  });
}
