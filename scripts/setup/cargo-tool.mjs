// @ts-check
/** Tools that only long tests need, from crates.io into target/tools: nothing is added to the machine's own cargo. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { lastLines, ROOT, run } from "../run.mjs";

const TOOLS = join(ROOT, "target/tools");
/** @type {Record<string, string>} */
export const WITH_TOOLS = { PATH: `${join(TOOLS, "bin")}${delimiter}${process.env.PATH ?? ""}` };

/**
 * Installs it where it is missing; building cargo-mutants takes some ten minutes.
 * @param {"cargo-fuzz" | "cargo-mutants"} name
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function cargoTool(name) {
  const subcommand = name.replace("cargo-", "");
  const present = async () => (await run("cargo", [subcommand, "--version"], { env: WITH_TOOLS, timeoutMs: 60_000 })).code === 0;
  if (await present()) return undefined;
  const ran = await run("cargo", ["install", name, "--root", TOOLS, "--target-dir", join(TOOLS, "target")], { timeoutMs: 30 * 60_000 });
  if (existsSync(join(TOOLS, "bin", name)) && (await present())) return undefined;
  return `cargo install ${name}: ${ran.timedOut ? "took over half an hour" : lastLines(ran.text, 2)}`;
}

/** @returns {Promise<string | undefined>} what is missing */
export async function nightly() {
  const ran = await run("cargo", ["+nightly", "--version"], { timeoutMs: 60_000 });
  return ran.code === 0 ? undefined : "no nightly toolchain: rustup toolchain install nightly";
}
