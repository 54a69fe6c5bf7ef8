// @ts-check
/** Debian packages, only where this process may install them. */
import { existsSync } from "node:fs";
import { lastLines, run } from "../run.mjs";

export const aptMayInstall = () => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

/** @param {string[]} packages @returns {Promise<string | undefined>} what went wrong */
export async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = () => run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env, timeoutMs: 15 * 60_000 });
  let ran = await install();
  if (ran.code !== 0) {
    await run("apt-get", ["update"], { env, timeoutMs: 5 * 60_000 });
    ran = await install();
  }
  return ran.code === 0 ? undefined : `apt-get install ${packages.join(" ")}: ${lastLines(ran.text, 3)}`;
}
