#!/usr/bin/env node
// @ts-check
/**
 * The `parlour` command of the npm package: the crate that the native command runs, as wasm, without Rust. Here is the
 * machine as it sees it; every call waits, so that input of any length passes through in pieces.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";

const OUTPUT = 1;
const RETRY_MS = 5;

const host = {
  read: (/** @type {string} */ path) => readFileSync(path),

  /** Whole or not at all. @param {string} path @param {Uint8Array} bytes */
  write(path, bytes) {
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
  },

  /** Never over one that is there. @param {string} path @param {Uint8Array} bytes */
  createSecret: (path, bytes) => writeFileSync(path, bytes, { flag: "wx", mode: 0o600 }),

  /** The next bytes of standard input, none at its end. @param {number} most */
  input(most) {
    const buffer = new Uint8Array(most);
    return buffer.subarray(0, patiently(() => endIsNothing(() => readSync(0, buffer, 0, most, null))));
  },

  /** @param {number} descriptor @param {Uint8Array} bytes */
  output(descriptor, bytes) {
    for (let done = 0; done < bytes.length; ) done += patiently(() => writeSync(descriptor, bytes, done));
  },

  /** 0 where no person watches. @param {number} descriptor */
  columns: (descriptor) => (isatty(descriptor) ? stream(descriptor).columns || 80 : 0),
  hasColour: (/** @type {number} */ descriptor) => isatty(descriptor) && !process.env.NO_COLOR,
  now: () => Date.now(),
  random: (/** @type {number} */ count) => randomBytes(count),
};

/** @typedef {typeof host} Host */

/** A pipe that others made non-blocking says "again" while it is empty or full. @param {() => number} work */
function patiently(work) {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Windows reports the end of a pipe as an error. @param {() => number} read */
function endIsNothing(read) {
  try {
    return read();
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EOF") return 0;
    throw error;
  }
}

/** @param {number} descriptor */
const stream = (descriptor) => /** @type {WriteStream} */ (descriptor === OUTPUT ? process.stdout : process.stderr);

async function load() {
  const at = (/** @type {string} */ name) => new URL(`../dist/${name}`, import.meta.url);
  const glue = await import(at("parlour-command.js").href);
  const module = await WebAssembly.compile(readFileSync(at("parlour-command.wasm")));
  const imports = Object.fromEntries(WebAssembly.Module.imports(module).map((entry) => [entry.module, glue]));
  const { exports } = await WebAssembly.instantiate(module, imports);
  glue.__wbg_set_wasm(exports);
  /** @type {any} */ (exports).__wbindgen_start();
  return /** @type {{run: (args: string[], host: Host) => number}} */ (glue);
}

const { run } = await load().catch((error) => {
  if (!/ENOENT|MODULE_NOT_FOUND/.test(error.code)) throw error;
  process.stderr.write("parlour: dist/ is not filled: npm run build\n");
  process.exit(2);
});
process.exitCode = run(process.argv.slice(2), host);
