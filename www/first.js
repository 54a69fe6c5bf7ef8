// @ts-check
// parlour.first.js, synchronous in the head: puts on the page what was decided before it came, by the server
// (`#parlour-decisions`, docs/server.md) or at the last visit to this address, as the parser brings the
// elements and before they are painted. The engine has the last word, and takes all of it over (handover.js).
// Remembered is one key of localStorage, `parlour_first`: [1, [[PATH, {KEY: {variant, changes}}], …]]. It is hostile
// input: what it writes passes the same allow-lists as a plan.

import { operationsOf } from './change.js';
import { rootOf } from './hydration.js';

/** @typedef {import('./change.js').Change} Change */
/** @typedef {{variant: string | null, changes: Change[], handed: boolean}} Decided */
/** @typedef {{key: string, change: Change, element: Element, operations: import('./change.js').Operation[]}} Row a change in force on an element */
/** @typedef {{decided: Map<string, Decided>, rows: Row[], visitorId?: string, stop(): void}} First */

const MOST = 1e5;
const ELEMENTS = 200;

/** @param {any} text */
const read = (text) => JSON.parse(text.length < MOST ? text : '');

/** Runs what hostile input may make fail. @param {() => void} work */
const attempt = (work) => {
  try {
    work();
  } catch {
    // The engine says what is wrong.
  }
};

/** Is it closed? A text set before would be mixed with what the parser still brings. @param {Node | null} node @returns {boolean} */
const isWhole = (node) => document.readyState !== 'loading' || (!!node && (!!node.nextSibling || isWhole(node.parentNode)));

const decided = /** @type {First['decided']} */ (new Map());
/** @type {Row[]} */
const rows = [];
/** @type {First} */
const first = { decided, rows, stop: () => observer.disconnect() };

/** @param {object} list @param {boolean} handed */
const take = (list, handed) => {
  for (const [key, { variant, changes }] of Object.entries(list)) decided.set(key, { variant, changes: [changes].flat(), handed });
};

const look = () => {
  for (const [key, { changes }] of decided)
    for (const change of changes)
      for (const selector of /** @type {string[]} */ ([change?.select].flat()))
        attempt(() => {
          for (const element of document.querySelectorAll(selector)) {
            if (rows.some((row) => row.change === change && (!change.all || row.element === element))) continue;
            if (rows.length > ELEMENTS || rootOf(element) || !isWhole(element)) return;
            const operations = operationsOf(element, change, (selector) => document.querySelector(selector));
            if (!operations) return;
            rows.push({ key, change, element, operations });
            for (const { write } of operations) write();
          }
        });
};
const observer = new MutationObserver(look);

attempt(() => {
  const [v, pages] = read(localStorage.parlour_first);
  // It is gone in the task in which the visitor revokes; a host that remembers says so.
  if (v === 1 && !/denied|unknown/.test(/** @type {any} */ (document.currentScript).dataset.consent)) take(pages.find((/** @type {string[]} */ [path]) => path === location.pathname)[1], false);
});
// After the others: the server's have the last word.
attempt(() => {
  const { decisions, visitorId } = read(/** @type {any} */ (document.querySelector('script#parlour-decisions')).textContent);
  first.visitorId = visitorId;
  take(decisions, true);
});
// A stub for calls stands before, where there is one.
const parlour = (/** @type {any} */ (globalThis).parlour ??= {});
parlour.first = first;
if (decided.size) {
  observer.observe(document, { childList: true, subtree: true });
  look();
  // Where the engine never comes.
  setTimeout(first.stop, 10_000);
  // Known on this page: hidden no longer.
  parlour.hidden?.show();
}
