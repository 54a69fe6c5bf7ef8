// @ts-check
/** The stage `statistics`: simulated experiments, and their tables in docs/statistics.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "../run.mjs";

const PAGE = join(ROOT, "docs/statistics.md");
const HOURS = 3_600_000;
const WORDS = ["false positives", "relative interval misses 0", "interval misses the effect", "relative interval misses the effect"];

/** @param {string} page @param {string} name @param {string[]} lines */
function between(page, name, lines) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`docs/statistics.md has no ${start} … ${end}`);
  return `${before}${start}\n${lines.join("\n")}\n${end}${after}`;
}

const row = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
const head = (/** @type {string[]} */ names) => [row(names), row(names.map(() => "---"))];

/** Claims of one experiment side by side; those with four have columns of their own. @param {string[][]} rows */
export function table(rows) {
  /** @type {Map<string, string[][]>} */
  const experiments = new Map();
  for (const [name, size, ...claim] of rows) {
    const key = `${name} | ${size}`;
    experiments.set(key, [...(experiments.get(key) ?? []), claim]);
  }
  const rates = (/** @type {string[][]} */ claims) => claims.map(([, rate]) => rate);
  const [wide, narrow] = [[...experiments].filter(([, claims]) => claims.length === 4), [...experiments].filter(([, claims]) => claims.length !== 4)];
  return [
    ...head(["experiments", "size", ...WORDS]),
    ...wide.map(([key, claims]) => row([key, ...rates(claims)])),
    "",
    ...head(["experiments", "size", "what", "share", "band"]),
    ...narrow.flatMap(([key, claims]) => claims.map((claim) => row([key, ...claim]))),
  ];
}

/** Rows that a test printed. @param {string} out */
export const printed = (out) => out.split("\n").filter((line) => line.startsWith("| ")).map((line) => line.slice(2, -2).split(" | "));

/** @param {string} name */
const simulate = (name) => run("cargo", ["test", "-q", "-p", "parlour-stats", "--test", "simulation", "--", "--ignored", "--nocapture", name], { env: { CARGO_PROFILE_DEV_DEBUG: "0", CARGO_PROFILE_TEST_DEBUG: "0" }, timeoutMs: 4 * HOURS });

export async function statistics() {
  const [all, minima] = [await simulate("a_hundred_thousand"), await simulate("error_rates")];
  const [rows, around] = [printed(all.out), printed(minima.out)];
  const missed = rows.filter((cells) => cells.some((cell) => cell.includes("MISSED"))).length;
  const failed = all.code !== 0 || minima.code !== 0 || rows.length === 0;
  if (rows.length && around.length) {
    const page = between(readFileSync(PAGE, "utf8"), "test:long statistics", table(rows));
    writeFileSync(PAGE, between(page, "test:long statistics minima", [...head(["experiments", "size", ...WORDS]), ...around.map(row)]));
  }
  const result = missed ? `${missed} OUTSIDE` : failed ? "FAILED" : `all within their bands: docs/statistics.md`;
  return [{ what: "error rates of estimators", amount: `${rows.length} claims, 100,000 experiments each`, result, failed, text: all.text + minima.text }];
}
