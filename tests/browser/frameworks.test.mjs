// @ts-check
/** Changes on pages that React, Vue and Svelte rendered on a server, hydrate and render again. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { buildPlan } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { demonstration, FRAMEWORKS } from "./frameworks/build.mjs";
import { DIST, startServer } from "./server.mjs";

const CHANGES = [
  { select: "#title", text: "Made for you", attr: { title: "mine" }, class: { add: "mine" } },
  { select: "#title", insert: { place: "after", element: { tag: "i", attr: { id: "extra" }, text: "Extra" } } },
  { select: "#number", text: "Number one" },
  { select: "#promo", hide: true },
  { select: "#later", text: "Later, for you" },
];
// The tests start Parlour after the page has been seen.
const CONFIG = { site: ["127.0.0.1"], experiments: { look: { status: "running", late: "apply", variants: { control: { weight: 0 }, new: { weight: 1, changes: CHANGES } } } } };

/** What a visitor sees of the home page after so many clicks. */
const changed = (/** @type {number} */ count) => ({ title: "Made for you", hint: "mine", class: count ? `big c${count} mine` : "big mine", extra: "Extra", number: "Number one", promo: "none", later: "Later, for you", row: `Row ${count}` });
const original = (/** @type {number} */ count) => ({ title: "Plain words", hint: `plain ${count}`, class: count ? `big c${count}` : "big", number: `Number ${count} of ten`, promo: "block", later: "Later words", row: `Row ${count}` });

const LISTS = ["react-lists", "vue-lists"];

/** @type {Map<string, ReturnType<typeof demonstration>>} */
const made = new Map();
const demonstrations = (/** @type {string} */ name) => made.get(name) ?? (made.set(name, demonstration(name)), /** @type {ReturnType<typeof demonstration>} */ (made.get(name)));

/** In every page. Errors are those of console, window and framework; Parlour's own reports are apart. */
const TOOLS = `
  import { createParlour } from "/api.js";
  const q = (selector) => document.querySelector(selector);
  const errors = [], problems = [];
  for (const name of ["error", "warn"]) console[name] = (...args) => { if (!String(args[0]).startsWith("parlour:")) errors.push(name + ": " + args.join(" ").slice(0, 300)); };
  addEventListener("error", ({ message }) => errors.push("thrown: " + message));
  addEventListener("unhandledrejection", ({ reason }) => errors.push("rejected: " + reason));
  let release;
  const later = new Promise((resolve) => { release = resolve; });
  const first = q("#title");
  const parlour = createParlour({ wasm: "/parlour.wasm", fallback: "/parlour-fallback.js", hydrated: "/hydrated.js" });
  parlour.on("problem", (problem) => problems.push(problem));
  window.kit = {
    errors, problems, release, parlour,
    start: () => parlour.start({ plan: "/plan.bin", consent: "measure", remember: false }),
    hydrate: (sliced) => { window.actions = shop.hydrate(q("#root"), { errors, later, sliced }); return actions.then((made) => { window.app = made; }); },
    go: (path) => { history.pushState(null, "", path); app.go(path); },
    sameTitle: () => q("#title") === first,
    frames: (count = 3) => new Promise((done) => { const next = () => (count-- ? requestAnimationFrame(next) : setTimeout(done)); next(); }),
    look: () => ({ title: q("#title")?.textContent, hint: q("#title")?.title, class: q("#title")?.className, extra: q("#extra")?.textContent, number: q("#number")?.textContent,
      promo: q("#promo") && getComputedStyle(q("#promo")).display, later: q("#later")?.textContent, row: q("#list li")?.textContent }),
  };
`;

/** @typedef {import("./drivers/index.mjs").Page} Page */
/** What is missing is not there. @param {Page} page @param {object} expected @param {string} about */
async function shows(page, expected, about) {
  const wanted = JSON.stringify(expected);
  await page.waitFor(`JSON.stringify(Object.fromEntries(Object.entries(kit.look()).filter(([, value]) => value != null && value !== ""))) === ${JSON.stringify(wanted)}`, 8000).catch(async () => {
    assert.deepEqual(await page.evaluate("({ look: kit.look(), errors: kit.errors, problems: kit.problems })"), { look: expected, errors: [], problems: [] }, about);
  });
}

const PHASES = {
  before: async (/** @type {Page} */ page) => {
    await page.evaluate("kit.start().then(() => kit.frames())");
    assert.equal(await page.evaluate("kit.sameTitle() && kit.look().title"), "Plain words", "nothing is touched that is still to be hydrated");
    await page.evaluate("(kit.release(), kit.hydrate())");
  },
  // Hydration is cut in slices, and what comes later keeps it open while Parlour is there.
  during: async (/** @type {Page} */ page, name = "") => {
    await page.evaluate("Promise.all([kit.hydrate(true), kit.start()])");
    await page.waitFor("kit.look().title === 'Made for you'");
    if (!name.includes("svelte")) assert.equal(await page.evaluate("kit.look().later"), "Later words", "the part that is still to come is not touched");
    await page.evaluate("kit.release()");
  },
  after: async (/** @type {Page} */ page) => {
    await page.evaluate("(kit.release(), kit.hydrate().then(() => kit.frames()).then(() => kit.start()))");
  },
};

