// @ts-check
/**
 * Five wasm builds of the core: `runtime` is what each visitor loads; `growthbook` is that and GrowthBook's evaluator, for
 * pages with such a plan; `lists` stands beside the runtime where slots ask for more than rows; `models` is for
 * servers that write rows; `authoring` reads JSON and is for quick start and tools. `command` is what the `parlour` command of the npm package runs in Node. Each has a target directory of its own,
 * because one build would unify their features.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { whenStale } from "../fresh.mjs";
import { mustRun, ROOT } from "../run.mjs";
import { cutPanics } from "./panics.mjs";

/** @typedef {"runtime" | "growthbook" | "lists" | "models" | "authoring" | "command"} Flavour */

/**
 * Named one by one: `--all-features` emits modules that Node 20 refuses. What is not named cannot be in the file, so
 * that these lists decide which browsers can read it (tests/gates/browsers.test.mjs).
 */
const RUNTIME_FEATURES = ["mutable-globals", "sign-ext", "nontrapping-float-to-int", "bulk-memory", "bulk-memory-opt"];
const REFERENCES = ["multivalue", "reference-types", "call-indirect-overlong"];
export const WASM_FEATURES = {
  runtime: RUNTIME_FEATURES,
  growthbook: RUNTIME_FEATURES,
  lists: RUNTIME_FEATURES,
  models: RUNTIME_FEATURES,
  authoring: [...RUNTIME_FEATURES, ...REFERENCES],
  command: [...RUNTIME_FEATURES, ...REFERENCES],
};

/** The runtime must start within 256 KiB of memory; the default stack alone is 1 MiB. */
const STACK_BYTES = { runtime: 64 * 1024, growthbook: 64 * 1024, lists: 64 * 1024, models: 64 * 1024, authoring: 512 * 1024, command: 1024 * 1024 };

/**
 * Measured on the runtime, brotli after all passes: 3 gives 19.6 KB, s 17.7, z 16.1. Deciding 100 experiments of four
 * clauses in Node takes 170–205 ns each with 3, 160–185 with s, 190–225 with z: most of it is the page's own side.
 */
const OPT_LEVEL = { runtime: '"z"', growthbook: '"z"', lists: '"z"', models: "3", authoring: '"z"', command: "3" };

/** What Cargo calls the crate, what it calls its file, and what we call ours. */
const NAMES = {
  runtime: { crate: "parlour", file: "parlour", name: "parlour" },
  growthbook: { crate: "parlour", file: "parlour", name: "parlour_growthbook" },
  lists: { crate: "parlour", file: "parlour", name: "parlour_lists" },
  models: { crate: "parlour", file: "parlour", name: "parlour_models" },
  authoring: { crate: "parlour", file: "parlour", name: "parlour_authoring" },
  command: { crate: "parlour-command", file: "parlour_command", name: "parlour_command" },
};

/** Inlining a little more than z does saves some 50 bytes of brotli at 15, and costs at 25. */
const INLINE = ["-C", "llvm-args=-inline-threshold=15"];
const RUSTC_ARGS = { runtime: INLINE, growthbook: INLINE, lists: INLINE, models: [], authoring: [], command: [] };

/**
 * wasm-opt's passes. For the runtime they were searched for, by brotli: structured anew from flat code (-190 bytes),
 * functions that differ in a constant made one (-40), and `x + 8` as an address taken for one that does not wrap
 * around (-150), which holds because the first KiB of memory is the far end of the stack.
 */
const SEARCHED = ["--low-memory-unused", "--merge-similar-functions", "--flatten", "--rereloop", "-Oz", "-Oz", "--converge"];
const PASSES = {
  runtime: SEARCHED,
  growthbook: SEARCHED,
  lists: SEARCHED,
  models: ["-O3"],
  // Few pages load the compiler, and only to try things out.
  authoring: ["-Oz"],
  // No page loads the command: its build may rather be short.
  command: ["-O1"],
};
const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/** Whole-program optimisation is for what pages load. */
const QUICK = ["--config", "profile.release.lto=false", "--config", "profile.release.codegen-units=16"];

