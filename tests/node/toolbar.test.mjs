// @ts-check
// What the preview toolbar reads from bytes and says in words, against the files and tables these come from.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { mustRun, ROOT } from "../../scripts/run.mjs";
import { openPlan, openState } from "../../www/devtools/bytes.js";
import { chance, ratio } from "../../www/devtools/ratio.js";
import { because, CONSENT_WORDS, DROP_WORDS, percent, STEP_WORDS } from "../../www/devtools/words.js";
import { createEngine, REASONS, STEPS } from "../../www/engine.js";

const folder = mkdtempSync(join(tmpdir(), "parlour-"));
after(() => rmSync(folder, { recursive: true }));

const CONFIG = {
  site: "shop.example",
  audiences: { returning: { "journey.visits": { $gte: 2 } } },
  experiments: {
    halves: { status: "running", variants: { control: {}, b: {} } },
    thirds: { status: "running", audience: "returning", traffic: 0.4, layer: { name: "l", range: [0, 0.5] }, variants: { control: { weight: 1 }, b: { weight: 2 }, none: { weight: 0 } } },
    rest: { status: "paused", start: "2027-01-01", requires: [{ experiment: "halves", variant: "b" }], variants: { control: {}, b: {} } },
    over: { status: "ended", variants: { control: {}, b: {} } },
  },
  // The key of an experiment, on purpose.
  experiences: { halves: { when: { stage: "awareness", touchpoint: "view_item" }, holdout: 0.25, cap: { per: "session", times: 3 }, changes: [{ select: "h1", text: "Hello" }] } },
};

/** @param {object} config */
async function planOf(config) {
  const [source, plan] = [join(folder, "parlour.json"), join(folder, "plan.bin")];
  writeFileSync(source, JSON.stringify(config));
  await mustRun(process.execPath, [join(ROOT, "bin/parlour.js"), "build", source, "-o", plan, "--expires", "2031-05-01"]);
  return readFileSync(plan);
}

/** @param {unknown} value @param {number} expect */
const near = (value, expect) => assert.ok(Math.abs(Number(value) - expect) < 1e-6, `${value} is not ${expect}`);

test("dates, shares, traffic, layers and clauses of a plan are those of its file", async () => {
  const plan = openPlan(await planOf(CONFIG), Object.keys(CONFIG.experiments));
  assert.equal(new Date(plan.expires ?? 0).toISOString().slice(0, 10), "2031-05-02", "the day named is still valid");
  assert.equal(plan.signatures, 0);
  const now = Date.parse("2026-12-01");
  const halves = plan.experiment("halves", now);
  assert.deepEqual([halves?.status, halves?.shares, halves?.traffic, halves?.layer], ["running", [0.5, 0.5], 1, undefined]);
  const thirds = plan.experiment("thirds", now);
  near(thirds?.traffic, 0.4);
  near(thirds?.layer, 0.5);
  for (const [i, share] of [1 / 3, 2 / 3, 0].entries()) near(thirds?.shares[i], share);
  const rest = plan.experiment("rest", now);
  assert.equal(rest?.status, "paused");
  assert.equal(new Date(rest?.start ?? 0).toISOString().slice(0, 10), "2027-01-01");
  assert.equal(plan.experiment("over", now)?.status, "ended");
  assert.equal(plan.experiment("unknown", now), undefined);
  const experience = plan.experience("halves");
  near(experience?.holdout, 0.25);
  assert.deepEqual([experience?.trigger, experience?.cap], [4, { per: "session", times: 3 }]);
  assert.match(plan.clauses[experience?.node ?? -1], /when\/stage awareness/);
});

test("journey and profile are read from what the engine folds", async () => {
  const module = new WebAssembly.Module(readFileSync(join(ROOT, "dist/parlour.wasm")));
  const engine = createEngine({ module, plan: await planOf(CONFIG), report: assert.fail });
  const at = Date.parse("2026-12-01");
  engine.unit(0, "visitor");
  engine.consent("personalise", at);
  for (const [i, touchpoint] of [{ type: "page_view" }, { type: "page_view" }, { type: "view_item", item: "mug" }, { type: "add_to_cart", item: "mug" }, { type: "purchase", item: "mug", money: { minor: 1250, currency: "EUR" } }, { type: "add_to_cart", item: "jug" }].entries())
    engine.touch({ id: "", at: at + i, ...touchpoint }, at + i);
  const state = openState(engine.fold(undefined, [engine.journal()], 0, at + 9));
  assert.deepEqual(state, {
    visits: 1, started: at, last: at + 5, sessionPageViews: 2, sessionTouchpoints: 6, met: 0, pageViews: 2, itemViews: 1, purchases: 1, revenue: 1250,
    shares: 0, considered: at + 2, checkout: 0, purchased: at + 4, cart: 1, owned: 1,
  });
});

test("every reason, step, consent state and drop has words of its own", () => {
  const said = REASONS.map((reason) => because({ reason }));
  for (const [i, text] of said.entries()) assert.match(text, /^[A-Z].{5,}/, REASONS[i]);
  assert.equal(new Set(said).size, REASONS.length);
  for (const step of STEPS) assert.ok(STEP_WORDS[step], step);
  for (const state of ["unknown", "denied", "measure", "personalise"]) assert.ok(CONSENT_WORDS[state], state);
  for (const drop of ["denied", "full", "refused", "old", "corrupt", "broken"]) assert.ok(DROP_WORDS[drop], drop);
  assert.equal(percent(1 / 3), "33.3 %");
});

test("chance is that of the chi-square distribution, and a ratio is judged by it", () => {
  // Table values of any textbook.
  for (const [chi, freedom, expect] of [[3.841, 1, 0.05], [10.828, 1, 0.001], [5.991, 2, 0.05], [7.815, 3, 0.05], [16.266, 3, 0.001], [9.488, 4, 0.05], [11.07, 5, 0.05]])
    assert.ok(Math.abs(chance(chi, freedom) / expect - 1) < 0.002, `${chi} with ${freedom}: ${chance(chi, freedom)}`);
  assert.equal(chance(0, 1), 1);
  assert.ok(Number(ratio([5000, 5100], [0.5, 0.5]).chance) > 0.3);
  assert.ok(Number(ratio([5000, 5600], [0.5, 0.5]).chance) < 1e-6);
  assert.deepEqual(ratio([10, 0], [1, 0]), { total: 10, chance: undefined });
});
