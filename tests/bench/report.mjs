// @ts-check
/**
 * `npm run bench:report`: how long `parlour report --experiment` and the whole `parlour report` take over one, three and ten million generated events,
 * and how much memory, with the columns that a server keeps. The store is filled by `cli/examples/fill.rs`,
 * the same each time. One run: times are of the machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/run.mjs";

const SIZES = (process.env.PARLOUR_BENCH_EVENTS ?? "1000000,3000000,10000000").split(",").map(Number);

/** @param {string} program @param {string[]} args */
async function timed(program, args) {
  const begun = performance.now();
  const child = spawn(join(ROOT, "target/release", program), args, { stdio: ["ignore", "ignore", "inherit"] });
  let peak = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 20);
  const [code] = await once(child, "exit");
  clearInterval(watch);
  if (code !== 0) throw Error(`${program} ${args[0]} ended with ${code}`);
  return { seconds: (performance.now() - begun) / 1000, megabytes: peak / 1024 };
}

const dir = await mkdtemp(join(process.env.PARLOUR_BENCH_DIR ?? tmpdir(), "parlour-bench-"));
try {
  console.log(`${cpus().length} cores, load ${loadavg()[0].toFixed(1)}\n`);
  console.log("| events | store | filled in | experiments | most memory | experiments and visitors | most memory |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const events of SIZES) {
    const db = join(dir, `${events}.db`);
    const filled = await timed("examples/fill", [db, `${events}`]);
    const bytes = (await stat(db)).size;
    // Twice: the first warms the file's pages.
    await timed("parlour", ["report", "--db", db, "--only-experiments", "--format", "json"]);
    const experiments = await timed("parlour", ["report", "--db", db, "--only-experiments", "--format", "json"]);
    const whole = await timed("parlour", ["report", "--db", db, "--format", "json"]);
    const cells = [
      events.toLocaleString("en"),
      `${(bytes / 1e9).toFixed(1)} GB`,
      `${filled.seconds.toFixed(0)} s`,
      `${experiments.seconds.toFixed(1)} s`,
      `${experiments.megabytes.toFixed(0)} MB`,
      `${whole.seconds.toFixed(1)} s`,
      `${whole.megabytes.toFixed(0)} MB`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
    await rm(db);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
