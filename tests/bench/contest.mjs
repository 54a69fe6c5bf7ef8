// @ts-check
/**
 * The same 100 experiments for Parlour and its peers, and how they are timed: in Node as it stands, in a page as one
 * bundle. Each experiment has 3 variants and an audience of its own of 4 clauses (text, number, list, version); half
 * of the audiences match. Each round is another visitor with other values of two facts; all answers are read.
 */
import { EvaluationEngine } from "@amplitude/experiment-core";
import { GrowthBook } from "@growthbook/growthbook";
import { FlagdCore } from "@openfeature/flagd-core";
import { createEngine, UNIT } from "../../www/engine.js";

export const EXPERIMENTS = 100;
/** Short turns, so that some of them meet a machine that does nothing else. */
const ROUNDS = 60;
const TURNS = 40;
const COMPARED = 50;

const NUMBERS = Array.from({ length: EXPERIMENTS }, (_, n) => n);
const key = (/** @type {number} */ n) => `e${n}`;
const clauses = (/** @type {number} */ n) => ({ plan: "pro", least: 18 + (n % 10), countries: ["de", "fr", `c${n}`], version: `${n % 2 ? 2 : 9}.${n}.0` });
const facts = (/** @type {number} */ round) => ({ plan: "pro", age: 40 + (round % 7), country: "de", version: `3.${round % 9}.1` });
const visitor = (/** @type {number} */ round) => `visitor-${round}`;

/** @param {number} n */
const condition = (n) => {
  const { plan, least, countries, version } = clauses(n);
  return { plan, age: { $gte: least }, country: { $in: countries }, version: { $vgte: version } };
};

/** parlour.json of the contest. */
export const config = () => ({
  site: "bench.example",
  experiments: Object.fromEntries(NUMBERS.map((n) => [key(n), { status: "running", audience: condition(n), variants: { a: {}, b: {}, c: {} } }])),
});

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {(round: number) => void} tell another visitor, and what of the facts is new
 * @property {() => boolean[]} decide who is in, by experiment
 */

/** @param {WebAssembly.Module} module @param {Uint8Array} plan @returns {Peer} */
const parlour = (module, plan) => {
  const engine = createEngine({ module, plan, report: (problem) => { throw Error(problem); } });
  const { core, taken } = engine.inner;
  engine.consent("measure", 0);
  engine.facts(facts(0));
  return {
    name: "Parlour (wasm)",
    tell(round) {
      const { age, version } = facts(round);
      engine.unit(UNIT.visitor, visitor(round));
      engine.facts({ age, version });
    },
    decide() {
      const packed = new Uint32Array(taken(core().decide_all(0)).buffer);
      const all = [];
      // Spreading them costs some 30 ns more a decision.
      for (let i = 0; i < packed.length; i++) all.push(engine.unpack(packed[i]).variant >= 0);
      return all;
    },
  };
};

/** @returns {Peer} */
const growthbook = () => {
  const features = Object.fromEntries(NUMBERS.map((n) => [key(n), { defaultValue: -1, rules: [{ condition: condition(n), variations: [0, 1, 2], hashAttribute: "id", hashVersion: 2 }] }]));
  const client = new GrowthBook({ attributes: {}, features: /** @type {any} */ (features) });
  return {
    name: "@growthbook/growthbook",
    tell: (round) => void client.setAttributes({ id: visitor(round), ...facts(round) }),
    decide: () => NUMBERS.map((n) => client.evalFeature(key(n)).value >= 0),
  };
};

/** @returns {Peer} */
const flagd = () => {
  const flags = Object.fromEntries(NUMBERS.map((n) => {
    const { plan, least, countries, version } = clauses(n);
    const audience = { and: [{ "==": [{ var: "plan" }, plan] }, { ">=": [{ var: "age" }, least] }, { in: [{ var: "country" }, countries] }, { sem_ver: [{ var: "version" }, ">=", version] }] };
    return [key(n), { state: "ENABLED", variants: { out: -1, a: 0, b: 1, c: 2 }, defaultVariant: "out", targeting: { if: [audience, { fractional: [["a", 1], ["b", 1], ["c", 1]] }, "out"] } }];
  }));
  const quiet = { error() {}, warn() {}, info() {}, debug() {} };
  const core = new FlagdCore(undefined, quiet);
  core.setConfigurations(JSON.stringify({ flags }));
  /** @type {Record<string, any>} */
  let context = {};
  return {
    name: "@openfeature/flagd-core",
    tell: (round) => void (context = { targetingKey: visitor(round), ...facts(round) }),
    decide: () => NUMBERS.map((n) => core.resolveNumberEvaluation(key(n), -2, context, quiet).value >= 0),
  };
};

