// @ts-check
/**
 * `npm run bench`: what one decision costs in Node, beside GrowthBook's SDK in the same process.
 *
 * 100 experiments of 3 variants, each with an audience of its own of 4 clauses (text, number, list, inequality); half
 * pass all four. Each round is another visitor with another value of one fact, told anew; all results are read.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { GrowthBook } from "@growthbook/growthbook";
import { createEngine, UNIT } from "../../www/engine.js";

const EXPERIMENTS = 100;
const ROUNDS = 3_000;
const REPEATS = 7;

/** @param {number} n */
const audience = (n) => ({ plan: "pro", age: { $gte: 18 + (n % 10) }, country: { $in: ["de", "fr", `c${n}`] }, segment: { $ne: n % 2 ? "none" : `s${n}` } });
/** @param {number} round */
const facts = (round) => ({ plan: "pro", age: 40 + (round % 7), country: "de", segment: "none" });

const file = (/** @type {string} */ name) => readFile(new URL(`../../dist/${name}`, import.meta.url));

const parlour = async () => {
  const authoring = await import(new URL("../../dist/parlour-authoring.js", import.meta.url).href);
  await authoring.init(await file("parlour-authoring.wasm"));
  const experiments = Object.fromEntries(
    Array.from({ length: EXPERIMENTS }, (_, n) => [`e${n}`, { status: "running", audience: audience(n), variants: { a: {}, b: {}, c: {} } }]),
  );
  const { plan } = await authoring.compile(JSON.stringify({ site: "bench.example", experiments }));
  const engine = createEngine({ module: await WebAssembly.compile(await file("parlour.wasm")), plan, report: assert.fail });
  engine.consent("measure", 0);
  return {
    /** @param {number} round */
    tell(round) {
      engine.unit(UNIT.visitor, `visitor-${round}`);
      engine.facts({ age: facts(round).age });
    },
    first: () => engine.facts(facts(0)),
    decide: () => engine.decideAll(0).reduce((sum, { variant }) => sum + Number(variant >= 0), 0),
  };
};

const growthbook = () => {
  const features = Object.fromEntries(
    Array.from({ length: EXPERIMENTS }, (_, n) => [`e${n}`, { defaultValue: -1, rules: [{ condition: audience(n), variations: [0, 1, 2], hashAttribute: "id", hashVersion: 2 }] }]),
  );
  const client = new GrowthBook({ attributes: {}, features: /** @type {any} */ (features) });
  const keys = Object.keys(features);
  return {
    /** @param {number} round */
    tell: (round) => void client.setAttributes({ id: `visitor-${round}`, ...facts(round) }),
    first: () => {},
    decide: () => keys.reduce((sum, key) => sum + Number(client.evalFeature(key).value >= 0), 0),
  };
};

/** Nanoseconds per decision, and per telling of what changed. @param {Awaited<ReturnType<typeof parlour>>} peer */
const measure = ({ tell, first, decide }) => {
  first();
  let into = 0;
  const times = Array.from({ length: REPEATS }, (_, repeat) => {
    let telling = 0;
    const started = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      const before = performance.now();
      tell(repeat * ROUNDS + round);
      telling += performance.now() - before;
      into += decide();
    }
    return { decision: ((performance.now() - started) * 1e6) / ROUNDS / EXPERIMENTS, telling: (telling * 1e6) / ROUNDS };
  });
  const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[list.length >> 1];
  assert.equal(into, (REPEATS * ROUNDS * EXPERIMENTS) / 2, "half of the audiences match");
  return { decision: median(times.map(({ decision }) => decision)), telling: median(times.map(({ telling }) => telling)) };
};

const ours = measure(await parlour());
const theirs = measure(growthbook());
const row = (/** @type {string} */ name, /** @type {typeof ours} */ { decision, telling }) =>
  console.log(`${name.padEnd(22)} ${decision.toFixed(0).padStart(6)} ns a decision, telling included; telling alone ${telling.toFixed(0)} ns for 100`);
row("Parlour (wasm)", ours);
row("@growthbook/growthbook", theirs);
console.log(`ratio ${(theirs.decision / ours.decision).toFixed(1)}`);
