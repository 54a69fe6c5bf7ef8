// @ts-check
/**
 * `npm test`: everything there is, a line per stage, all stages even when one fails, `N passed, N failed` last.
 * `npm test -- node browser` runs the named stages alone.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build/index.mjs";
import { Failure, lastLines, ROOT, run } from "./run.mjs";
import { browsers } from "./setup/browsers.mjs";
import { npmPackages } from "./setup/npm-packages.mjs";
import { rust } from "./setup/rust.mjs";
import { main, step } from "./step.mjs";
import { filesBelow } from "./fresh.mjs";

/** @typedef {{passed: number, failed: number, skipped: number}} Count */
/** @typedef {{name: string, needsBuild: boolean, work: () => Promise<Count & {text: string}>}} Stage */

/** No debug information: half the time and a tenth of the disk of a cold build. */
const QUICK = { CARGO_PROFILE_DEV_DEBUG: "0", CARGO_PROFILE_TEST_DEBUG: "0" };

/** @param {import("./run.mjs").Ran} ran @returns {Count & {text: string}} */
const asOne = (ran) => ({ passed: Number(ran.code === 0), failed: Number(ran.code !== 0), skipped: 0, text: ran.text });

/** @param {string[]} args */
async function cargo(args) {
  return asOne(await run("cargo", args, { env: QUICK }));
}

/** Sums the closing line of each test program. */
async function cargoTest() {
  const ran = await run("cargo", ["test", "--workspace", "--no-fail-fast"], { env: QUICK });
  const count = { passed: 0, failed: 0, skipped: 0, text: ran.text };
  for (const [, passed, failed, ignored] of ran.out.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    count.passed += Number(passed);
    count.failed += Number(failed);
    count.skipped += Number(ignored);
  }
  // Test programs that did not compile print no closing line.
  if (ran.code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

/** @param {string} folder @param {number} atOnce Test files at a time: browsers share two cores with what they test. */
async function nodeTests(folder, atOnce) {
  const files = filesBelow([folder]).filter((file) => file.endsWith(".test.mjs") && (folder !== "tests/browser" || !file.includes("drivers/")));
  const ran = await run(process.execPath, ["--test", "--test-reporter=spec", `--test-concurrency=${atOnce}`, ...files]);
  const sum = (/** @type {string} */ what) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, "m").exec(ran.out)?.[1] ?? 0);
  const failed = sum("fail") + sum("cancelled");
  const skips = ran.text.split("\n").filter((line) => line.includes("SKIPPED")).map((line) => `${line}\n`);
  for (const line of new Set(skips)) process.stderr.write(line);
  return { passed: sum("pass"), failed: ran.code !== 0 && failed === 0 ? 1 : failed, skipped: sum("skipped"), text: afterHeading(ran.text) };
}

/** The spec reporter tells every failure again, whole, at its end. @param {string} text */
function afterHeading(text) {
  const at = text.indexOf("✖ failing tests:");
  return at < 0 ? text : text.slice(at);
}

/** @type {Stage[]} */
const STAGES = [
  { name: "rustfmt", needsBuild: false, work: () => cargo(["fmt", "--all", "--check"]) },
  { name: "clippy", needsBuild: false, work: () => cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]) },
  { name: "cargo", needsBuild: false, work: cargoTest },
  { name: "types", needsBuild: true, work: async () => asOne(await run(process.execPath, ["scripts/types.mjs"])) },
  { name: "node", needsBuild: true, work: () => nodeTests("tests/node", 2) },
  { name: "browser", needsBuild: true, work: () => nodeTests("tests/browser", 1) },
  { name: "pack", needsBuild: true, work: () => nodeTests("tests/pack", 1) },
  { name: "size", needsBuild: true, work: async () => asOne(await run(process.execPath, ["scripts/size.mjs"])) },
  { name: "gates", needsBuild: true, work: () => nodeTests("tests/gates", 1) },
];

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length) throw new Failure(`there is no stage ${unknown.join(", ")}: ${STAGES.map(({ name }) => name).join(", ")}`);
  const stages = STAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

  await npmPackages();
  await rust();
  if (stages.some(({ name }) => ["browser", "pack", "size", "gates"].includes(name))) await browsers();
  if (!existsSync(join(ROOT, "../shared/data"))) console.error("NOTE: ../shared/data is missing: tests over real data are skipped, and say so.");

  const sum = { passed: 0, failed: 0, skipped: 0 };
  const add = (/** @type {Count} */ count) => {
    sum.passed += count.passed;
    sum.failed += count.failed;
    sum.skipped += count.skipped;
  };
  let built = !stages.some(({ needsBuild }) => needsBuild);
  for (const { name, needsBuild, work } of stages) {
    if (needsBuild && !built) {
      built = await buildOnce();
      add({ passed: Number(built), failed: Number(!built), skipped: 0 });
    }
    if (needsBuild && !built) {
      console.log(`${name} … not run, there is no build`);
      add({ passed: 0, failed: 1, skipped: 0 });
      continue;
    }
    /** @type {Count & {text: string} | undefined} */
    let count;
    await step(name, async (say) => {
      count = await work();
      say(`${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} SKIPPED` : ""}`);
    });
    if (!count) continue;
    add(count);
    if (count.failed) console.log(lastLines(count.text, 150));
    if (name === "size" && !count.failed) console.log(count.text.trimEnd());
  }
  if (sum.skipped) console.log(`${sum.skipped} skipped`);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  if (sum.failed) process.exitCode = 1;
});

async function buildOnce() {
  try {
    await build();
    return true;
  } catch (error) {
    console.log(error instanceof Failure ? error.message : error);
    return false;
  }
}
