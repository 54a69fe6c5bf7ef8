// @ts-check
/**
 * A panic in the runtime is a trap: nobody reads what it would have said, and `engine.js` says what matters. So its
 * functions become the trap itself, and wasm-opt then drops the texts' arguments at every call. The texts themselves become
 * zeros, which wasm-opt leaves out.
 */
import { Failure } from "../run.mjs";

/** Rust's own functions that never return, by their demangled names. */
const PANICS = /\b(core|std)(\[\w+\])?::panicking::|::raw_vec::(handle_error|capacity_overflow)$|::handle_alloc_error$|::rust_(panic|begin_unwind)$|__rust_end_short_backtrace/;

/** What those functions would say, and the files of Rust's library in which it happened. */
export const PANIC_TEXTS = /\/[\w.+/-]+\/library\/[\w/]+\.rs|Attempted to initialize thread-local while it is being dropped|assertion failed: [\w :<>=!.&|()]+|capacity overflow/g;

/** @param {Uint8Array} wasm with its names */
export async function cutPanics(wasm) {
  // Here and not above: a fresh clone reads this file before it has any package.
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(wasm);
  let cut = 0;
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const ref = module.getFunctionByIndex(index);
    const { name, results } = binaryen.getFunctionInfo(ref);
    if (!PANICS.test(name) || results !== binaryen.none) continue;
    // Its types leave the wrapper out.
    /** @type {any} */ (binaryen).Function(ref).body = module.unreachable();
    cut++;
  }
  if (cut < 3) throw new Failure(`only ${cut} functions that panic were found by name: scripts/build/panics.mjs knows them by names that Rust has changed`);
  const bytes = Buffer.from(module.emitBinary());
  module.dispose();
  for (const { index, 0: text } of bytes.toString("latin1").matchAll(PANIC_TEXTS)) bytes.fill(0, index, index + text.length);
  return bytes;
}
