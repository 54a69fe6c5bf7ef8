// @ts-check
/**
 * `npm run bench:page`: how soon a change is on the page and what it costs the page, by each install of Parlour, by
 * GrowthBook's script tag and without either: the same page and change, in turns, in Chromium at a quarter of its speed,
 * over slow 4G and cable, at a visitor's first view and at the next. Prints the tables of docs/page-speed.md and of
 * README.md; `-- --write` writes them there, `-- 3` takes 3 rounds.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/run.mjs";
import { launch } from "../browser/drivers/index.mjs";
import { sleep } from "../browser/drivers/wait.mjs";
import { flickers, statesOf } from "../browser/frames.mjs";
import { LINES, startLink } from "../browser/link.mjs";
import { startContest } from "./page-site.mjs";

const ROUNDS = Number(process.argv.slice(2).find((text) => /^\d+$/.test(text)) ?? 6);
const CPU = 4;
/** After load and decision, for what still moves. */
const SETTLE_MS = 300;
const PATIENCE_MS = 6000;

/** @typedef {import("../browser/drivers/index.mjs").Page} Page */
/** @typedef {import("./page-site.mjs").Install} Install */
/** @typedef {keyof typeof LINES} LineName */
/**
 * Times in ms from the start of the navigation.
 * @typedef {object} View
 * @property {number} [applied] when the variant was in the document
 * @property {number} [painted] and in a frame
 * @property {number} fcp
 * @property {number} lcp
 * @property {number} shift
 * @property {number} longest task
 * @property {number} bytes
 * @property {boolean} flickers
 */
/** @typedef {{line: LineName, cache: "cold" | "warm", install: Install, views: View[]}} Cell */

/** To be run in the page. @returns {Promise<Omit<View, "flickers" | "bytes"> & {sequence: import("../browser/frames.mjs").Sequence}>} */
async function read() {
  const { of, applied } = /** @type {any} */ (globalThis).seen;
  const entries = (/** @type {string} */ type) => /** @type {Promise<any[]>} */ (new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type, buffered: true });
    setTimeout(() => resolve([]), 100);
  }));
  const [paint, largest, shifts, tasks] = await Promise.all(["paint", "largest-contentful-paint", "layout-shift", "longtask"].map(entries));
  return {
    sequence: of.offer,
    applied: applied.offer,
    painted: of.offer.find((/** @type {any[]} */ [, state]) => state === "variant")?.[0],
    fcp: paint.find(({ name }) => name === "first-contentful-paint")?.startTime,
    lcp: largest.at(-1)?.startTime,
    shift: shifts.reduce((sum, { value }) => sum + value, 0),
    longest: Math.max(0, ...tasks.map(({ duration }) => duration)),
  };
}

/** To be run in the page: is it known what becomes of the offer, and has what does it come to rest? */
function isDone() {
  const page = /** @type {any} */ (globalThis);
  const isShown = page.seen.of.offer.some((/** @type {any[]} */ [, state]) => state === "variant");
  if (!page.parlour) return isShown;
  return !!page.parlour.start && page.parlour.ready().then(() => isShown || page.parlour.peek("offer").variant === null);
}

/** @param {Page} page @param {Awaited<ReturnType<typeof startLink>>} link @param {Install} install @returns {Promise<View>} */
async function view(page, link, { path, head }) {
  const before = link.carried();
  await page.goto(link.url + path);
  if (head) await page.waitFor(isDone, PATIENCE_MS).catch(() => {});
  await sleep(SETTLE_MS);
  const { sequence, ...measured } = await page.evaluate(read);
  return { ...measured, flickers: flickers(statesOf(sequence)), bytes: link.carried() - before };
}

/** @returns {Promise<Cell[]>} */
async function measure() {
  const server = await startContest();
  const link = await startLink(server, LINES.cable);
  const browser = await launch("chromium");
  const lines = /** @type {LineName[]} */ (Object.keys(LINES));
  /** @type {Cell[]} */
  const cells = lines.flatMap((line) => /** @type {const} */ (["cold", "warm"]).flatMap((cache) => server.installs.map((install) => ({ line, cache, install, views: [] }))));
  try {
    // The browser's own first page is slower.
    await (await browser.newPage()).goto(server.url + server.installs[0].path);
    for (let round = 0; round < ROUNDS; round++)
      for (const line of lines)
        for (const install of server.installs) {
          process.stderr.write(`\r${`round ${round + 1} of ${ROUNDS}: ${line}, ${install.name}`.padEnd(90)}`);
          link.set(LINES[line]);
          const page = await browser.newPage({ fresh: true });
          await page.raw.emulateCPUThrottling(CPU);
          for (const cell of cells.filter((cell) => cell.line === line && cell.install === install)) {
            cell.views.push(await view(page, link, install));
            await page.goto("about:blank");
          }
          await page.close();
        }
  } finally {
    process.stderr.write("\n");
    await browser.close();
    await link.close();
    await server.close();
  }
  return cells;
}