/** @returns {Peer} */
const amplitude = () => {
  const third = 2 ** 32 / 100 / 3;
  const flags = NUMBERS.map((n) => {
    const { plan, least, countries, version } = clauses(n);
    const of = (/** @type {string} */ fact, /** @type {string} */ op, /** @type {string[]} */ ...values) => ({ selector: ["context", "user", fact], op, values });
    return {
      key: key(n),
      variants: { a: { key: "a" }, b: { key: "b" }, c: { key: "c" } },
      segments: [{
        conditions: [[of("plan", "is", plan), of("age", "greater or equal", `${least}`), of("country", "is", ...countries), of("version", "version greater or equal", version)]],
        bucket: {
          selector: ["context", "user", "user_id"],
          salt: key(n),
          allocations: [{ range: [0, 100], distributions: ["a", "b", "c"].map((variant, i) => ({ variant, range: [Math.floor(i * third), Math.ceil((i + 1) * third)] })) }],
        },
      }],
    };
  });
  const engine = new EvaluationEngine();
  /** @type {Record<string, any>} */
  let context = {};
  return {
    name: "@amplitude/experiment-core",
    tell: (round) => void (context = { user: { user_id: visitor(round), ...facts(round) } }),
    decide: () => {
      const found = engine.evaluate(context, flags);
      return NUMBERS.map((n) => found[key(n)] !== undefined);
    },
  };
};

/** Nanoseconds a decision. @param {number} rounds @param {(round: number) => void} work */
const timed = (rounds, work) => {
  const started = performance.now();
  for (let round = 0; round < rounds; round++) work(round);
  return ((performance.now() - started) * 1e6) / rounds / EXPERIMENTS;
};

/**
 * @typedef {{name: string, deciding: number, telling: number, again: number, same: number, compared: number}} Result
 * Nanoseconds a decision in the fastest turn: with what is new told before, the telling alone, and decided again with nothing new; then
 * in how many of the compared decisions the same visitors are in as with Parlour.
 * @param {WebAssembly.Module} module @param {Uint8Array} plan @returns {Result[]}
 */
export function contest(module, plan) {
  const peers = [parlour(module, plan), growthbook(), flagd(), amplitude()];
  const answers = peers.map(({ tell, decide }) => Array.from({ length: COMPARED }, (_, round) => (tell(round), decide())).flat());
  const [ours] = answers;
  if (ours.filter(Boolean).length * 2 !== ours.length) throw Error("half of the audiences should match");

  const times = peers.map(() => ({ deciding: /** @type {number[]} */ ([]), telling: /** @type {number[]} */ ([]), again: /** @type {number[]} */ ([]) }));
  let into = 0;
  let from = COMPARED;
  // In turns, so that whatever else the machine does meets all alike. The first turn only warms up.
  for (let turn = 0; turn <= TURNS; turn++, from += ROUNDS)
    peers.forEach(({ tell, decide }, index) => {
      const count = () => decide().forEach((isIn) => void (into += Number(isIn)));
      const deciding = timed(ROUNDS, (round) => (tell(from + round), count()));
      const telling = timed(ROUNDS, (round) => tell(from + round));
      const again = timed(ROUNDS, count);
      if (turn) times[index].deciding.push(deciding), times[index].telling.push(telling), times[index].again.push(again);
    });
  if (into !== (TURNS + 1) * ROUNDS * peers.length * EXPERIMENTS) throw Error("not all that was timed answered as before");
  return peers.map(({ name }, index) => ({
    name,
    deciding: Math.min(...times[index].deciding),
    telling: Math.min(...times[index].telling),
    again: Math.min(...times[index].again),
    same: answers[index].filter((isIn, i) => isIn === ours[i]).length,
    compared: ours.length,
  }));
}
