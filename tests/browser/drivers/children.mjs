// @ts-check
/**
 * Child processes that never outlive the test run. WebKitWebDriver and Xvfb leave children behind when they are
 * ended alone, so each gets a process group and the group is ended, by id, however this process leaves.
 */
import { spawn } from "node:child_process";

/** @type {Set<number>} */
const groups = new Set();

process.on("exit", () => {
  for (const group of groups) signal(group, "SIGKILL");
});
for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.once(name, () => process.exit(1));

/** @param {string} command @param {string[]} args @param {import("node:child_process").SpawnOptions} [options] */
export function spawnGroup(command, args, options = {}) {
  const child = spawn(command, args, { stdio: "ignore", ...options, detached: true });
  if (child.pid) groups.add(child.pid);
  return child;
}

/** @param {import("node:child_process").ChildProcess} child */
export async function endGroup(child) {
  const group = child.pid;
  if (!group || !groups.has(group)) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  signal(group, "SIGTERM");
  if (child.exitCode === null && child.signalCode === null) {
    const hard = setTimeout(() => signal(group, "SIGKILL"), 3000);
    await ended;
    clearTimeout(hard);
  }
  signal(group, "SIGKILL");
  groups.delete(group);
}

/** @param {number} group @param {NodeJS.Signals} name */
function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch {
    // Already gone.
  }
}