/** @param {Flavour} flavour */
export function wasmPaths(flavour) {
  const folder = `target/wasm-${flavour}`;
  const { file, name } = NAMES[flavour];
  return {
    folder,
    name,
    /** As cargo leaves it, names and all: what the gates read. */
    raw: `${folder}/wasm32-unknown-unknown/release/${file}.wasm`,
    glue: `${folder}/glue/${name}_bg.js`,
    bound: `${folder}/glue/${name}_bg.wasm`,
    final: `${folder}/${name}.wasm`,
  };
}

/** @param {import("../setup/rust.mjs").WasmCargo} cargo @param {Flavour} flavour */
export function cargoWasmArgs(cargo, flavour) {
  const features = flavour === "runtime" || flavour === "command" ? [] : ["--features", flavour];
  return [
    // Not `cargo build`: with an rlib beside the cdylib it would pass no LTO.
    "rustc", "-p", NAMES[flavour].crate, "--lib", "--crate-type", "cdylib", "--release", "--target", "wasm32-unknown-unknown",
    "--target-dir", wasmPaths(flavour).folder, ...features, ...cargo.args, ...(flavour === "command" ? QUICK : []),
    "--config", `profile.release.opt-level=${OPT_LEVEL[flavour]}`, "--", ...RUSTC_ARGS[flavour], "-C", `link-arg=-zstack-size=${STACK_BYTES[flavour]}`,
  ];
}

/**
 * @param {import("../setup/rust.mjs").WasmCargo} cargo
 * @param {Flavour} flavour
 * @returns {Promise<string>} what came of it, for the line of progress
 */
export async function buildWasm(cargo, flavour) {
  const paths = wasmPaths(flavour);
  await mustRun(cargo.command, cargoWasmArgs(cargo, flavour), { env: cargo.env });
  const inputs = [paths.raw, "target/release/parlour-bindgen", "scripts/build/wasm.mjs", "scripts/build/panics.mjs", "node_modules/binaryen/package.json"];
  await whenStale(`wasm-${flavour}`, { inputs, outputs: [paths.final, paths.glue] }, async () => {
    await mustRun("target/release/parlour-bindgen", [paths.raw, `${paths.folder}/glue`, paths.name]);
    if (importsNothing(flavour)) {
      await dropBindgensOwn(paths);
      const bound = join(ROOT, paths.bound);
      writeFileSync(bound, await cutPanics(readFileSync(bound)));
    }
    await optimise(paths, flavour);
  });
  const bytes = readFileSync(join(ROOT, paths.final));
  const size = `${bytes.length.toLocaleString("en")} bytes`;
  return flavour === "command" ? size : `${size}, ${brotliCompressSync(bytes).length.toLocaleString("en")} brotli`;
}

/** What pages load by its exports alone. @param {Flavour} flavour */
const importsNothing = (flavour) => flavour !== "authoring" && flavour !== "command";

/**
 * The runtime's exports take and give numbers, so what wasm-bindgen adds for references (a table, an import that fills
 * it, a start function) serves nobody. Without it the module imports nothing and older browsers read it.
 * @param {ReturnType<typeof wasmPaths>} paths
 */
async function dropBindgensOwn({ bound, folder }) {
  const module = await WebAssembly.compile(readFileSync(join(ROOT, bound)));
  const kept = WebAssembly.Module.exports(module).map(({ name }) => name).filter((name) => !name.startsWith("__"));
  const graph = [{ name: "(the page)", root: true, reaches: kept }, ...kept.map((name) => ({ name, export: name }))];
  writeFileSync(join(ROOT, folder, "kept.json"), JSON.stringify(graph));
  await mustRun(process.execPath, ["node_modules/binaryen/bin/wasm-metadce", ...featureArgs("authoring"), "-g", "--graph-file", `${folder}/kept.json`, bound, "-o", bound]);
}

/** @param {ReturnType<typeof wasmPaths>} paths @param {Flavour} flavour */
async function optimise({ bound, final }, flavour) {
  await mustRun(process.execPath, ["node_modules/binaryen/bin/wasm-opt", ...featureArgs(flavour), ...PASSES[flavour], ...STRIP, bound, "-o", final]);
}

/** @param {Flavour} flavour */
export const featureArgs = (flavour) => ["--mvp-features", ...WASM_FEATURES[flavour].map((name) => `--enable-${name}`)];
