// @ts-check
/** What the sources hold of properties and fuzz targets: counted, not written down twice. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow } from "../fresh.mjs";
import { ROOT } from "../run.mjs";

/** From its opening to the brace that closes it. @param {string} text @param {number} from */
function block(text, from) {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    depth += Number(text[at] === "{") - Number(text[at] === "}");
    if (depth === 0) return text.slice(from, at);
  }
  return text.slice(from);
}

/** Every test inside `proptest!`, by file. @returns {{file: string, claim: string}[]} */
export function properties() {
  const files = filesBelow(["src", "tests", "cli/src", "signing", "stats"]).filter((file) => file.endsWith(".rs"));
  return files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return [...text.matchAll(/^\s*proptest! \{/gm)].flatMap((opening) =>
      [...block(text, opening.index + opening[0].length - 1).matchAll(/#\[test\]\s+fn (\w+)/g)].map(([, name]) => ({ file: relative(ROOT, file), claim: name.replaceAll("_", " ") })));
  });
}

export const FUZZ_TARGETS = [...readFileSync(join(ROOT, "fuzz/Cargo.toml"), "utf8").matchAll(/^name = "(\w+)"$/gm)].map(([, name]) => name).filter((name) => name !== "parlour");
