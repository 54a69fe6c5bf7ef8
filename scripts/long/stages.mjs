// @ts-check
/** What `npm run test:long` runs: each stage says what it did, how much of it, and what came of it. */
import { lastLines, mustRun, ROOT, run } from "../run.mjs";
import { cargoTool, nightly, WITH_TOOLS } from "../setup/cargo-tool.mjs";
import { FUZZ_TARGETS, properties } from "./sources.mjs";
import { statistics } from "./statistics.mjs";

/**
 * @typedef {{what: string, amount: string, result: string, failed: boolean, text?: string}} Row
 * @typedef {{name: string, about: string, needsBuild: boolean, work: () => Promise<Row[]>}} Stage
 */

const number = (/** @type {string} */ name, /** @type {number} */ otherwise) => Number(process.env[name] ?? otherwise);
const FUZZ_SECONDS = number("PARLOUR_FUZZ_SECONDS", 60);
const FUZZ_MUTATIONS = number("PARLOUR_FUZZ", 20_000);
const CASES = number("PROPTEST_CASES", 2_000);
const BODIES = number("PARLOUR_BODIES", 1_000_000);
const THOUSANDS = number("PARLOUR_PAIRS", 1_000);
const QUICK = { CARGO_PROFILE_DEV_DEBUG: "0", CARGO_PROFILE_TEST_DEBUG: "0" };
const HOURS = 3_600_000;

const shown = (/** @type {number} */ n) => n.toLocaleString("en");

/** @param {string} what @param {string} amount @param {string} why @returns {Row} */
const skipped = (what, amount, why) => ({ what, amount, result: `SKIPPED: ${why}`, failed: false });

/** @param {string[]} args @param {Record<string, string>} [env] */
const cargoTest = (args, env = {}) => run("cargo", ["test", "-q", "-p", "parlour", "--features", "authoring", ...args], { env: { ...QUICK, ...env }, timeoutMs: 2 * HOURS });

/** A row for each line of a node test run that tells of pairs. @param {string} file */
async function nodePairs(file) {
  const ran = await run(process.execPath, ["--test", "--test-reporter=tap", file], { env: { PARLOUR_PAIRS: `${THOUSANDS}`, NODE_TEST_CONTEXT: undefined }, timeoutMs: 2 * HOURS });
  let engine = "Node";
  /** @type {Row[]} */
  const rows = [];
  for (const line of ran.out.split("\n")) {
    engine = /# Subtest: random pairs \[(\w+)\]/.exec(line)?.[1] ?? engine;
    const [, verdict, claim] = /^ *(ok|not ok) \d+ - .*pairs are decided by (.*?) as natively/.exec(line) ?? [];
    if (!claim) continue;
    const failed = verdict !== "ok";
    rows.push({ what: `${claim}, ${engine}`, amount: `${shown(THOUSANDS * 1000)} pairs`, result: failed ? "DIFFERENT" : "0 mismatches", failed, text: ran.text });
  }
  if (rows.length === 0) rows.push({ what: file, amount: "", result: "did not run", failed: true, text: ran.text });
  return rows;
}

async function pairs() {
  const native = await cargoTest(["--test", "pairs", "--", "--include-ignored", "a_million"]);
  const failed = native.code !== 0;
  const first = { what: "native", amount: "1,000,000 pairs", result: failed ? "DIFFERENT from tests/vectors/pairs.txt" : "0 mismatches", failed, text: native.text };
  return [first, ...(await nodePairs("tests/node/pairs.test.mjs")), ...(await nodePairs("tests/browser/pairs.test.mjs"))];
}

async function drawn() {
  const ran = await cargoTest(["--lib", "--tests"], { PROPTEST_CASES: `${CASES}` });
  const failed = ran.code !== 0;
  return [{ what: "properties", amount: `${properties().length} properties, ${shown(CASES)} cases each unless they say otherwise`, result: failed ? "FAILED" : "all hold", failed, text: ran.text }];
}

async function mutations() {
  const ran = await cargoTest(["--test", "fuzz"], { PARLOUR_FUZZ: `${FUZZ_MUTATIONS}` });
  const failed = ran.code !== 0;
  return [{ what: "fuzz targets on stable", amount: `${FUZZ_TARGETS.length} targets, ${shown(FUZZ_MUTATIONS)} mutations each`, result: failed ? "PANIC" : "0 panics", failed, text: ran.text }];
}

