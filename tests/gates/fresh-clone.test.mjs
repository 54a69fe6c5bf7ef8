// @ts-check
// What a fresh clone reads before it has any package, so that every command of package.json can do its own set-up.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../scripts/run.mjs";

/** @typedef {(file: string) => string} Read */

/** @type {Read} */
const read = (file) => readFileSync(file, "utf8");

/** Packages that a module needs as soon as it is read, its own modules' included. @param {string} entry @param {Read} read */
function packagesNeededBy(entry, read, seen = new Set()) {
  if (seen.has(entry)) return [];
  seen.add(entry);
  /** @type {string[]} */
  const needed = [];
  for (const [, from] of read(entry).matchAll(/^(?:import|export)\b(?:[^;"'=(]*\bfrom)?\s*["']([^"']+)["']/gm))
    if (from.startsWith(".")) needed.push(...packagesNeededBy(join(dirname(entry), from), read, seen));
    else if (!from.startsWith("node:")) needed.push(`${entry} imports ${from}`);
  return needed;
}

const { scripts } = JSON.parse(read(join(ROOT, "package.json")));
for (const [name, command] of Object.entries(scripts)) {
  const [, file = ""] = /^node (scripts\/\S+)$/.exec(command) ?? [];
  if (file) test(`npm run ${name} starts in a clone without node_modules`, () => assert.deepEqual(packagesNeededBy(join(ROOT, file), read), []));
}

test("an import of a package at the top of a script's module is found", () => {
  const sabotaged = join(ROOT, "scripts/build/panics.mjs");
  const needed = packagesNeededBy(join(ROOT, "scripts/test.mjs"), (file) => (file === sabotaged ? 'import binaryen from "binaryen";\n' : "") + read(file));
  assert.deepEqual(needed, [`${sabotaged} imports binaryen`]);
});
