// @ts-check
/**
 * `npm run bench:train`: how long `parlour train` takes for 100,000, a million and ten million generated clicks, and how much
 * memory, beside a count of the same pairs in a Map in Node. One run: the ratio is what counts, times are of the machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../scripts/run.mjs";

const SIZES = (process.env.PARLOUR_BENCH_CLICKS ?? "100000,1000000,10000000").split(",").map(Number);
/** A Map of more pairs does not fit into Node. */
const MAPPED = 1_000_000;
const ITEMS = 43_000;
const WINDOW = 10;

/** mulberry32, public domain. @param {number} seed */
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** Sessions of five clicks on average, near each other in a catalogue whose first items are wanted most. @param {string} path @param {number} clicks */
async function generate(path, clicks) {
  const draw = random(7);
  const out = createWriteStream(path);
  out.write("session_id,item_id,time\n");
  for (let session = 0, made = 0; made < clicks; session++) {
    const length = Math.min(60, 1 + Math.floor(-5 * Math.log(1 - draw())), clicks - made);
    const centre = Math.floor(ITEMS * draw() ** 3);
    const start = 1_600_000_000 + Math.floor(draw() * 30 * 86_400);
    let text = "";
    for (let n = 0; n < length; n++) text += `s${session},i${(centre + Math.floor((draw() + draw() + draw() - 1.5) * 16) + ITEMS) % ITEMS},${start + 30 * n}\n`;
    made += length;
    if (!out.write(text)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

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
