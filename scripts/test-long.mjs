// @ts-check
/**
 * `npm run test:long`: what takes too long for every change. `npm run test:long -- pairs mutants` runs the named stages,
 * with `--as-built` over dist/ as it is.
 * Writes docs/long-tests.md: the rows of the stages that ran, with the day, and those of earlier runs as they were.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build/index.mjs";
import { properties } from "./long/sources.mjs";
import { STAGES } from "./long/stages.mjs";
import { Failure, lastLines, ROOT } from "./run.mjs";
import { browsers } from "./setup/browsers.mjs";
import { npmPackages } from "./setup/npm-packages.mjs";
import { rust } from "./setup/rust.mjs";
import { main, step } from "./step.mjs";

const TABLE = join(ROOT, "docs/long-tests.md");
const HEAD = ["| stage | what | how much | result | day |", "| --- | --- | --- | --- | --- |"];

/** Rows of earlier runs, by stage. @returns {Map<string, string[]>} */
function earlier() {
  const rows = new Map();
  const lines = existsSync(TABLE) ? readFileSync(TABLE, "utf8").split("\n") : [];
  for (const line of lines) {
    const stage = /^\| (\w+) \|/.exec(line)?.[1];
    if (STAGES.some(({ name }) => name === stage)) rows.set(stage, [...(rows.get(stage) ?? []), line]);
  }
  return rows;
}

await main(async () => {
  const wanted = process.argv.slice(2).filter((word) => word !== "--as-built");
  const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length) throw new Failure(`there is no stage ${unknown.join(", ")}:\n${STAGES.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join("\n")}`);
  const stages = STAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  await npmPackages();
  await rust();
  if (stages.some(({ needsBuild }) => needsBuild)) {
    await browsers();
    if (!process.argv.includes("--as-built")) await build();
  }
  const table = earlier();
  let failures = 0;
  for (const { name, work } of stages) {
    const rows = await step(name, async (say) => {
      const rows = await work();
      say(rows.some(({ failed }) => failed) ? "FAILED" : "passed");
      return rows;
    });
    const day = new Date().toISOString().slice(0, 10);
    table.set(name, rows.map(({ what, amount, result }) => `| ${name} | ${what} | ${amount} | ${result} | ${day} |`));
    for (const line of table.get(name) ?? []) console.log(`  ${line}`);
    const wrong = rows.find(({ failed }) => failed);
    failures += rows.filter(({ failed }) => failed).length;
    if (wrong?.text) console.log(lastLines(wrong.text, 60));
  }
  const lines = STAGES.flatMap(({ name }) => table.get(name) ?? []);
  const list = properties().map(({ file, claim }) => `| ${claim} | \`${file}\` |`);
  const text = ["# Long tests", "", "Written by `npm run test:long`.", "", ...HEAD, ...lines, "", `## ${list.length} properties`, "", "| for all cases drawn | in |", "| --- | --- |", ...list, ""];
  mkdirSync(join(ROOT, "docs"), { recursive: true });
  writeFileSync(TABLE, text.join("\n"));
  console.log(`${failures} failed; docs/long-tests.md has the table`);
  if (failures) process.exitCode = 1;
});
