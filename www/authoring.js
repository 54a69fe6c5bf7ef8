// @ts-check
/// <reference path="./authoring-glue.d.ts" />
// The compiler for pages that try things out and for the npm command: parlour.json in, plan bytes and diagnostics out.
// `parlour-authoring-glue` is what wasm-bindgen makes beside the wasm; the build puts it in.

import * as glue from 'parlour-authoring-glue';

/**
 * @typedef {object} Diagnostic
 * @property {string} code stable
 * @property {'error' | 'warning'} severity
 * @property {string} pointer JSON pointer
 * @property {number} line from 1
 * @property {number} column from 1, in characters
 * @property {string} message
 * @property {string} cure
 *
 * @typedef {object} Compiled
 * @property {Uint8Array} [plan] undefined when a mistake concerns the whole file
 * @property {boolean} hasErrors
 * @property {Diagnostic[]} diagnostics in the order of the file
 * @property {string[]} lines the same as text
 */

/** @type {Promise<typeof glue> | undefined} */
let loading;

/** @param {BufferSource} [bytes] the wasm, where it cannot be fetched from beside this file */
const load = async (bytes) => {
  if (!bytes && import.meta.url.startsWith('blob:')) throw Error('data-config is for trying out and does not go with data-integrity: build a plan with `parlour build`');
  const source = bytes ?? (await (await fetch(new URL('./parlour-authoring.wasm', import.meta.url))).arrayBuffer());
  const module = await WebAssembly.compile(source);
  const [first] = WebAssembly.Module.imports(module);
  const instance = await WebAssembly.instantiate(module, first ? { [first.module]: /** @type {any} */ (glue) } : {});
  glue.__wbg_set_wasm(instance.exports);
  /** @type {any} */ (instance.exports).__wbindgen_start();
  return glue;
};

/** Loads the compiler; `compile` and `schema` do so by themselves in pages. @param {BufferSource} [bytes] */
export const init = (bytes) => (loading ??= load(bytes));

/**
 * @param {string} text of parlour.json
 * @param {{version?: number, issued?: number}} [options] issued in epoch ms
 * @returns {Promise<Compiled>}
 */
export const compile = async (text, { version = 1, issued = 0 } = {}) => (await init()).compile(text, version, issued);

/** The JSON Schema of parlour.json. @returns {Promise<object>} */
export const schema = async () => JSON.parse((await init()).schema());

export { planOf } from './tried.js';
