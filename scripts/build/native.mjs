// @ts-check
/** The two native programs of the workspace: the `parlour` command, and the wasm-bindgen step at the locked version. */
import { mustRun } from "../run.mjs";

export const COMMAND = "target/release/parlour";

/** @param {"parlour-cli" | "parlour-bindgen"} name */
export async function buildNative(name) {
  await mustRun("cargo", ["build", "--release", "-p", name]);
}
