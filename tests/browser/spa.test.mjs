// @ts-check
/** Sites of one document: what depends on the page follows the address, by history, hash and the back/forward cache. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { buildPlan } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { DIST, startServer } from "./server.mjs";

const at = (/** @type {string} */ path) => ({ "page.path": path });
const always = (/** @type {object[]} */ changes) => ({ status: "running", variants: { control: { weight: 0 }, new: { weight: 1, changes } } });
const CONFIG = {
  site: ["127.0.0.1"],
  goals: { thanks: { page: "/thanks" } },
  experiments: {
    // The tests start Parlour after the page has been seen. A route is decided on before it is, so that nothing of it is late.
    everywhere: { ...always([{ select: "#foot", text: "New foot" }]), late: "apply" },
    offer: { ...always([{ select: "#title", text: "Offer for you" }]), audience: at("/offer"), applies: "always" },
    // Drawn anew for each page view.
    view: { unit: "page view", status: "running", variants: { a: { weight: 1, changes: [{ select: "#foot", attr: { title: "a" } }] }, b: { weight: 1, changes: [{ select: "#foot", attr: { title: "b" } }] } } },
  },
  experiences: { welcome: { audience: at("/cart"), changes: [{ select: "#title", class: { add: "welcome" } }] } },
};

/** The site's own router renders in the task of the navigation, the next one, or 30 ms after, as routers do. */
const TOOLS = `
  import { createParlour } from "/api.js";
  const q = (selector) => document.querySelector(selector);
  const routeOf = () => (location.hash.startsWith("#/") ? location.hash.slice(1) : location.pathname);
  const render = () => { q("main").innerHTML = ""; const title = document.createElement("h1"); title.id = "title"; title.textContent = "Page " + routeOf(); q("main").append(title); };
  addEventListener("popstate", render);
  const told = [], problems = [], views = [];
  const parlour = createParlour({ wasm: "/parlour.wasm", fallback: "/parlour-fallback.js" });
  parlour.on("problem", (problem) => problems.push(problem));
  parlour.on("exposure", ({ experiment }) => experiment !== "view" && told.push("exposure " + experiment));
  parlour.on("goal", (key) => told.push("goal " + key));
  parlour.on("touchpoint", ({ type }) => { if (type === "page_view") { views.push(routeOf() + location.search); told.push("view " + routeOf() + location.search); } });
  render();
  window.kit = {
    told, problems, views, parlour,
    start: () => parlour.start({ plan: "/plan.bin", consent: "measure", remember: false }),
    go: async (path, { how = "pushState", late } = {}) => { history[how](null, "", path); if (late !== undefined) await new Promise((done) => setTimeout(done, late)); render(); await kit.frames(); },
    frames: (count = 3) => new Promise((done) => { const next = () => (count-- ? requestAnimationFrame(next) : setTimeout(done)); next(); }),
    look: () => q("#title").textContent + (q("#title").className && " " + q("#title").className) + " | " + q("#foot").textContent,
    drawn: () => q("#foot").title,
  };
`;
const PAGE = '<!doctype html><html lang="en"><title>site</title><link rel="icon" href="data:,"><main></main><footer id="foot">Foot</footer><script type="module" src="/kit.js"></script></html>';

