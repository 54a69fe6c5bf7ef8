// @ts-check
// The OpenFeature scenarios in real browsers: SDK, provider, a whole visit and the wasm that visitors load.
// tests/node/openfeature.test.mjs says which are left out.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before } from "node:test";
import { build, stop } from "esbuild";
import { plans, scenarios } from "../openfeature/features.mjs";
import { inEveryEngine } from "./drivers/index.mjs";
import { DIST, startServer } from "./server.mjs";

const run = /** @type {any} */ (undefined);
/** @type {Record<string, Uint8Array>} */
let bytes;
/** @type {Awaited<ReturnType<typeof scenarios>>} */
let found;
let script = "";

before(async () => {
  const compiler = await import(new URL("../../dist/parlour-authoring.js", import.meta.url).href);
  await compiler.init(await readFile(new URL("../../dist/parlour-authoring.wasm", import.meta.url)));
  bytes = await plans(compiler);
  found = await scenarios();
  const steps = new URL("../openfeature/steps.mjs", import.meta.url).pathname;
  const built = await build({ stdin: { contents: `export { runScenario } from ${JSON.stringify(steps)};`, resolveDir: "." }, bundle: true, write: false, format: "iife", globalName: "run" });
  script = built.outputFiles[0].text;
  await stop();
});

/** To be run in the page. @param {import("../openfeature/steps.mjs").Scenario[]} list */
const runAll = async (list) => {
  /** @type {Record<string, Uint8Array>} */
  const plans = {};
  for (const name of ["flags", "evaluator", "elsewhere"]) plans[name] = new Uint8Array(await (await fetch(`/${name}.bin`)).arrayBuffer());
  const host = { wasm: "/parlour.wasm", missing: "/missing.bin", plan: (/** @type {string} */ name) => plans[name] };
  const problems = [];
  for (const scenario of list)
    await run.runScenario(scenario, host).catch((/** @type {Error} */ error) => problems.push(`${scenario.uri}: ${scenario.name}: ${error.message}`));
  return problems;
};

inEveryEngine("every scenario that concerns a provider holds, and one that does not hold is noticed", async (browser) => {
  const server = await startServer({ folders: [DIST] });
  try {
    server.route("/", { body: '<!doctype html><title>flags</title><link rel="icon" href="data:,"><script src="/run.js"></script>' });
    server.route("/run.js", { body: script, type: "text/javascript" });
    for (const [name, body] of Object.entries(bytes)) server.route(`/${name}.bin`, { body, type: "application/octet-stream" });
    const page = await browser.newPage({ fresh: true });
    await page.goto(`${server.url}/`);
    assert.ok(found.run.length > 90, `${found.run.length} scenarios`);
    const here = found.run.filter(({ about }) => !about.includes("@public-host"));
    assert.equal(here.length, found.run.length - 1);
    assert.deepEqual(await page.evaluate(runAll, here), []);
    const wrong = found.run.filter(({ name }) => name === "Resolve values").slice(0, 1).map((scenario) => ({
      ...scenario,
      steps: scenario.steps.map((step) => ({ ...step, text: step.text.replace('should be "true"', 'should be "false"') })),
    }));
    assert.deepEqual(await page.evaluate(runAll, wrong), ["gherkin/evaluation.feature: Resolve values: the resolved details value should be \"false\": value: true instead of false"]);
  } finally {
    await server.close();
  }
});
