// @ts-check
/** What lists cost on any host: opening a model, co-visitation, a whole slot; beside the same sums in a Map. */
import { createEngine } from "../../www/engine.js";
import { startLists } from "../../www/lists.js";
import { openModel } from "../../www/models.js";

/** @typedef {{runtime: WebAssembly.Module, lists: WebAssembly.Module, models: WebAssembly.Module}} Modules */
/** @typedef {{items: number, opening: number, covisit: number, inMap: number, slot: number, same: number, sessions: number}} Measured times in µs but `opening` in ms */

const TURNS = 5;
/** What the page would be asked for. */
/** @type {any} */ (globalThis).document ??= { querySelector: () => null };

/** The best of a few turns, in µs a call. @param {number} calls @param {() => unknown} turn */
async function best(calls, turn) {
  let least = Infinity;
  for (let n = 0; n < TURNS; n++) {
    const begun = performance.now();
    await turn();
    least = Math.min(least, ((performance.now() - begun) * 1000) / calls);
  }
  return least;
}

/** The same rows in plain JavaScript. @param {Map<string, [string, number][]>} rows @param {string[]} seen */
function inMap(rows, seen) {
  /** @type {Map<string, number>} */
  const scores = new Map();
  let recency = 256;
  const newest = [...new Set([...seen].reverse())].slice(0, 32);
  for (const item of newest) {
    for (const [other, weight] of rows.get(item) ?? []) scores.set(other, (scores.get(other) ?? 0) + recency * weight);
    recency = Math.floor((recency * 10) / 16);
  }
  for (const item of newest) scores.delete(item);
  return [...scores].sort(([, a], [, b]) => b - a).slice(0, 20).map(([item]) => item);
}

/** Numbers and weights of a row's text, as src/recommend/row.rs has them. @param {string} text @returns {[number, number][]} */
function readRow(text) {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  let at = 7;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  varint();
  const count = bytes[at++];
  let item = 0;
  const items = Array.from({ length: count }, () => (item += varint()));
  return items.map((number, place) => [number, bytes[0] === 2 ? bytes[at + place] : (bytes[at + (place >> 1)] >> (place % 2 ? 4 : 0)) & 15]);
}

/**
 * @param {Modules} modules @param {object} given
 * @param {Uint8Array} given.model @param {string[][]} given.sessions @param {Uint8Array} given.plan with one slot
 * @returns {Promise<Measured>}
 */
export async function contest({ runtime, lists, models }, { model, sessions, plan }) {
  const opening = (await best(1, () => openModel({ model, wasm: models }))) / 1000;
  const opened = await openModel({ model, wasm: models });
  const covisit = await best(sessions.length, () => sessions.forEach((session) => opened.recommend(session, { discovery: true })));

  // Items by number, as cards have them: of the model's own order.
  const keys = [...new Set(sessions.flat())].filter((item) => opened.row(item));
  /** @type {Map<string, [string, number][]>} */
  const rows = new Map();
  const names = opened.keys();
  for (const item of keys) rows.set(item, readRow(opened.row(item)).map(([number, weight]) => [names[number - 1], weight]));
  const map = await best(sessions.length, () => sessions.forEach((session) => inMap(rows, session)));
  const same = sessions.filter((session) => {
    const ours = opened.recommend(session, { discovery: true, count: 5 }).filter(({ because }) => because);
    const theirs = new Set(inMap(rows, session));
    return ours.every(({ item }) => theirs.has(item));
  }).length;

  const engine = createEngine({ module: runtime, plan, report: console.error });
  engine.consent("personalise", Date.now());
  /** @type {any} */
  const items = {};
  names.forEach((item, place) => (items[place + 1] = { item, category: `c${place % 40}`, brand: `b${place % 300}`, tags: [`t${place % 7}`, `u${place % 11}`], price: 5 + (place % 97), stock: place % 13 }));
  const slots = await startLists({ engine, load: async () => lists, fetchCards: async () => ({ items }), fetchJson: async () => ({}), variant: () => null, report: ({ detail }) => { throw Error(detail); } });
  const bytes = (/** @type {string} */ text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
  // One visitor who has seen what 12 sessions saw.
  for (const item of sessions.slice(0, 12).flat().slice(-32)) engine.row(bytes(opened.row(item)));
  engine.row(bytes(opened.row()));
  const [slot] = engine.page.slots;
  const id = "01900000-0000-7000-8000-000000000000";
  await slots.list(slot, id, 8, keys[0]);
  const calls = 500;
  const slotTime = await best(calls, async () => {
    for (let n = 0; n < calls; n++) await slots.list(slot, id, 8, keys[n % keys.length]);
  });
  return { items: opened.size, opening, covisit, inMap: map, slot: slotTime, same, sessions: sessions.length };
}