for (const engine of ENGINES) {
  const missing = !isInstalled(engine) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${engine}, which is not installed: sites of one document`);
  describe(`sites of one document [${engine}]`, { skip: missing, timeout: 120_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let server;
    /** @type {import("./drivers/index.mjs").Page} */
    let page;
    before(async () => {
      [browser, server] = await Promise.all([launch(engine), startServer({ folders: [fileURLToPath(new URL("../../www", import.meta.url)), DIST] })]);
      server.route("/plan.bin", { body: await buildPlan(CONFIG) });
      server.route("/kit.js", { body: TOOLS });
      // no-store keeps pages out of the back/forward cache.
      for (const path of ["/", "/offer", "/cart", "/elsewhere"]) server.route(path, { body: PAGE, headers: { "cache-control": "no-cache" } });
      page = await browser.newPage();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });
    /** A new visitor on the home page; with `history` alone where there is a Navigation API, too. @param {boolean} [old] */
    const open = async (old) => {
      server.route("/kit.js", { body: (old ? 'Object.defineProperty(globalThis, "navigation", { value: undefined, configurable: true });' : "") + TOOLS.replace("import {", "\nimport {") });
      await page.goto(`${server.url}/`);
      await page.waitFor("!!window.kit");
      await page.evaluate("kit.start().then(() => kit.parlour.forget())");
      await page.waitFor("kit.look() === 'Page / | New foot'");
    };
    const look = () => page.evaluate("kit.look()");
    const shows = async (/** @type {string} */ wanted) => {
      await page.waitFor(`kit.look() === ${JSON.stringify(wanted)}`, 5000).catch(async () => assert.equal(await look(), wanted));
    };
    const fresh = () => page.evaluate("void (kit.told.length = kit.views.length = 0)");

    for (const [name, old] of /** @type {const} */ ([["what the browser has", false], ["history alone", true]]))
      test(`by ${name}: experiments, experiences and goals follow routes, hash routes, back and forward`, async () => {
        await open(old);
        await fresh();
        const steps = /** @type {[string, string, string][]} */ ([
          ["kit.go('/offer')", "Offer for you | New foot", "/offer"],
          ["kit.go('/', { late: 0 })", "Page / | New foot", "/"],
          ["kit.go('/cart', { late: 30 })", "Page /cart welcome | New foot", "/cart"],
          ["kit.go('/offer?a=1', { how: 'replaceState' })", "Offer for you | New foot", "/offer?a=1"],
          ["kit.go('/thanks')", "Page /thanks | New foot", "/thanks"],
          ["history.back()", "Offer for you | New foot", "/offer?a=1"],
          ["history.forward()", "Page /thanks | New foot", "/thanks"],
          ["location.hash = '#/offer'", "Offer for you | New foot", "/offer"],
          ["location.hash = '#/cart'", "Page /cart welcome | New foot", "/cart"],
          ["history.back()", "Offer for you | New foot", "/offer"],
        ]);
        for (const [step, wanted, view] of steps) {
          await page.evaluate(`(async () => void (await (${step})))()`);
          await shows(wanted);
          await page.waitFor(`kit.views.at(-1) === ${JSON.stringify(view)}`);
        }
        // Longer than a storm is waited for: none of them is told twice.
        await page.evaluate("new Promise((done) => setTimeout(done, 150))");
        assert.deepEqual(await page.evaluate("({ views: kit.views, problems: kit.problems })"), { views: steps.map(([, , view]) => view), problems: [] });
        const said = await page.evaluate("kit.told.filter((line) => !line.startsWith('view'))");
        assert.deepEqual(said, ["exposure offer", "goal thanks", "goal thanks"]);
      });

    test("storms of one frame are one page view of the last address, and the same address is none", async () => {
      await open();
      await fresh();
      // WebKit itself refuses more than 100 in 10 seconds.
      const times = engine === "webkit" ? 90 : 100;
      await page.evaluate(`new Promise((done) => requestAnimationFrame(() => { for (let i = 1; i <= ${times}; i++) history.replaceState(i, "", "/offer?" + i); done(); }))`);
      for (const how of ["replaceState", "pushState"]) await page.evaluate(`kit.go("/offer?${times}", { how: "${how}" })`);
      await shows("Offer for you | New foot");
      await page.evaluate("new Promise((done) => setTimeout(done, 150))");
      assert.deepEqual(await page.evaluate("kit.views"), [`/offer?${times}`]);
    });

    test("what is drawn by page view is drawn anew for each, and stands within it", { skip: engine !== "chromium" && "the core decides, the same in each engine" }, async () => {
      await open();
      const drawn = new Set();
      // Ends with the first other variant: 1 in 2^39 that there is none.
      for (let i = 0; i < 40 && drawn.size < 2; i++) {
        await page.evaluate(`kit.go("/v${i}")`);
        await page.waitFor(`kit.views.at(-1) === "/v${i}"`);
        const [first, second] = await page.evaluate("(async () => { const first = kit.drawn(); kit.parlour.set({ n: 1 }); await kit.frames(); return [first, kit.drawn()]; })()");
        assert.equal(second, first);
        drawn.add(first);
      }
      assert.deepEqual([...drawn].sort(), ["a", "b"]);
    });

    test("a document that leaves and comes back from the cache is one more page view, with its changes", async () => {
      await open();
      await page.evaluate("kit.go('/offer')");
      await shows("Offer for you | New foot");
      await fresh();
      await page.evaluate("void setTimeout(() => { location.href = '/elsewhere'; }, 20)");
      await page.waitFor("location.pathname === '/elsewhere' && document.readyState === 'complete'");
      await page.evaluate("void setTimeout(() => history.back(), 20)");
      await page.waitFor("location.pathname === '/offer' && window.kit && kit.views.length === 1");
      await shows("Offer for you | New foot");
      assert.deepEqual(await page.evaluate("({ told: kit.told, problems: kit.problems })"), { told: ["view /offer"], problems: [] });
    });
  });
}