const number = (/** @type {number} */ value, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });

/** @param {(number | undefined)[]} values */
const sorted = (values) => /** @type {number[]} */ (values.filter((value) => value !== undefined)).sort((a, b) => a - b);
/** @param {(number | undefined)[]} values */
const median = (values) => {
  const known = sorted(values);
  const middle = known.length / 2;
  return (known[Math.ceil(middle) - 1] + known[Math.floor(middle)]) / 2;
};
/** Median, and from least to most. @param {(number | undefined)[]} values */
const spread = (values) => {
  const known = sorted(values);
  return known.length ? `${number(median(values))} (${number(known[0])}–${number(known[known.length - 1])})` : "–";
};
const share = (/** @type {boolean[]} */ values) => `${number((values.filter(Boolean).length / values.length) * 100)} %`;
const row = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
const heading = (/** @type {string[]} */ cells) => [row(cells), row(cells.map(() => "---"))];
/** Late is what the visitor did not get in this view. @param {View[]} views */
const late = (views) => share(views.map(({ painted }) => painted === undefined));
const nameOf = (/** @type {Pick<Cell, "line" | "cache">} */ { line, cache }) => `${line === "cable" ? "cable" : "slow 4G"}, ${cache === "cold" ? "first view" : "next view"}`;

/** Each line and cache once. @param {Cell[]} cells */
const columnsOf = (cells) => cells.filter(({ install }) => install === cells[0].install);

/** @param {Cell[]} cells of one line and cache */
function table(cells) {
  const [{ line, views: bare }] = cells;
  const { rttMs, kbps } = LINES[line];
  const name = nameOf(cells[0]).replace(/^c/, "C").replace(/^s/, "S").replace(",", ` (${rttMs} ms, ${number(kbps / 1000, 1)} Mbit/s),`);
  const rows = cells.map(({ install: { name, head }, views }) => {
    const of = (/** @type {Exclude<keyof View, "flickers">} */ what) => views.map((view) => view[what]);
    const more = (/** @type {"fcp" | "lcp" | "bytes"} */ what) => {
      const difference = median(of(what)) - median(bare.map((view) => view[what]));
      return head ? `${difference > 0 ? "+" : ""}${number(difference)}` : spread(of(what));
    };
    const outcome = head ? [late(views), share(views.map((view) => view.flickers))] : ["–", "–"];
    return row([name, spread(of("applied")), spread(of("painted")), ...outcome, more("fcp"), more("lcp"), number(median(of("shift")), 3), spread(of("longest")), more("bytes")]);
  });
  const columns = ["", "variant in the document", "variant painted", "late views", "views with flicker", "FCP", "LCP", "layout shift", "longest task", "bytes"];
  return ["", `### ${name}`, "", ...heading(columns), ...rows];
}

/** Late share and time to variant of each of our installs. @param {Cell[]} cells */
function summary(cells) {
  const columns = columnsOf(cells);
  const rows = cells.filter(({ line, cache, install }) => line === columns[0].line && cache === columns[0].cache && install.head);
  return [
    ...heading(["", ...columns.map(nameOf)]),
    ...rows.map(({ install }) => {
      const of = columns.map(({ line, cache }) => cells.find((cell) => cell.line === line && cell.cache === cache && cell.install === install)?.views ?? []);
      return row([install.name, ...of.map((views) => [late(views), number(median(views.map(({ painted }) => painted)))].filter((text) => text !== "NaN").join(", "))]);
    }),
  ];
}

/** Between the marks in this file. @param {string} name @param {string[]} lines */
function write(name, lines) {
  const file = join(ROOT, name);
  const [start, end] = ["<!-- bench:page -->", "<!-- /bench:page -->"];
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw Error(`${name} has no ${start} … ${end}`);
  writeFileSync(file, `${text.slice(0, from + start.length)}\n${lines.join("\n").trim()}\n${text.slice(to)}`);
}

const cells = await measure();
const machine = `Chromium on Linux with ${availableParallelism()} cores, slowed to a quarter; ${ROUNDS} rounds.`;
const whole = [
  `${machine} Times in ms from the start of the navigation: median (least–most). FCP, LCP and bytes: what is more than without a tool.`,
  ...columnsOf(cells).flatMap(({ line, cache }) => table(cells.filter((cell) => cell.line === line && cell.cache === cache))),
];
const short = [`Share of late views, and median ms until the variant is painted in the others (${machine.replace(/\.$/, "")}):`, "", ...summary(cells)];
console.log([...whole, "", "### In short", "", ...short].join("\n"));
if (process.argv.includes("--write")) {
  write("docs/page-speed.md", whole);
  write("README.md", short);
}
