// @ts-check
/** The `parlour` command as users run it: plans from JSON, assignments, and the real collector with a store of its own. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, mustRun } from "../../scripts/run.mjs";
import { endGroup, spawnGroup } from "./drivers/children.mjs";

/** Another build can be put to the same tests. */
const COMMAND = process.env.PARLOUR_COMMAND ?? join(ROOT, "target/release/parlour");

/**
 * An event as `parlour export` has it. `text` is its line: the very digits that were sent.
 * @typedef {import("./collector.mjs").WireEvent & {receivedAt: string, text: string}} StoredEvent
 */

/** @param {string[]} args @param {string} [input] @returns {Promise<string>} what it printed */
export const parlour = async (args, input) => (await mustRun(COMMAND, args, { input, timeoutMs: 60_000 })).out;

/** Work with files that are gone afterwards. @template T @param {(folder: string) => Promise<T>} work */
const inFolder = async (work) => {
  const folder = await mkdtemp(join(tmpdir(), "parlour-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** What pages with this plan carry in their heads. @param {Uint8Array} plan @param {string[]} options of `parlour snippet` */
export const snippet = (plan, options) =>
  inFolder(async (folder) => {
    const file = join(folder, "plan.bin");
    await writeFile(file, plan);
    return parlour(["snippet", file, ...options]);
  });

/** The plan of a parlour.json. @param {object} config @param {string[]} [options] of `parlour build` */
export const buildPlan = (config, options = []) =>
  inFolder(async (folder) => {
    const [source, plan] = [join(folder, "parlour.json"), join(folder, "plan.bin")];
    await writeFile(source, JSON.stringify(config));
    await parlour(["build", source, "-o", plan, ...options]);
    return readFile(plan);
  });

/**
 * Which variant the command gives these units: unit → variant, or "-".
 * @param {Uint8Array} plan @param {string} experiment @param {string[]} units
 */
export const assign = (plan, experiment, units) =>
  inFolder(async (folder) => {
    const file = join(folder, "plan.bin");
    await writeFile(file, plan);
    const out = await parlour(["assign", file, "--experiment", experiment], units.join("\n"));
    return new Map(out.trimEnd().split("\n").map((line) => /** @type {[string, string]} */ (line.split("\t").slice(0, 2))));
  });

/** `parlour serve` on a free port, with a plan and a store of its own. @param {Uint8Array} plan */
export async function serve(plan) {
  const folder = await mkdtemp(join(tmpdir(), "parlour-"));
  const file = join(folder, "plan.bin");
  await writeFile(file, plan);
  const site = await serveSite(folder, ["--plan", file]);
  return {
    endpoint: `${site.url}/v1/batch`,
    /** All that is in the store. @returns {Promise<StoredEvent[]>} */
    async events() {
      const out = await parlour(["export", "--db", site.db]);
      return out.split("\n").filter(Boolean).map((text) => ({ ...JSON.parse(text), text }));
    },
    /** What the collector found out by itself: what pages made and what came, and how many events of which kind there were. */
    async measured() {
      const authorization = `Bearer ${/token=(\S+)/.exec(site.said)?.[1]}`;
      const { loss, tallies } = await (await fetch(`${site.url}/_parlour/losses`, { headers: { authorization } })).json();
      return { loss, tallies: Object.fromEntries(tallies.map((/** @type {{name: string, count: number}} */ { name, count }) => [name, count])) };
    },
    async close() {
      await site.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** `parlour serve` on a free port over a store in this folder. @param {string} folder @param {string[]} options */
export async function serveSite(folder, options) {
  const db = join(folder, "events.db");
  const child = spawnGroup(COMMAND, ["serve", "--port", "0", "--db", db, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  /** @type {string} */
  const said = await new Promise((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      said += text;
      // The last line of its greeting.
      if (/^admin .*\n/m.test(said)) resolve(said);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`parlour serve ended with ${code}: ${said}`)));
  });
  return { said, db, url: /http:\S+(?=\/v1\/batch)/.exec(said)?.[0] ?? "", pid: child.pid, close: () => endGroup(child) };
}
