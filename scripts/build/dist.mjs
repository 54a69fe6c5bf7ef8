// @ts-check
/**
 * Fills `dist/` with exactly what npm publishes and a CDN serves: stable names, content-hashed copies that refer to
 * each other by hashed name, `.br` and `.gz` beside each, and the sha384 of each for `integrity` attributes.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { ROOT } from "../run.mjs";

export const DIST = join(ROOT, "dist");

/** @param {string | Uint8Array} content */
const hash8 = (content) => createHash("sha256").update(content).digest("hex").slice(0, 8);

/** `parlour.iife.js` → `parlour.1a2b3c4d.iife.js` @param {string} name @param {string | Uint8Array} content */
export function hashedName(name, content) {
  const dot = name.indexOf(".");
  return `${name.slice(0, dot)}.${hash8(content)}${name.slice(dot)}`;
}

/**
 * What other files refer to comes first, so that their hashed copies can name its hashed copy.
 * @param {[string, string | Uint8Array][]} files
 * @returns {[string, string | Uint8Array][]}
 */
export function hashedCopies(files) {
  /** @type {Map<string, string>} */
  const renamed = new Map();
  return files.map(([name, content]) => {
    let copy = content;
    if (typeof copy === "string") for (const [from, to] of renamed) copy = copy.replaceAll(new RegExp(`(["'\`/])${from.replaceAll(".", "\\.")}(?=["'\`])`, "g"), `$1${to}`);
    const to = hashedName(name, copy);
    renamed.set(name, to);
    return [to, copy];
  });
}

/**
 * @param {[string, string | Uint8Array][]} referred The files that pages load, the referred-to first.
 * @param {[string, string | Uint8Array][]} others Files with one name.
 * @param {[string, string | Uint8Array][]} local Files that no server sends: what Node reads from the disk.
 */
export function writeDist(referred, others, local) {
  const copies = hashedCopies(referred);
  const served = [...referred, ...copies];
  const integrity = Object.fromEntries(served.map(([name, content]) => [name, `sha384-${createHash("sha384").update(content).digest("base64")}`]).sort());
  /** @type {Map<string, string | Uint8Array>} */
  const all = new Map([...served, ...others, ["integrity.json", `${JSON.stringify(integrity, null, 2)}\n`]]);
  mkdirSync(DIST, { recursive: true });
  for (const [name, content] of [...all]) {
    for (const [suffix, pack] of /** @type {const} */ ([[".br", brotli], [".gz", gzip]])) all.set(name + suffix, pack(content, extname(name)));
  }
  for (const [name, content] of local) all.set(name, content);
  for (const name of readdirSync(DIST)) if (!all.has(name) && name !== "types") rmSync(join(DIST, name), { recursive: true });
  for (const [name, content] of all) writeIfChanged(join(DIST, name), content);
}

/**
 * How distances are written (NPOSTFIX and NDIRECT of RFC 7932) is worth a few bytes, and which way is best only trying
 * tells: what pages load is tried all ways, what only tools load one way.
 * @param {string | Uint8Array} content @param {string} extension
 */
function brotli(content, extension) {
  const bytes = Buffer.from(content);
  const packed = (postfix = 0, direct = 0) => brotliCompressSync(bytes, { params: {
    [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [constants.BROTLI_PARAM_MODE]: extension === ".wasm" ? constants.BROTLI_MODE_GENERIC : constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_NPOSTFIX]: postfix, [constants.BROTLI_PARAM_NDIRECT]: direct << postfix,
  } });
  if (bytes.length > 100_000) return packed();
  const tried = [0, 1, 2, 3].flatMap((postfix) => [0, 1, 4, 8].map((direct) => packed(postfix, direct)));
  return tried.reduce((best, next) => (next.length < best.length ? next : best));
}

/** @param {string | Uint8Array} content */
const gzip = (content) => gzipSync(content, { level: 9 });

/** An unchanged file keeps its time, so that servers and bundlers see no change. @param {string} file @param {string | Uint8Array} content */
function writeIfChanged(file, content) {
  const bytes = Buffer.from(content);
  if (existsSync(file) && readFileSync(file).equals(bytes)) return;
  writeFileSync(file, bytes);
}
