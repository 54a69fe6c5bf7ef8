#!/usr/bin/env node
// @ts-check
/**
 * The `parlour` command of the npm package: check, build, assign, decide, simulate and schema, without Rust. The same
 * core answers as in the native command, compiled to wasm, and what both print is the same to the byte.
 *
 * Exit codes: 0 done · 1 done, and problems were found · 2 wrong usage, or input that cannot be used.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Unusable } from "./unusable.js";

/**
 * @typedef {{[name: string]: string | boolean | undefined}} Values
 * @typedef {object} Command
 * @property {string} about
 * @property {string} usage
 * @property {string} operand What its one argument is.
 * @property {Record<string, {type: "string" | "boolean", short?: string, default?: string}>} options
 * @property {(operand: string, values: Values) => Promise<boolean>} run Answers whether problems were found.
 */

/** @type {Record<string, () => Promise<{command: Command}>>} */
const COMMANDS = {
  check: () => import("./check.js"),
  build: () => import("./build.js"),
  assign: () => import("./assign.js"),
  decide: () => import("./decide.js"),
  simulate: () => import("./simulate.js"),
  schema: () => import("./schema.js"),
};
const NATIVE_ONLY = ["serve", "export"];

/** @param {string[]} args */
async function main([name, ...rest]) {
  if (name === "--version" || name === "-V") return print(`parlour ${version()}`);
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return print(await overview());
  if (NATIVE_ONLY.includes(name)) throw new Unusable(`\`${name}\` is in the native command alone: cargo build --release -p parlour-cli`);
  const load = COMMANDS[name];
  if (!load) throw new Unusable(`there is no command \`${name}\`: parlour --help names them`);
  const { command } = await load();
  const { values, positionals } = parse(command, rest);
  if (values.help) return print(`${command.about}\n\nUsage: parlour ${name} ${command.usage}`);
  const wanted = command.operand ? 1 : 0;
  if (positionals.length !== wanted) throw new Unusable(`Usage: parlour ${name} ${command.usage}`);
  return (await command.run(positionals[0], values)) ? 1 : 0;
}

/** @param {Command} command @param {string[]} args @returns {{values: Values, positionals: string[]}} */
function parse({ options }, args) {
  try {
    const { values, positionals } = parseArgs({ args, options: { ...options, help: { type: "boolean", short: "h" } }, allowPositionals: true });
    return { values: /** @type {Values} */ (values), positionals };
  } catch (error) {
    throw new Unusable(/** @type {Error} */ (error).message);
  }
}

async function overview() {
  const rows = await Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(9)} ${(await load()).command.about.split("\n")[0]}`));
  return `Personalisation and experiments that stay in the visitor's browser.\n\nUsage: parlour COMMAND\n\n${rows.join("\n")}\n\nExit codes: 0 done, 1 done and problems were found, 2 wrong usage or input that cannot be used.`;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
  return 0;
}

const version = () => JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;

// `parlour assign … | head` has what it wanted.
process.stdout.on("error", (error) => process.exit(/** @type {NodeJS.ErrnoException} */ (error).code === "EPIPE" ? 0 : 2));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Unusable)) throw error;
  process.stderr.write(`parlour: ${error.message}\n`);
  process.exitCode = 2;
}
