// @ts-check
/** Skips work whose inputs have not changed: a stamp holds the hash of what went in, and the outputs must still be there. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ROOT } from "./run.mjs";

const STAMPS = join(ROOT, "target", "stamps");

/** Every file below, sorted; a path that is not there adds nothing. @param {string[]} paths @returns {string[]} */
export function filesBelow(paths) {
  return paths.flatMap((path) => {
    const full = resolve(ROOT, path);
    if (!existsSync(full)) return [];
    if (statSync(full).isFile()) return [full];
    return filesBelow(readdirSync(full).sort().map((name) => join(full, name)));
  });
}

/** @param {string[]} paths @param {string} [salt] */
export function hashOf(paths, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const file of filesBelow(paths)) hash.update(relative(ROOT, file)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

/**
 * @param {string} name
 * @param {{inputs: string[], outputs: string[], salt?: string}} what Paths relative to the repository.
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether the work was done
 */
export async function whenStale(name, { inputs, outputs, salt }, work) {
  const stamp = join(STAMPS, name);
  const wanted = hashOf(inputs, salt);
  const present = outputs.every((path) => existsSync(join(ROOT, path)));
  if (present && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return false;
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}
