// @ts-check
import { inputLines, instant, outputLines } from "./files.js";
import { openPlan } from "./plan.js";
import { Unusable } from "./unusable.js";
import { newVisitor } from "./visitor.js";

/** @type {import("./parlour.js").Command} */
export const command = {
  about: `Says which variant each unit gets: ids on standard input, one a line

Prints unit, variant (or -) and reason, parted by tabs. Each unit counts as a new visitor who allows measuring and of
whom no fact is known. Empty lines are skipped.`,
  usage: "-e KEY [--at TIME] PLAN < IDS",
  operand: "PLAN",
  options: { experiment: { type: "string", short: "e" }, at: { type: "string" } },
  async run(file, { experiment: key, at }) {
    if (key === undefined) throw new Unusable(`Usage: parlour assign ${command.usage}`);
    const nowMs = instant(at);
    const plan = await openPlan(file);
    const experiment = plan.experiment(key);
    const visitor = newVisitor(plan, nowMs);
    const out = outputLines();
    for await (const [number, unit] of inputLines("ids")) {
      if (unit === "") continue;
      if (unit.includes("\t")) throw new Unusable(`line ${number} of the ids holds a tab: give one id a line`);
      visitor.becomes(unit);
      const { variant, reason } = visitor.decide(experiment);
      await out.write(`${unit}\t${plan.experiments[experiment].variants[variant]?.key ?? "-"}\t${reason}`);
    }
    await out.flush();
    return false;
  },
};
