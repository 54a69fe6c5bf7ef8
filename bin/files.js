// @ts-check
/** Files and standard input as the command takes them: refused with the reason, written whole or not at all. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Unusable } from "./unusable.js";

/** @param {string} path */
export function readBytes(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Unusable(`cannot read ${path}: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} path */
export function readText(path) {
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unusable(`${path} is not UTF-8 text`);
  }
}

/** A server that reads the file meanwhile finds the old one or the new one. @param {string} path @param {Uint8Array} bytes */
export function writeWhole(path, bytes) {
  try {
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw new Unusable(`cannot write ${path}: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * Lines of standard input with their numbers, from 1; a line ends with LF, and one CR before it is dropped.
 * @param {string} what
 * @returns {AsyncGenerator<[number, string]>}
 */
export async function* inputLines(what) {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  let rest = "";
  const take = (/** @type {Uint8Array | undefined} */ chunk) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new Unusable(`line ${number + 1} of the ${what} or one soon after is not UTF-8 text`);
    }
  };
  for await (const chunk of process.stdin) {
    const lines = (rest + take(chunk)).split("\n");
    rest = /** @type {string} */ (lines.pop());
    for (const line of lines) yield [++number, line.replace(/\r$/, "")];
  }
  rest += take(undefined);
  if (rest) yield [++number, rest.replace(/\r$/, "")];
}

/** Collects output into few writes, and waits where the reader is slow. */
export function outputLines() {
  let text = "";
  const flush = () => new Promise((resolve) => process.stdout.write(text, resolve));
  return {
    /** @param {string} line */
    async write(line) {
      text += `${line}\n`;
      if (text.length < 65_536) return;
      await flush();
      text = "";
    },
    flush,
  };
}

/** An instant as RFC 3339, in epoch ms; the present where none is given. @param {unknown} text */
export function instant(text) {
  if (typeof text !== "string") return Date.now();
  const shape = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)$/;
  const ms = shape.test(text) ? Date.parse(text.toUpperCase().replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")) : NaN;
  if (Number.isNaN(ms)) throw new Unusable(`--at or --issued: ${text} is not a time such as 2026-12-01T09:00:00Z`);
  return ms;
}
