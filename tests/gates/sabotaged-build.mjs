// @ts-check
/**
 * A copy of the build with one thing broken on purpose, for the tests that must notice. The product has no switch for
 * this: the sources are copied, changed, and bundled as `npm run build` bundles them.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUNDLES, bundleText } from "../../scripts/build/bundle.mjs";
import { ROOT, run } from "../../scripts/run.mjs";

/**
 * @typedef {object} Sabotage
 * @property {string} [file] In www/.
 * @property {string} [from] Must stand in the file exactly once: a sabotage that misses its aim is an error.
 * @property {string} [to]
 * @property {(dist: string) => Promise<void> | void} [spoil] Changes the copy of dist/.
 */

/**
 * Runs `work` with the folders of the broken copy.
 * @template T
 * @param {Sabotage} sabotage
 * @param {(folders: {dist: string, www: string}) => Promise<T>} work
 */
export async function withSabotaged({ file, from = "", to = "", spoil }, work) {
  const root = mkdtempSync(join(tmpdir(), "parlour-"));
  const [www, dist] = [join(root, "www"), join(root, "dist")];
  try {
    mkdirSync(www);
    for (const name of readdirSync(join(ROOT, "www"))) if (name.endsWith(".js") || name === "devtools") cpSync(join(ROOT, "www", name), join(www, name), { recursive: true });
    cpSync(join(ROOT, "dist"), dist, { recursive: true });
    if (file) {
      const text = readFileSync(join(www, file), "utf8");
      const found = text.split(from).length - 1;
      if (found !== 1) throw new Error(`www/${file} holds the text to sabotage ${found} times, not once: ${from}`);
      writeFileSync(join(www, file), text.replace(from, () => to));
      for (const bundle of BUNDLES) replaceFile(dist, bundle.name, await bundleText(bundle, root));
    }
    await spoil?.(dist);
    return await work({ dist, www });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** In a copy of dist/, without the compressed copies of what was there. @param {string} dist @param {string} name @param {string | Uint8Array} content */
export function replaceFile(dist, name, content) {
  for (const suffix of [".br", ".gz"]) rmSync(join(dist, name + suffix), { force: true });
  writeFileSync(join(dist, name), content);
}

/**
 * The names of the tests that fail over the broken copy, in Chromium, of those whose name holds `claim`.
 * @param {string} testFile
 * @param {string} claim
 * @param {{dist: string, www: string}} folders
 */
export async function failuresOver(testFile, claim, { dist, www }) {
  const env = { PARLOUR_DIST: dist, PARLOUR_WWW: www, PARLOUR_ENGINES: "chromium", NODE_TEST_CONTEXT: undefined };
  const { out } = await run(process.execPath, ["--test", "--test-reporter=tap", `--test-name-pattern=${claim}`, testFile], { env, timeoutMs: 5 * 60_000 });
  return { failures: [...out.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name), out };
}
