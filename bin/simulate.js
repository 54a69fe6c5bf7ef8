// @ts-check
import { randomUuid, stdRng } from "./chacha.js";
import { instant } from "./files.js";
import { variantShares } from "./plan-shares.js";
import { openPlan } from "./plan.js";
import { sampleRatio } from "./sample-ratio.js";
import { Unusable } from "./unusable.js";
import { newVisitor } from "./visitor.js";

/** Below this the shares do not come from the weights: one honest run in a thousand falls under it. */
const SUSPECT = 0.001;
/** The reasons of a randomised answer. */
const COUNTED = ["bucketed", "sticky"];

/** @type {import("./parlour.js").Command} */
export const command = {
  about: `Sends made-up visitors through an experiment and compares the shares with the weights

The check is Pearson's chi-square test of the sample ratio over those who were bucketed. Exits with 1 when its p-value
is below 0.001.`,
  usage: "-e KEY [-n VISITORS] [--seed SEED] [--facts JSON] [--at TIME] PLAN",
  operand: "PLAN",
  options: {
    experiment: { type: "string", short: "e" },
    visitors: { type: "string", short: "n", default: "100000" },
    seed: { type: "string", default: "1" },
    facts: { type: "string" },
    at: { type: "string" },
  },
  async run(file, { experiment: key, visitors, seed, facts, at }) {
    if (key === undefined) throw new Unusable(`Usage: parlour simulate ${command.usage}`);
    const count = whole("--visitors", visitors);
    const next = stdRng(BigInt.asUintN(64, whole("--seed", seed)));
    const nowMs = instant(at);
    const plan = await openPlan(file);
    const experiment = plan.experiment(key);
    const { variants } = plan.experiments[experiment];
    const weights = variantShares(plan.bytes, experiment);
    const visitor = newVisitor(plan, nowMs);
    if (facts !== undefined) visitor.knows(record(String(facts)));

    const bucketed = weights.map(() => 0);
    /** @type {Map<string, {variant: number, reason: string, count: number}>} */
    const others = new Map();
    for (let visit = 0n; visit < count; visit++) {
      visitor.becomes(randomUuid(next));
      const { variant, reason } = visitor.decide(experiment);
      if (variant >= 0 && COUNTED.includes(reason)) bucketed[variant]++;
      else others.set(`${variant} ${reason}`, { variant, reason, count: (others.get(`${variant} ${reason}`)?.count ?? 0) + 1 });
    }

    const name = (/** @type {number} */ variant) => (variants[variant]?.key ?? "-").padEnd(24);
    const percent = (/** @type {number} */ share) => `${fixed(share * 100, 3).padStart(8)}%`;
    const total = bucketed.reduce((sum, arm) => sum + arm, 0);
    const lines = [`${String(key).padEnd(24)} ${"visitors".padStart(12)} ${"share".padStart(9)} ${"weight".padStart(9)}`];
    bucketed.forEach((arm, variant) => lines.push(`${name(variant)} ${String(arm).padStart(12)} ${percent(total ? arm / total : 0)} ${percent(weights[variant])}`));
    const ordered = [...others.values()].sort((a, b) => a.variant - b.variant || (a.reason < b.reason ? -1 : 1));
    for (const other of ordered) lines.push(`${name(other.variant)} ${String(other.count).padStart(12)}           ${other.reason}`);
    const test = sampleRatio(bucketed, weights.map((weight) => weight * total));
    const fits = !test || test.p >= SUSPECT;
    lines.push(test
      ? `sample ratio: chi-square ${fixed(test.chiSquare, 3)}, ${test.freedom} degrees of freedom, p ${fixed(test.p, 4)}: ${fits ? "fits the weights" : "does not fit the weights"}`
      : "sample ratio: nothing to compare, fewer than two variants were reached");
    process.stdout.write(`${lines.join("\n")}\n`);
    return !fits;
  },
};

/** @param {string} option @param {unknown} text */
function whole(option, text) {
  if (typeof text !== "string" || !/^\d{1,20}$/.test(text)) throw new Unusable(`${option}: ${text} is not a whole number`);
  return BigInt(text);
}

/** @param {string} text @returns {Record<string, unknown>} */
function record(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new Unusable(`--facts: ${text} is not a JSON object`);
}

/** As Rust prints it: a tie goes to the even digit, where `toFixed` goes up. @param {number} value @param {number} digits */
function fixed(value, digits) {
  if (!Number.isFinite(value)) return value === Infinity ? "inf" : String(value);
  const rounded = value.toFixed(digits);
  const exact = value.toFixed(100);
  const kept = exact.slice(0, exact.indexOf(".") + 1 + digits);
  const isTie = /^50*$/.test(exact.slice(kept.length));
  return isTie && Number(kept.at(-1)) % 2 === 0 ? kept : rounded;
}
