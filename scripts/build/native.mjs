// @ts-check
/** The two native programs of the workspace: the `parlour` command, and the wasm-bindgen step at the locked version. */
import { mustRun } from "../run.mjs";

export const COMMAND = "target/release/parlour";

/** Whole-program optimisation is for the wasm: natively it costs minutes on a small machine and nothing is won by it. */
const QUICK = ["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"];

/** @param {"parlour-cli" | "parlour-bindgen"} name */
export async function buildNative(name) {
  await mustRun("cargo", ["build", "--release", "-p", name, ...QUICK]);
}
