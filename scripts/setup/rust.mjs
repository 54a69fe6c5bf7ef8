// @ts-check
/** Rust itself: which cargo is used, and the wasm target by the first of three ways that works. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, lastLines, run } from "../run.mjs";
import { step } from "../step.mjs";
import { aptInstall, aptMayInstall } from "./apt.mjs";

const TARGET = "wasm32-unknown-unknown";
const OLDEST = [1, 95];
const PINNED = "1.95.0";
const DEBIAN = ["rustc-web", "cargo-web", "rust-web-src"];

/**
 * How to call cargo for wasm.
 * @typedef {{way: string, command: string, args: string[], env: Record<string, string>}} WasmCargo
 */

export async function rust() {
  await step("Rust", async (say) => {
    say(await usableCargo());
    const compiler = await run("cc", ["--version"], { timeoutMs: 20_000 });
    if (compiler.missing) throw new Failure("A C compiler is missing; SQLite and the linker need one: apt-get install gcc (Debian), xcode-select --install (macOS).");
  });
}

/** A toolchain that rust-toolchain.toml names and rustup lacks is fetched once, bounded; else any stable one new enough does. */
async function usableCargo() {
  let version = await run("cargo", ["--version"], { timeoutMs: 120_000 });
  if (version.missing) throw new Failure("Rust is missing: install it from https://rustup.rs (one command, no root needed), open a new shell, and run this again.");
  if (version.code !== 0) {
    await run("rustup", ["toolchain", "install", PINNED, "--profile", "minimal", "-c", "clippy", "-c", "rustfmt"], { timeoutMs: 300_000 });
    version = await run("cargo", ["--version"], { timeoutMs: 20_000 });
  }
  if (version.code !== 0) {
    process.env.RUSTUP_TOOLCHAIN = "stable";
    version = await run("cargo", ["--version"], { timeoutMs: 20_000 });
  }
  const [, major, minor] = /cargo (\d+)\.(\d+)/.exec(version.out) ?? [];
  if (version.code !== 0 || Number(major) < OLDEST[0] || Number(minor) < OLDEST[1]) {
    throw new Failure(`Rust ${OLDEST.join(".")} or newer is needed; this machine has: ${lastLines(version.text, 3)}\nRun: rustup toolchain install ${PINNED}`);
  }
  return version.out.trim();
}

/** @returns {Promise<WasmCargo>} PARLOUR_WASM_WAY=1|2|3 tries that way alone. */
export async function wasmTarget() {
  return step("wasm target", async (say) => {
    const only = process.env.PARLOUR_WASM_WAY;
    /** @type {string[]} */
    const tried = [];
    for (const [number, way] of /** @type {const} */ ([["1", present], ["2", byRustup], ["3", byDebian]])) {
      if (only && only !== number) continue;
      const found = await way();
      if (typeof found !== "string") {
        say(`${number}: ${found.way}`);
        return found;
      }
      tried.push(`  ${number}: ${found}`);
    }
    throw new Failure(`The Rust target ${TARGET} is missing and could not be installed:\n${tried.join("\n")}\nRun \`rustup target add ${TARGET}\` where the network allows it, or as root on Debian \`apt-get install ${DEBIAN.join(" ")}\`.`);
  });
}

/** @param {string} way @returns {WasmCargo} */
const plainCargo = (way) => ({ way, command: "cargo", args: [], env: {} });

async function present() {
  const { out } = await run("rustc", ["--print", "target-libdir", "--target", TARGET], { timeoutMs: 20_000 });
  const folder = out.trim();
  const there = folder !== "" && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("libcore-"));
  return there ? plainCargo("the toolchain has it") : "the active toolchain does not have it";
}

async function byRustup() {
  const added = await run("rustup", ["target", "add", TARGET], { timeoutMs: 120_000 });
  if (added.missing) return "rustup is not installed";
  if (added.timedOut) return "rustup target add took over two minutes";
  if (added.code !== 0) return `rustup target add: ${lastLines(added.text, 2)}`;
  const found = await present();
  return typeof found === "string" ? found : plainCargo("rustup added it");
}

/** Debian's own compiler builds std from its source package; the linker comes with the rustup toolchain or with lld. */
async function byDebian() {
  const installed = async () => (await run("dpkg", ["-s", ...DEBIAN], { timeoutMs: 20_000 })).code === 0;
  if (!(await installed())) {
    if (!aptMayInstall()) return `${DEBIAN.join(" ")} are not installed, and installing them needs root and apt-get`;
    const failure = await aptInstall(DEBIAN);
    if (failure) return failure;
  }
  const linker = await wasmLinker();
  if (!linker) return "no linker: neither the toolchain's rust-lld nor wasm-ld (apt-get install lld)";
  return {
    way: "Debian's rustc-web builds std from source",
    command: "/usr/bin/cargo",
    args: ["-Zbuild-std=std,panic_abort"],
    env: { RUSTC: "/usr/bin/rustc", RUSTC_BOOTSTRAP: "1", CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker },
  };
}

async function wasmLinker() {
  const { out } = await run("rustc", ["-vV"], { timeoutMs: 20_000 });
  const host = /^host: (.*)$/m.exec(out)?.[1] ?? "";
  const root = (await run("rustc", ["--print", "sysroot"], { timeoutMs: 20_000 })).out.trim();
  const shipped = join(root, "lib", "rustlib", host, "bin", "rust-lld");
  if (existsSync(shipped)) return shipped;
  const found = ["/usr/bin/wasm-ld", ...[19, 18, 17, 16, 15, 14].map((major) => `/usr/bin/wasm-ld-${major}`)];
  return found.find((file) => existsSync(file));
}
