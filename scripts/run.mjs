// @ts-check
/** Runs one command with its output kept, bounded in time; what it started ends with it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {{code: number, out: string, err: string, text: string, missing: boolean, timedOut: boolean}} Ran
 * `text` is both streams as they came; `missing`: there is no such command.
 * @typedef {{env?: Record<string, string | undefined>, cwd?: string, timeoutMs?: number, input?: string, live?: boolean}} Options
 */

/** @param {string} command @param {string[]} args @param {Options} [options] @returns {Promise<Ran>} */
export function run(command, args, { env, cwd = ROOT, timeoutMs = 45 * 60_000, input, live = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: process.platform !== "win32" });
    const ran = { code: -1, out: "", err: "", text: "", missing: false, timedOut: false };
    const end = () => {
      try {
        process.kill(-Number(child.pid), "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => ((ran.timedOut = true), end()), timeoutMs);
    process.once("exit", end);
    for (const name of /** @type {const} */ (["out", "err"])) {
      const stream = name === "out" ? child.stdout : child.stderr;
      stream.setEncoding("utf8").on("data", (chunk) => {
        ran[name] += chunk;
        ran.text += chunk;
        if (live) process.stderr.write(chunk);
      });
    }
    const settle = (/** @type {number} */ code) => {
      clearTimeout(timer);
      process.removeListener("exit", end);
      resolve({ ...ran, code });
    };
    child.once("error", (error) => {
      ran.missing = /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT";
      ran.text += error.message;
      settle(-1);
    });
    child.once("close", (code) => settle(code ?? -1));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** As {@link run}, for what has to succeed. @param {string} command @param {string[]} args @param {Options} [options] */
export async function mustRun(command, args, options) {
  const ran = await run(command, args, options);
  if (ran.code === 0) return ran;
  const why = ran.missing ? "there is no such command" : ran.timedOut ? "ran out of time" : `exit code ${ran.code}`;
  throw new Failure(`${command} ${args.slice(0, 4).join(" ")}: ${why}\n${lastLines(ran.text, 60)}`);
}

/** Something the reader can act on: shown as text, without a stack. */
export class Failure extends Error {}

/** @param {string} text @param {number} count */
export function lastLines(text, count) {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
