// @ts-check
/** A plan as the command handles it: an engine that runs it, and the names and shares in it. */
import { readFileSync } from "node:fs";
import { createEngine } from "../www/engine.js";
import { readBytes } from "./files.js";
import { Unusable } from "./unusable.js";

/** @type {Promise<WebAssembly.Module> | undefined} */
let runtime;

/** Magic 4, format 1, minimum reader 1, check 4, length 4, flags 2, version 4: the issue time follows (src/plan/decode.rs). */
const ISSUED_AT = 20;

/** @param {string} path @param {Uint8Array} [bytes] */
export async function openPlan(path, bytes = readBytes(path)) {
  runtime ??= WebAssembly.compile(readFileSync(new URL("../dist/parlour.wasm", import.meta.url)));
  const module = await runtime;
  const newEngine = () => createEngine({ module, plan: bytes, report: (problem) => { throw new Error(problem); } });
  let engine;
  try {
    engine = newEngine();
  } catch (error) {
    throw new Unusable(`${path}: ${/** @type {Error} */ (error).message}`);
  }
  const { page, hash, version } = engine;
  return {
    bytes,
    hash,
    version,
    issuedMs: Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(ISSUED_AT, true)),
    experiments: page.experiments,
    newEngine,
    /** An experiment's place in the plan. @param {unknown} key */
    experiment(key) {
      const index = page.experiments.findIndex((experiment) => experiment.key === key);
      if (index >= 0) return index;
      const keys = page.experiments.map((experiment) => experiment.key);
      throw new Unusable(`no experiment ${JSON.stringify(key)}: the plan has ${keys.join(", ") || "none"}`);
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof openPlan>>} Plan */
