// @ts-check
/** The React and Vue helpers on pages that a server rendered: hydration, exposures, and an engine that never comes. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { buildPlan } from "./command.mjs";
import { inEveryEngine } from "./drivers/index.mjs";
import { demonstration } from "./frameworks/build.mjs";
import { DIST, startServer } from "./server.mjs";

const CONFIG = {
  site: ["127.0.0.1"],
  experiments: { headline: { status: "running", variants: { control: { weight: 0 }, new: { weight: 1 } } } },
  flags: { limit: { default: 50 } },
};

const TOOLS = `
  import { createParlour } from "/api.js";
  const errors = [], exposures = [], texts = [];
  for (const name of ["error", "warn"]) console[name] = (...args) => { if (!String(args[0]).startsWith("parlour:")) errors.push(name + ": " + args.join(" ").slice(0, 300)); };
  addEventListener("error", ({ message }) => errors.push("thrown: " + message));
  const note = () => { const text = document.querySelector("main").textContent; if (text !== texts.at(-1)) texts.push(text); };
  note();
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
  const parlour = createParlour({ wasm: "/parlour.wasm", fallback: "/parlour-fallback.js" });
  parlour.on("exposure", ({ experiment, variant }) => exposures.push(experiment + " " + variant));
  window.kit = {
    errors, exposures, texts, parlour,
    start: (plan = "/plan.bin") => parlour.start({ plan, consent: "measure", remember: false }),
    hydrate: (given) => shop.hydrate(document.querySelector("#root"), { errors, parlour, ...given }).then((made) => { window.app = made; }),
    frames: (count = 3) => new Promise((done) => { const next = () => (count-- ? requestAnimationFrame(next) : setTimeout(done)); next(); }),
    told: () => ({ errors, exposures, texts }),
  };
`;

const DECIDED = { decisions: { headline: { variant: "new" } }, flags: { limit: { value: 50 } } };

inEveryEngine("React and Vue helpers: what a server decided is hydrated as it is, and exposed once it is mounted", async (browser) => {
  const server = await startServer({ folders: [fileURLToPath(new URL("../../www", import.meta.url)), DIST] });
  try {
    server.route("/plan.bin", { body: await buildPlan(CONFIG) });
    server.route("/kit.js", { body: TOOLS });
    const page = await browser.newPage({ fresh: true });
    for (const name of ["react", "vue"]) {
      const { html, script } = await demonstration(`${name}-helpers`);
      server.route("/shop.js", { body: script });
      const open = async (/** @type {object} */ given) => {
        server.route("/", { body: `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,"><div id="root">${await html(given)}</div><script src="/shop.js"></script><script type="module" src="/kit.js"></script></html>` });
        await page.goto(`${server.url}/`);
        await page.waitFor("!!window.kit");
      };
      const given = JSON.stringify(DECIDED);
      const told = () => page.evaluate("kit.frames().then(kit.told)");

      await open(DECIDED);
      await page.evaluate(`kit.hydrate(${given}).then(() => kit.frames())`);
      assert.deepEqual(await told(), { errors: [], exposures: [], texts: ["Headline newFrom 50"] }, `${name}: before the engine`);
      await page.evaluate("kit.start()");
      await page.waitFor("kit.exposures.length");
      for (const action of ["app.rerender()", "app.show(false)", "app.show(true)", "kit.parlour.set({ a: 1 })"]) await page.evaluate(`(${action}, kit.frames())`);
      assert.deepEqual(await told(), { errors: [], exposures: ["headline new"], texts: ["Headline newFrom 50", "From 50", "Headline newFrom 50"] }, `${name}: decided on the server`);

      // Another visitor: each is exposed once.
      await page.evaluate("(app.show(false), kit.frames().then(() => kit.parlour.forget()))");
      await open({});
      await page.evaluate("kit.start().then(() => kit.frames()).then(() => kit.hydrate({})).then(() => kit.frames())");
      await page.waitFor("kit.exposures.length");
      const { texts, ...rest } = await told();
      assert.deepEqual({ ...rest, first: texts[0], last: texts.at(-1) }, { errors: [], exposures: ["headline new"], first: "…From 1", last: "Headline newFrom 50" }, `${name}: decided in the page, whose engine was there before hydration`);

      await open(DECIDED);
      await page.evaluate(`Promise.all([kit.start("/none.bin"), kit.hydrate(${given})]).then(() => kit.frames())`);
      assert.deepEqual(await told(), { errors: [], exposures: [], texts: ["Headline newFrom 50"] }, `${name}: without an engine what the server decided stands`);
      await page.evaluate("kit.parlour.forget()");
    }
  } finally {
    await server.close();
  }
});
