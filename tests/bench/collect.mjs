// @ts-check
/**
 * `npm run bench:collect`: how many events a second `parlour serve` takes, each batch of 50 acknowledged once it is on the
 * disk, beside an axum handler that only reads the body; how long an answer takes at 20,000 events a second; and whether it
 * still answers beside 10,000 connections whose request never ends, and what memory it has under more than it can take.
 * One run, the same load from this process: the ratio is what counts, times are of the machine.
 */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, mustRun } from "../../scripts/run.mjs";
import { serveSite } from "../browser/command.mjs";
import { endGroup, spawnGroup } from "../browser/drivers/children.mjs";
import { sleep } from "../browser/drivers/wait.mjs";

const BATCH = 50;
const CONNECTIONS = 32;
const SECONDS = Number(process.env.PARLOUR_BENCH_SECONDS ?? 8);
const WANTED = 20_000;
const SLOW = Number(process.env.PARLOUR_BENCH_SLOW ?? 10_000);

/** An event of the size that a page sends. @param {string} id */
const event = (id) =>
  `{"type":"track","event":"Product Viewed","messageId":"${id}","anonymousId":"0192f3a1-7c44-7000-8000-${id.slice(-12)}","timestamp":"${new Date().toISOString()}",` +
  `"context":{"library":{"name":"parlour","version":"0.1.0"},"page":{"path":"/products/mug-01","referrer":"https://search.example/","title":"A mug","url":"https://shop.example/products/mug-01"},` +
  `"sessionId":"0192f3a1-7c44-7000-9000-000000000001","parlour":{"plan":"0123456789abcdef","tab":"0192f3a1-7c44-7000-a000-${id.slice(-12, -2)}00","seq":${Number.parseInt(id.slice(-2), 16) + 1}}},` +
  `"properties":{"product_id":"mug-01","quantity":1,"price":12.50,"currency":"EUR"}}`;

let serial = 0;
const id = () => {
  const hex = Date.now().toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${(serial++).toString(16).padStart(12, "0")}`;
};

const request = () => {
  const body = `{"batch":[${Array.from({ length: BATCH }, () => event(id())).join()}],"sentAt":"${new Date().toISOString()}"}`;
  return `POST /v1/batch HTTP/1.1\r\nhost: bench\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** Asks until the time is over, each connection one request after the other; `perSecond` events at most, if given. */
async function load(/** @type {string} */ url, /** @type {number} */ seconds, /** @type {number | undefined} */ perSecond, connections = CONNECTIONS) {
  const { hostname, port } = new URL(url);
  const begun = performance.now();
  const end = begun + seconds * 1000;
  /** @type {number[]} */
  const times = [];
  /** @type {Map<number, number>} */
  const statuses = new Map();
  let due = 0;
  const one = async () => {
    const socket = connect(Number(port), hostname).setNoDelay(true);
    await once(socket, "connect");
    while (performance.now() < end) {
      // An open loop: each has its moment, and waiting for it counts.
      const planned = perSecond ? begun + (due++ * BATCH * 1000) / perSecond : performance.now();
      const text = request();
      if (planned > performance.now()) await sleep(planned - performance.now());
      if (planned >= end) break;
      const sent = performance.now();
      socket.write(text);
      const status = await answer(socket);
      times.push(performance.now() - Math.min(planned, sent));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, one));
  const took = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { eventsPerSecond: ((statuses.get(200) ?? 0) * BATCH) / took, p50: at(0.5), p99: at(0.99), statuses: Object.fromEntries(statuses) };
}

/** One whole answer of a connection. @param {import("node:net").Socket} socket @returns {Promise<number>} */
function answer(socket) {
  return new Promise((resolve, reject) => {
    let text = "";
    const done = (/** @type {Error | undefined} */ error) => {
      socket.off("data", read).off("error", done).off("close", close);
      if (error) reject(error);
      else resolve(Number(text.slice(9, 12)));
    };
    const close = () => done(new Error("the connection was closed"));
    const read = (/** @type {Buffer} */ data) => {
      text += data.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN);
      if (head >= 0 && text.length >= head + 4 + length) done(undefined);
    };
    socket.on("data", read).on("error", done).on("close", close);
  });
}

/** Resident memory in MB. @param {number} pid */
const memory = async (pid) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

const shown = (/** @type {number} */ n, digits = 0) => n.toLocaleString("en", { maximumFractionDigits: digits });

await mustRun("cargo", ["build", "--release", "-p", "parlour-cli", "--bin", "parlour", "--example", "empty"]);
console.log(`${cpus().length} cores, ${cpus()[0].model}; load ${loadavg()[0].toFixed(1)} before`);
const folder = await mkdtemp(join(tmpdir(), "parlour-bench-"));
const empty = spawnGroup(join(ROOT, "target/release/examples/empty"), [], { stdio: ["ignore", "pipe", "inherit"] });
const emptyUrl = String(await new Promise((resolve) => empty.stdout?.once("data", resolve))).trim();
const site = await serveSite(folder, ["--retain", "0"]);
try {
  for (const url of [emptyUrl, site.url]) await load(url, 1, undefined);
  /** @type {Record<string, number[]>} */
  const rates = { empty: [], collector: [] };
  for (let turn = 0; turn < 3; turn++)
    for (const [name, url] of [["empty", emptyUrl], ["collector", site.url]]) rates[name].push((await load(url, SECONDS, undefined)).eventsPerSecond);
  const best = Object.fromEntries(Object.entries(rates).map(([name, all]) => [name, Math.max(...all)]));
  console.log(`as fast as it goes: ${shown(best.collector)} events/s kept, ${shown(best.empty)} by an empty handler: ratio ${(best.collector / best.empty).toFixed(2)}`);
  for (const [name, url] of [["empty", emptyUrl], ["collector", site.url]]) {
    const { eventsPerSecond, p50, p99, statuses } = await load(url, SECONDS, WANTED);
    console.log(`at ${shown(WANTED)} events/s, ${name}: ${shown(eventsPerSecond)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${JSON.stringify(statuses)}`);
  }
  const pid = Number(site.pid);
  console.log(`memory ${shown(await memory(pid))} MB`);

  const { hostname, port } = new URL(site.url);
  const slow = [];
  let refused = 0;
  for (let n = 0; n < SLOW; n++) {
    const socket = connect(Number(port), hostname).on("error", () => refused++);
    socket.once("connect", () => socket.write("POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"));
    slow.push(socket);
    if (n % 200 === 199) await sleep(10);
  }
  await sleep(500);
  const beside = await load(site.url, SECONDS, 5_000, 8);
  console.log(`beside ${shown(SLOW - refused)} slow connections, at 5,000 events/s: ${shown(beside.eventsPerSecond)} events/s, p99 ${beside.p99.toFixed(1)} ms, ${JSON.stringify(beside.statuses)}; memory ${shown(await memory(pid))} MB`);
  for (const socket of slow) socket.destroy();

  const over = load(site.url, SECONDS, undefined, 600);
  let most = 0;
  const watching = setInterval(async () => (most = Math.max(most, await memory(pid))), 100);
  const { eventsPerSecond, statuses } = await over;
  clearInterval(watching);
  console.log(`600 connections at once: ${shown(eventsPerSecond)} events/s, ${JSON.stringify(statuses)}, memory at most ${shown(most)} MB`);
} finally {
  await Promise.all([site.close(), endGroup(empty)]);
  await rm(folder, { recursive: true });
}
