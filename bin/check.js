// @ts-check
import { loadCompiler } from "./compiler.js";
import { readText } from "./files.js";
import { Unusable } from "./unusable.js";

/** @type {import("./parlour.js").Command} */
export const command = {
  about: `Finds the mistakes in a parlour.json, all in one run

Prints one line for each: FILE:line:column severity code pointer: message. cure
Exits with 1 when there are errors; warnings alone leave it at 0.`,
  usage: "[--format text|json] FILE",
  operand: "FILE",
  options: { format: { type: "string", default: "text" } },
  async run(file, { format }) {
    if (format !== "text" && format !== "json") throw new Unusable("--format is text or json");
    const text = readText(file);
    const { compile } = await loadCompiler();
    const { hasErrors, diagnostics, lines } = await compile(text);
    const shown = format === "json"
      ? `${JSON.stringify({ file, ok: !hasErrors, diagnostics }, null, 2)}\n`
      : lines.map((line) => `${file}:${line}\n`).join("");
    process.stdout.write(shown);
    return hasErrors;
  },
};
