// @ts-check
import { loadCompiler } from "./compiler.js";

/** @type {import("./parlour.js").Command} */
export const command = {
  about: "Prints the JSON Schema of parlour.json, for editors that complete and check as one types",
  usage: "",
  operand: "",
  options: {},
  async run() {
    const { schema } = await loadCompiler();
    process.stdout.write(`${JSON.stringify(await schema(), null, 2)}\n`);
    return false;
  },
};