async function libFuzzer() {
  const amount = `${FUZZ_SECONDS} s each`;
  const missing = (await nightly()) ?? (await cargoTool("cargo-fuzz"));
  if (missing) return [skipped("libFuzzer", amount, missing)];
  await mustRun("cargo", ["run", "-q", "--example", "seeds"], { cwd: `${ROOT}/fuzz`, timeoutMs: HOURS });
  /** @type {Row[]} */
  const rows = [];
  for (const target of FUZZ_TARGETS) {
    // Without unsafe code a sanitizer has nothing to find, and costs half the speed.
    const args = ["+nightly", "fuzz", "run", "-s", "none", "--features", "libfuzzer", target, "--", `-max_total_time=${FUZZ_SECONDS}`, "-max_len=16384", "-timeout=30"];
    const ran = await run("cargo", args, { env: WITH_TOOLS, timeoutMs: HOURS + FUZZ_SECONDS * 1000 });
    const runs = /^Done (\d+) runs/m.exec(ran.text)?.[1];
    const failed = ran.code !== 0;
    rows.push({ what: `libFuzzer, ${target}`, amount: runs ? `${shown(Number(runs))} inputs` : amount, result: failed ? "PANIC: fuzz/artifacts/ has the input" : "0 panics", failed, text: ran.text });
  }
  return rows;
}

async function bodies() {
  const ran = await run("cargo", ["test", "-q", "-p", "parlour-cli", "--test", "mutated", "--", "--nocapture"], { env: { ...QUICK, PARLOUR_BODIES: `${BODIES}` }, timeoutMs: 2 * HOURS });
  const failed = ran.code !== 0;
  const grown = /; (\d+) MB more/.exec(ran.text)?.[1];
  return [{ what: "bodies of every protocol to the collector", amount: `${shown(BODIES)} mutated bodies`, result: failed ? "FAILED" : `no 5xx, ${grown} MB more than after a fifth of them`, failed, text: ran.text }];
}

const LEAST_CAUGHT = 0.9;

async function mutants() {
  const missing = await cargoTool("cargo-mutants");
  if (missing) return [skipped("mutants", "", missing)];
  const output = "target/mutants";
  const tests = ["--lib", "--test", "conditions", "--test", "engine", "--test", "pairs", "--test", "properties", "--test", "vectors"];
  const args = ["mutants", "--package", "parlour", "--file", "src/assignment/*.rs", "--file", "src/targeting/*.rs", "--output", output, "--timeout", "300", "--no-times", "--colors", "never", "--", "--features", "authoring", ...tests];
  const ran = await run("cargo", args, { env: { ...QUICK, ...WITH_TOOLS }, timeoutMs: 6 * HOURS });
  const counts = Object.fromEntries([...ran.text.matchAll(/(\d+) (caught|missed|timeouts?|unviable)\b/g)].map(([, count, what]) => [what.replace("timeouts", "timeout"), Number(count)]));
  const [caught, missed] = [(counts.caught ?? 0) + (counts.timeout ?? 0), counts.missed ?? 0];
  if (caught === 0) return [{ what: "mutants", amount: "", result: `did not run: ${lastLines(ran.text, 1)}`, failed: true, text: ran.text }];
  const share = caught / (caught + missed);
  return [{ what: "mutants of assignment and targeting", amount: `${caught + missed} mutants`, result: `${caught} caught, ${(share * 100).toFixed(1)} %; survivors: ${output}/mutants.out/missed.txt`, failed: share < LEAST_CAUGHT, text: ran.text }];
}

/** @type {Stage[]} */
export const STAGES = [
  { name: "pairs", about: "random (id, experiment) pairs on every host", needsBuild: true, work: pairs },
  { name: "properties", about: "every property with more cases", needsBuild: false, work: drawn },
  { name: "statistics", about: "how often the estimators of results are wrong", needsBuild: false, work: statistics },
  { name: "mutations", about: "the fuzz targets on stable, for longer", needsBuild: false, work: mutations },
  { name: "bodies", about: "what the collector is sent, broken at random", needsBuild: false, work: bodies },
  { name: "libfuzzer", about: "the fuzz targets guided by coverage, where nightly is", needsBuild: false, work: libFuzzer },
  { name: "mutants", about: "are faults in assignment and targeting caught?", needsBuild: false, work: mutants },
];
