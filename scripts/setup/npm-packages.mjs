// @ts-check
/** The npm packages of the lock file, installed when missing or of another version. Uses Node's own modules only. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, lastLines, ROOT, run } from "../run.mjs";
import { step } from "../step.mjs";

const [major, minor] = process.versions.node.split(".").map(Number);

export async function npmPackages() {
  if (major < 20 || (major === 20 && minor < 19)) throw new Failure(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  await step("npm packages", async (say) => {
    if (installed()) return say("present");
    const [command, args] = npm(["ci", "--prefer-offline", "--no-audit", "--no-fund"]);
    const ran = await run(command, args, { timeoutMs: 10 * 60_000, env: { PUPPETEER_SKIP_DOWNLOAD: "1" } });
    if (ran.code !== 0) {
      throw new Failure(`npm ci did not install the packages of package-lock.json. It needs a reachable npm registry (npm config get registry).\n${lastLines(ran.text, 15)}`);
    }
    say("installed");
  });
}

/** The npm that started us, else the one on the PATH. @param {string[]} args @returns {[string, string[]]} */
export function npm(args) {
  const own = process.env.npm_execpath;
  return own && /npm-cli\.c?js$/.test(own) ? [process.execPath, [own, ...args]] : ["npm", args];
}

/** npm leaves what it installed in a hidden lock file; each package there must have the version the lock file wants. */
function installed() {
  const file = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(file)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(file, "utf8")).packages;
  return Object.keys(wanted).every((path) => path === "" || wanted[path].optional || present[path]?.version === wanted[path].version);
}
