// @ts-check
import { inputLines, instant, outputLines } from "./files.js";
import { openPlan } from "./plan.js";
import { Unusable } from "./unusable.js";
import { newVisitor } from "./visitor.js";

/** @type {import("./parlour.js").Command} */
export const command = {
  about: `Says what every experiment decides for each visitor: one JSON object a line on standard input

Takes {"unit":"…","facts":{…}} and prints {"unit":"…","decisions":{KEY:{"variant":…,"reason":"…"}}}. Each visitor is a
new one who allows measuring. Facts may nest: {"page":{"type":"home"}} is the fact page.type.`,
  usage: "[--at TIME] PLAN < LINES",
  operand: "PLAN",
  options: { at: { type: "string" } },
  async run(file, { at }) {
    const nowMs = instant(at);
    const plan = await openPlan(file);
    const out = outputLines();
    for await (const [number, line] of inputLines("facts")) {
      if (line.trim() === "") continue;
      const { unit, facts } = asked(line, number);
      const visitor = newVisitor(plan, nowMs);
      visitor.becomes(unit);
      visitor.knows(facts);
      const decisions = Object.fromEntries(plan.experiments.map(({ key, variants }, experiment) => {
        const { variant, reason } = visitor.decide(experiment);
        return [key, { variant: variants[variant]?.key ?? null, reason }];
      }));
      await out.write(JSON.stringify({ unit, decisions }));
    }
    await out.flush();
    return false;
  },
};

/** @param {string} line @param {number} number @returns {{unit: string, facts: Record<string, unknown>}} */
function asked(line, number) {
  try {
    const { unit, facts = {}, ...unknown } = JSON.parse(line);
    const isRecord = typeof facts === "object" && facts !== null && !Array.isArray(facts);
    if (typeof unit === "string" && isRecord && Object.keys(unknown).length === 0) return { unit, facts };
  } catch {
    // Told below.
  }
  throw new Unusable(`line ${number} of the facts: write {"unit":"…","facts":{…}}`);
}