for (const engine of ENGINES) {
  const missing = !isInstalled(engine) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${engine}, which is not installed: changes on pages of frameworks`);
  describe(`changes on pages of frameworks [${engine}]`, { skip: missing, timeout: 120_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let server;
    /** @type {Page} */
    let page;
    before(async () => {
      [browser, server] = await Promise.all([launch(engine), startServer({ folders: [fileURLToPath(new URL("../../www", import.meta.url)), DIST] })]);
      server.route("/plan.bin", { body: await buildPlan(CONFIG) });
      server.route("/kit.js", { body: TOOLS });
      for (const name of FRAMEWORKS) {
        const { html, script } = await demonstrations(name);
        server.route(`/${name}.js`, { body: script });
        for (const [folder, mark] of [["marked", "data-parlour-hydrate"], ["plain", ""]])
          server.route(`/${folder}/${name}`, {
            body: `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,"><script>history.replaceState(null, "", "/")</script><div id="root" ${mark}>${await html("/")}</div><script src="/${name}.js"></script><script type="module" src="/kit.js"></script></html>`,
          });
      }
      for (const name of LISTS) {
        server.route(`/${name}.js`, { body: (await demonstrations(name)).script });
        server.route(`/${name}`, { body: `<!doctype html><title>lists</title><link rel="icon" href="data:,"><div id="root"></div><script src="/${name}.js"></script><script type="module" src="/kit.js"></script>` });
      }
      page = await browser.newPage();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });
    const open = async (/** @type {string} */ path) => {
      await page.goto(server.url + path);
      await page.waitFor("!!window.kit");
    };

    for (const name of FRAMEWORKS)
      for (const [phase, run] of Object.entries(PHASES))
        test(`${name}, ${phase} hydration: changes survive it, re-rendering and routes, and leave without a trace`, async () => {
          await open(`/marked/${name}`);
          await run(page, name);
          await shows(page, changed(0), "hydrated");
          assert.deepEqual(await page.evaluate("({ same: kit.sameTitle(), errors: kit.errors })"), { same: true, errors: [] }, "what the server rendered was kept");
          await page.evaluate("(app.rerender(), kit.frames().then(() => app.rerender()))");
          await shows(page, changed(2), "rendered again");
          await page.evaluate("kit.go('/other')");
          await shows(page, { number: "Number one" }, "another route");
          await page.evaluate("kit.go('/')");
          await shows(page, changed(2), "back");
          await page.evaluate("(kit.parlour.stop(), kit.frames())");
          await shows(page, original(2), "stopped");
          await page.evaluate("(app.rerender(), kit.frames())");
          await shows(page, original(3), "still the framework's");
          assert.deepEqual(await page.evaluate("({ errors: kit.errors, problems: kit.problems })"), { errors: [], problems: [] });
        });

    for (const name of LISTS)
      test(`${name}: the framework takes and places its own nodes while changes hold them elsewhere`, async () => {
        await open(`/${name}`);
        const result = await page.evaluate(`(async () => {
          const { createApplier } = await import("/apply.js");
          await kit.hydrate();
          const shown = () => document.querySelector("main").textContent;
          const steps = [{ bold: false }, { bold: true }, { row: false }, { row: true }, { list: ["b", "a", "c"] }, { list: ["a", "c"] }, { list: ["a", "d", "b"] }, { page: false }, { page: true }];
          // As the page is without any change.
          const alone = [shown()];
          for (const step of steps) { app(step); await kit.frames(); alone.push(shown()); }
          app({ list: ["a", "b", "c"] });
          await kit.frames();
          const applier = createApplier({ report: (problem) => kit.problems.push(problem) });
          applier.apply("k", [{ select: "#title", text: "New" }, { select: "#row", move: { to: "#aside" } }, { select: "#b", move: { to: "#aside", place: "first" } }]);
          const seen = [shown()];
          for (const step of steps) { app(step); await kit.frames(); seen.push(shown()); }
          applier.stop();
          await kit.frames();
          const own = [...document.querySelectorAll("main *")].filter((node) => Object.hasOwn(node, "removeChild") || Object.hasOwn(node, "insertBefore")).length;
          return { seen, left: shown() === alone.at(-1) || [shown(), alone.at(-1)], own };
        })()`);
        assert.deepEqual(result, { seen: ["Newacbrow", "Newacbrow", "Newacbrow", "Newacb", "Newacbrow", "Newacbrow", "Newacrow", "Newadbrow", "", "Newadbrow"], left: true, own: 0 });
        assert.deepEqual(await page.evaluate("({ errors: kit.errors, problems: kit.problems })"), { errors: [], problems: [] });
      });

    for (const name of FRAMEWORKS) {
      test(`${name}: a page that resets a text in each frame keeps it, which is reported once, and all else stands`, async () => {
        await open(`/marked/${name}`);
        await PHASES.after(page);
        await shows(page, changed(0), "hydrated");
        await page.evaluate("app.fight(true)");
        await page.waitFor("kit.problems.length");
        await page.evaluate("kit.frames(30)");
        await shows(page, { ...changed(0), title: "Plain words" }, "frozen");
        await page.evaluate("(app.rerender(), kit.frames())");
        await shows(page, { ...changed(1), title: "Plain words", class: "big c1", hint: "plain 1" }, "rendered again");
        assert.deepEqual(await page.evaluate("({ errors: kit.errors, problems: kit.problems })"), { errors: [], problems: [{ key: "experiment look", code: "frozen", detail: "#title" }] });
      });
      test(`${name}: the harness notices what breaks hydration: the same page, not marked`, async () => {
        await open(`/plain/${name}`);
        await page.evaluate("kit.start().then(() => kit.frames())");
        await page.evaluate("(kit.release(), Promise.race([kit.hydrate(), kit.frames(30)]))");
        assert.notDeepEqual(await page.evaluate("kit.errors"), []);
      });
    }
  });
}
