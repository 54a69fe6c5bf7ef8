// @ts-check
// parlour.first.js, synchronous in the head: puts on the page what was decided before it came, by the server
// (`#parlour-decisions`, docs/server-decisions.md) or at the last visit to this address, as the parser brings the
// elements and before they are painted. The engine has the last word and takes all of it over as `parlour.first`.
// What is remembered is one key of localStorage, `parlour_first`: {v: 1, pages: {PATH: {KEY: {variant, changes}}}}, the
// last PAGES of them. It is hostile input: it writes through the same allow-lists as a plan.

import { operationsOf } from './change.js';
import { rootOf } from './hydration.js';

/** @typedef {import('./change.js').Change} Change */
/** @typedef {{variant: string | null, changes: Change[], handed?: boolean}} Decided */
/** @typedef {{key: string, index: number, element: Element, operations: import('./change.js').Operation[]}} Row the change at `index` in force on an element */
/** @typedef {ReturnType<typeof createFirst>} First */

const STORE = 'parlour_first';
const STORED = 100_000;
const PAGES = 20;
/** Of one address, all variants together, so that no arm is remembered where another is not. */
const REMEMBERED = 20_000;
const ELEMENTS = 200;
/** What needs nothing but the element; anything else is left to the engine. */
const KINDS = /^(select|all|text|attr|class|css|hide|show|image|insert|move)$/;

/** @param {unknown} changes @returns {changes is Change[]} */
const isPlain = (changes) => Array.isArray(changes) && changes.every((change) => Object.keys(change).every((kind) => KINDS.test(kind)));

/** @param {string | null | undefined} text @returns {any} */
const read = (text) => {
  try {
    return (text && text.length <= STORED && JSON.parse(text)) || {};
  } catch {
    return {};
  }
};

/** @param {string | undefined} consent as the tag says it */
const createFirst = (consent) => {
  const path = location.pathname;
  const handed = read(document.querySelector('script#parlour-decisions')?.textContent);
  const { visitorId } = handed;
  const decided = /** @type {Map<string, Decided>} */ (new Map());
  /** @type {Row[]} */
  let rows = [];

  const pages = () => {
    const { v, pages } = read(localStorage.getItem(STORE));
    return v === 1 && Object(pages) === pages ? pages : {};
  };

  /** @param {unknown} list @param {boolean} handed */
  const take = (list, handed) => {
    for (const [key, value] of Object.entries(Object(list))) {
      const { variant = null, changes = [] } = Object(value);
      if (!decided.has(key)) decided.set(key, { variant, changes: isPlain(changes) ? changes : [], handed });
    }
  };
  take(handed.decisions, true);
  try {
    if (!/denied|unknown/.test(`${consent ?? localStorage.getItem('parlour_consent')}`)) take(Object.getOwnPropertyDescriptor(pages(), path)?.value, false);
  } catch {
    // Storage is denied.
  }

  /** Children may still come: a text that is set now would be mixed with the rest of the page's. @param {Node | null} node */
  const isWhole = (node) => {
    if (document.readyState !== 'loading') return true;
    for (; node; node = node.parentNode) if (node.nextSibling) return true;
    return false;
  };

  const done = /** @type {Map<Change, Set<Element>>} */ (new Map());
  const look = () => {
    for (const [key, { changes }] of decided)
      changes.forEach((change, index) => {
        const on = done.get(change) ?? new Set();
        done.set(change, on);
        if ((on.size && !change.all) || rows.length > ELEMENTS) return;
        /** @type {Row['operations']} */
        let operations = [];
        for (const selector of [change.select ?? []].flat())
          try {
            for (const element of document.querySelectorAll(selector)) {
              if (on.has(element) || rootOf(element) || ((change.text != null || change.insert || change.move) && !isWhole(element))) continue;
              operations = operationsOf(element, change, (selector) => document.querySelector(selector)) ?? [];
              if (!operations.length) return;
              on.add(element);
              for (const operation of operations) operation.write();
              rows.push({ key, index, element, operations });
              if (!change.all) return;
            }
          } catch {
            // No selector, or refused: the engine says so.
            for (const operation of operations) operation.undo();
          }
      });
  };
  const observer = new MutationObserver(look);
  const stop = () => observer.disconnect();
  if (decided.size) {
    observer.observe(document, { childList: true, subtree: true });
    look();
    setTimeout(stop, 10_000);
  }

  return {
    decided,
    visitorId: typeof visitorId === 'string' && visitorId.length <= 200 ? visitorId : undefined,
    /** Everything undone: the engine is off. */
    undo() {
      stop();
      for (const { operations } of rows.reverse()) for (const operation of operations.reverse()) operation.undo();
      rows = [];
    },
    /** All that is in force, once. @param {(decided: Map<string, Decided>, rows: Row[]) => void} adopt */
    hand(adopt) {
      stop();
      adopt(decided, rows);
      rows = [];
      this.hand = () => {};
    },
    /**
     * Does the engine's answer agree? False: this page view keeps what it has, and is not counted.
     * @param {string} key @param {string | null} variant @param {Change[]} changes @param {string} reason
     * @param {(problem: {key: string, code: string, detail: string}) => void} report
     */
    agrees(key, variant, changes, reason, report) {
      const was = decided.get(key);
      if (!was) return undefined;
      const same = was.variant === variant;
      if (was.handed && !same && reason !== 'consent') report({ key, code: 'handover', detail: `${was.variant} from the server, ${variant} here (${reason})` });
      return same && (was.handed || JSON.stringify(was.changes) === JSON.stringify(changes));
    },
    /** For the next visit to this address. Only where consent allows. @param {[import('./engine.js').Page['experiments'][number], number][]} answers and the variant */
    keep(answers) {
      let left = REMEMBERED;
      /** @type {Record<string, Decided>} */
      const page = {};
      for (const [{ key, variants }, variant] of answers) {
        if (!variants.every(({ changes = [] }) => isPlain(changes)) || (left -= JSON.stringify(variants).length) < 0) continue;
        const { key: variation, changes = [] } = variants[variant];
        page[key] = { variant: variation, changes };
      }
      try {
        const others = Object.entries(pages()).filter(([other]) => other !== path).slice(1 - PAGES);
        let text;
        do text = JSON.stringify({ v: 1, pages: Object.fromEntries([...others, [path, page]]) });
        while (text.length > STORED && others.shift());
        localStorage.setItem(STORE, text);
      } catch {
        // Denied or full: the next visit waits for the engine.
      }
    },
  };
};

try {
  const global = /** @type {any} */ (globalThis);
  const parlour = (global.parlour ??= function () {
    (parlour.q ??= []).push(arguments);
  });
  const first = (parlour.first = createFirst(document.currentScript?.dataset.consent));
  // Known on this page: hidden no longer.
  if (first.decided.size) parlour.hidden?.show();
} catch (error) {
  console.warn('parlour:', error);
}
