// @ts-check
/**
 * `npm run bench:page`: how soon a change is on the page and what it costs the page, by each install of Parlour, by
 * GrowthBook's script tag and without either: the same page and change, in turns, in Chromium at a quarter of its speed,
 * over slow 4G and cable, at a visitor's first view and at the next. Medians, and from least to most in brackets.
 */
import { cpus } from "node:os";
import { launch } from "../browser/drivers/index.mjs";
import { sleep } from "../browser/drivers/wait.mjs";
import { flickers, statesOf } from "../browser/frames.mjs";
import { LINES, startLink } from "../browser/link.mjs";
import { INSTALLS, startContest } from "./page-site.mjs";

const ROUNDS = Number(process.argv[2] ?? 7);
const CPU = 4;
/** After load and decision, for what still moves. */
const SETTLE_MS = 300;
const PATIENCE_MS = 6000;

/** @typedef {import("../browser/drivers/index.mjs").Page} Page */
/** @typedef {{applied?: number, painted?: number, fcp: number, lcp: number, shift: number, longest: number, flickers: boolean, bytes: number}} View */

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

/** To be run in the page: is it known what becomes of the offer? */
function isDecided() {
  const page = /** @type {any} */ (globalThis);
  if (page.seen?.of.offer.some((/** @type {any[]} */ [, state]) => state === "variant")) return true;
  return !!page.parlour?.start && page.parlour.ready().then(() => page.parlour.peek("offer").variant === null);
}

/** @param {Page} page @param {Awaited<ReturnType<typeof startLink>>} link @param {number} install @returns {Promise<View>} */
async function view(page, link, install) {
  const before = link.carried();
  await page.goto(`${link.url}/${install}`);
  if (install) await page.waitFor(isDecided, PATIENCE_MS).catch(() => {});
  await sleep(SETTLE_MS);
  const { sequence, ...measured } = await page.evaluate(read);
  return { ...measured, flickers: flickers(statesOf(sequence)), bytes: link.carried() - before };
}

const LINE_NAMES = /** @type {(keyof typeof LINES)[]} */ (Object.keys(LINES));

/** By line, cache and install. */
async function measure() {
  const server = await startContest();
  const link = await startLink(server, LINES.cable);
  const browser = await launch("chromium");
  /** @type {Map<string, View[]>} */
  const views = new Map();
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const line of LINE_NAMES)
        for (const install of INSTALLS.keys()) {
          link.set(LINES[line]);
          const page = await browser.newPage({ fresh: true });
          await page.raw.emulateCPUThrottling(CPU);
          for (const cache of ["cold", "warm"]) {
            const key = [line, cache, install].join();
            views.set(key, [...(views.get(key) ?? []), await view(page, link, install)]);
            await page.goto("about:blank");
          }
          await page.close();
          process.stderr.write(`\r${round + 1} of ${ROUNDS}: ${line}, ${INSTALLS[install].name}`.padEnd(70));
        }
  } finally {
    process.stderr.write("\n");
    await browser.close();
    await link.close();
    await server.close();
  }
  return views;
}

/** @param {(number | undefined)[]} values */
const median = (values) => {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known.length ? { value: known[known.length >> 1], least: known[0], most: known[known.length - 1] } : undefined;
};

const number = (/** @type {number} */ value, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
/** @param {(number | undefined)[]} values */
const time = (values) => {
  const found = median(values);
  return found ? `${number(found.value)} (${number(found.least)}–${number(found.most)})` : "–";
};
const share = (/** @type {boolean[]} */ values) => `${number((values.filter(Boolean).length / values.length) * 100)} %`;
/** Of the medians, what is more than without a tool. @param {(number | undefined)[]} values @param {(number | undefined)[]} bare */
const more = (values, bare) => {
  const difference = (median(values)?.value ?? NaN) - (median(bare)?.value ?? NaN);
  return `${difference > 0 ? "+" : ""}${number(difference)}`;
};

const views = await measure();
const [{ model }] = cpus();
console.log(`Chromium, ${cpus().length} cores (${model}) at a quarter of their speed, ${ROUNDS} rounds. Times in ms from the start of the navigation: median (least–most).`);
for (const line of LINE_NAMES)
  for (const cache of ["cold", "warm"]) {
    const { rttMs, kbps } = LINES[line];
    console.log(`\n### ${line === "cable" ? "Cable" : "Slow 4G"} (${rttMs} ms, ${number(kbps / 1000, 1)} Mbit/s), ${cache === "cold" ? "first view" : "next view"}\n`);
    console.log("| install | variant in the document | variant painted | late views | views with flicker | FCP | LCP | layout shift | longest task | bytes |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    const [bare] = [...INSTALLS.keys()].map((install) => views.get([line, cache, install].join()) ?? []);
    for (const [install, { name }] of INSTALLS.entries()) {
      const list = views.get([line, cache, install].join()) ?? [];
      const of = (/** @type {keyof View} */ what, from = list) => /** @type {(number | undefined)[]} */ (from.map((each) => each[what]));
      const delta = (/** @type {"fcp" | "lcp" | "bytes"} */ what) => (install ? more(of(what), of(what, bare)) : time(of(what)));
      const cells = [
        name, time(of("applied")), time(of("painted")), install ? share(list.map(({ painted }) => painted === undefined)) : "–", install ? share(list.map((each) => each.flickers)) : "–",
        delta("fcp"), delta("lcp"), number(median(of("shift"))?.value ?? 0, 3), time(of("longest")), delta("bytes"),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
