// @ts-check
/**
 * `npm run bench:train`: how long `parlour train` takes for 100,000, a million and ten million generated clicks, and how much
 * memory, beside a count of the same pairs in a Map in Node. One run: the ratio is what counts, times are of the machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../scripts/run.mjs";
import { generate } from "./clicks.mjs";

const SIZES = (process.env.PARLOUR_BENCH_CLICKS ?? "100000,1000000,10000000").split(",").map(Number);
/** A Map of more pairs does not fit into Node. */
const MAPPED = 1_000_000;
const WINDOW = 10;

/** @param {string} path @param {string} model */
async function train(path, model) {
  const begun = performance.now();
  const child = spawn(join(ROOT, "target/release/parlour"), ["train", path, "-o", model], { stdio: ["ignore", "ignore", "inherit"] });
  let peak = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 20);
  const [code] = await once(child, "exit");
  clearInterval(watch);
  if (code !== 0) throw Error(`parlour train ended with ${code}`);
  return { seconds: (performance.now() - begun) / 1000, megabytes: peak / 1024 };
}

/** The same pairs, counted. @param {string} path */
async function mapped(path) {
  const begun = performance.now();
  /** @type {Map<string, number>} */
  const pairs = new Map();
  /** @type {string[]} */
  let items = [];
  let last = "";
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [session, item] = line.split(",");
    if (session !== last) items = [];
    last = session;
    for (const [gap, other] of items.slice(-WINDOW).reverse().entries())
      for (const pair of [`${other} ${item}`, `${item} ${other}`]) pairs.set(pair, (pairs.get(pair) ?? 0) + 1 / (gap + 1));
    items.push(item);
  }
  return (performance.now() - begun) / 1000;
}

const dir = await mkdtemp(join(tmpdir(), "parlour-bench-"));
try {
  console.log(`${cpus().length} cores, load ${loadavg()[0].toFixed(1)}\n`);
  console.log("| clicks | `parlour train` | clicks a second | most memory | pairs counted in a Map in Node |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const clicks of SIZES) {
    const path = join(dir, "clicks.csv");
    await generate(path, clicks);
    const { seconds, megabytes } = await train(path, join(dir, "model.bin"));
    const peer = clicks <= MAPPED ? await mapped(path) : undefined;
    const beside = peer === undefined ? "does not fit" : `${peer.toFixed(1)} s, ${(peer / seconds).toFixed(1)} times as long`;
    console.log(`| ${clicks.toLocaleString("en")} | ${seconds.toFixed(1)} s | ${Math.round(clicks / seconds).toLocaleString("en")} | ${megabytes ? `${Math.round(megabytes)} MB` : "not told here"} | ${beside} |`);
  }
} finally {
  await rm(dir, { recursive: true });
}
