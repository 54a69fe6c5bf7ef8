// @ts-check
/** The licences of what is linked into the wasm files (the normal dependencies for wasm32, Rust's own library) and of what is bundled into JavaScript. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mustRun, ROOT } from "../run.mjs";

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** npm packages whose code is in files of dist/. */
const BUNDLED = ["dompurify"];

/** @typedef {{name: string, version: string, license: string | null, authors: string[], manifest_path: string}} Crate */

/** @returns {Promise<string>} */
export async function thirdPartyNotices() {
  const linked = await linkedCrates();
  const { out } = await mustRun("cargo", ["metadata", "--format-version", "1", "--locked"]);
  /** @type {Crate[]} */
  const crates = JSON.parse(out).packages.filter((/** @type {Crate} */ crate) => linked.has(`${crate.name} ${crate.version}`));
  crates.sort((a, b) => (a.name < b.name ? -1 : 1));
  /** @type {Map<string, string[]>} Same text, said once. */
  const texts = new Map([[MIT, ["The Rust standard library (MIT OR Apache-2.0), copyright the Rust project contributors"]]]);
  for (const crate of crates) {
    const text = licenceText(crate);
    texts.set(text, [...(texts.get(text) ?? []), `${crate.name} ${crate.version} (${crate.license})`]);
  }
  for (const name of BUNDLED) {
    const folder = join(ROOT, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = readFileSync(join(folder, "LICENSE"), "utf8").replace(/\r/g, "").trim();
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...texts].map(([text, names]) => `${names.join("\n")}\n\n${text}`);
  return `Third-party software in parlour.wasm, parlour-authoring.wasm, parlour-command.wasm and the glue beside them, and in parlour-purify.js.\n\n${parts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}

/** `name version` of every crate below ours for wasm32, proc macros and build scripts left out. */
export async function linkedCrates() {
  const { out } = await mustRun("cargo", [
    "tree", "-p", "parlour", "-p", "parlour-command", "--features", "parlour/authoring", "--target", "wasm32-unknown-unknown", "-e", "normal,no-proc-macro",
    "--prefix", "none", "--format", "{p}", "--locked",
  ]);
  const names = out.split("\n").map((line) => /^(\S+) v(\S+)/.exec(line)).filter((found) => found !== null);
  return new Set(names.filter(([, name]) => !name.startsWith("parlour")).map(([, name, version]) => `${name} ${version}`));
}

/** The MIT text where a crate offers it (the shortest duty), else whatever licence file it ships. @param {Crate} crate */
function licenceText(crate) {
  const folder = dirname(crate.manifest_path);
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|unlicense|notice)/i.test(name)).sort();
  const chosen = files.find((name) => /mit/i.test(name)) ?? files[0];
  if (chosen && existsSync(join(folder, chosen))) return readFileSync(join(folder, chosen), "utf8").replace(/\r/g, "").trim();
  if (/\bMIT\b/.test(crate.license ?? "")) return `Copyright the authors of ${crate.name}${crate.authors.length ? `: ${crate.authors.join(", ")}` : ""}\n\n${MIT}`;
  throw new Error(`${crate.name} ${crate.version} (${crate.license}) ships no licence text`);
}
