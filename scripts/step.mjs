// @ts-check
/** One line of progress per step: its name at once, a dot every ten seconds, what came of it and how long it took. */
import { Failure } from "./run.mjs";

/**
 * @template T
 * @param {string} name
 * @param {(say: (outcome: string) => void) => Promise<T>} body `say` what was done; without it the line ends with "done".
 * @returns {Promise<T>}
 */
export async function step(name, body) {
  const start = Date.now();
  let outcome = "done";
  process.stdout.write(`${name} … `);
  const alive = setInterval(() => process.stdout.write("."), 10_000);
  const finish = (/** @type {string} */ text) => {
    clearInterval(alive);
    const seconds = (Date.now() - start) / 1000;
    process.stdout.write(`${text}${seconds >= 1 ? ` (${seconds.toFixed(1)} s)` : ""}\n`);
  };
  try {
    const result = await body((text) => void (outcome = text));
    finish(outcome);
    return result;
  } catch (error) {
    finish("FAILED");
    throw error;
  }
}

/** Runs a script's whole job: a {@link Failure} becomes its text, anything else a stack, and both exit code 1. @param {() => Promise<void>} job */
export async function main(job) {
  try {
    await job();
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
