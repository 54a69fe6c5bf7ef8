// @ts-check
import { existsSync } from "node:fs";
import { loadCompiler } from "./compiler.js";
import { instant, readBytes, readText, writeWhole } from "./files.js";
import { openPlan } from "./plan.js";
import { Unusable } from "./unusable.js";

/** @type {import("./parlour.js").Command} */
export const command = {
  about: `Compiles a parlour.json into the plan that pages load

The same JSON over the same output gives the same bytes. A changed one gets the next version and the present time; a
first build has version 1 and issue time 0. Nothing is written when the file has errors, unless --partial is given.`,
  usage: "-o PLAN [--plan-version N] [--issued TIME] [--partial] FILE",
  operand: "FILE",
  options: {
    output: { type: "string", short: "o" },
    "plan-version": { type: "string" },
    issued: { type: "string" },
    partial: { type: "boolean" },
  },
  async run(file, { output, "plan-version": wanted, issued, partial }) {
    if (typeof output !== "string") throw new Unusable(`Usage: parlour build ${command.usage}`);
    const text = readText(file);
    const { compile } = await loadCompiler();
    const before = existsSync(output) ? await openPlan(output, readBytes(output)).catch(() => undefined) : undefined;
    const told = wanted !== undefined || issued !== undefined;
    /** @type {import("../www/authoring.js").Compiled} */
    let compiled;
    if (before && !told) {
      compiled = await compile(text, { version: before.version, issued: before.issuedMs });
      const same = !compiled.plan || (await openPlan(output, compiled.plan)).hash === before.hash;
      if (!same) compiled = await compile(text, { version: before.version + 1, issued: Date.now() });
    } else {
      const version = wanted === undefined ? (before?.version ?? 0) + 1 : planVersion(String(wanted));
      compiled = await compile(text, { version, issued: issued === undefined ? 0 : instant(issued) });
    }
    for (const line of compiled.lines) process.stderr.write(`${file}:${line}\n`);
    if (!compiled.plan || (compiled.hasErrors && !partial)) {
      process.stderr.write(`parlour: ${output} was not written\n`);
      return true;
    }
    const plan = await openPlan(output, compiled.plan);
    writeWhole(output, compiled.plan);
    process.stdout.write(`${output}: plan ${plan.hash} version ${plan.version}, ${compiled.plan.length} bytes\n`);
    return compiled.hasErrors;
  },
};

/** @param {string} text */
function planVersion(text) {
  const version = Number(text);
  if (!/^\d+$/.test(text) || version > 0xffff_ffff) throw new Unusable(`--plan-version: ${text} is not a whole number below 4294967296`);
  return version;
}
