// @ts-check
// Lists for slots: rows that the page carries go into the engine, numbers come out, cards give them names.

import { uuidv7 } from './identity.js';
import { loadJson } from './load.js';

/** @typedef {{items: Record<string, import('./slots.js').Card>}} Cards */

/** No list waits longer for rows. */
const ROWS_MS = 1000;

/**
 * @param {ReturnType<typeof import('./engine.js').createEngine>} engine
 * @param {() => Promise<typeof import('./rows.js')>} load
 * @param {(problem: {code: string, detail: string}) => void} report
 * @param {() => void} keep stores what the engine wants kept
 * @param {(given: Omit<Parameters<typeof import('./lists.js').startLists>[0], 'load' | 'variant'>) => ReturnType<typeof import('./lists.js').startLists>} loadLists
 */
export const createRecommender = (engine, load, report, keep, loadLists) => {
  const { rows } = engine.page;
  /** @type {ReturnType<typeof loadLists> | undefined} */
  let lists;
  /** @param {string} text */
  const read = (text) => {
    try {
      engine.row(Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0)));
    } catch {
      // Not base64: a row is only ever a hint.
    }
  };
  const fetching = rows && load().then(({ createRows }) => createRows(rows, { fetchJson: loadJson, read: (text) => (read(text), keep()), report }));
  // It is told once, and lists are made of what there is.
  fetching?.catch(({ message }) => report({ code: 'rows', detail: message }));
  /** Takes up the row of an item where this page carries none. @param {string} [item] */
  const seen = async (item) => item != null && !document.querySelector('[data-parlour-row]') && (await (await fetching)?.(item));

  /** @type {Map<string, Promise<Cards>>} */
  const fetched = new Map();
  const fetchCards = async (/** @type {string} */ url) => {
    // Cards of this page stand in an element of its own.
    if (url[0] === '#') return JSON.parse(/** @type {Element} */ (document.querySelector(url)).textContent ?? '');
    const cards = fetched.get(url) ?? loadJson(url);
    fetched.set(url, cards);
    return cards;
  };

  return {
    fetchCards,
    seen,

    /** Takes up the rows on this page. */
    readRows() {
      for (const element of [...document.querySelectorAll('[data-parlour-row]')].slice(0, 50)) read(/** @type {string} */ (element.getAttribute('data-parlour-row')));
    },

    /**
     * Best first; undefined for a slot the plan does not have.
     * @param {string} key
     * @param {number} count
     * @param {string} [current] the item this page is about: never recommended on its own page
     * @param {number[]} [among] these alone, where given
     */
    async list(key, count, current, among) {
      const index = engine.page.slots.findIndex((slot) => slot.key === key);
      if (index < 0) return;
      const { cards: url, exclude = [] } = engine.page.slots[index];
      if (rows) await Promise.race([Promise.all([seen(''), seen(current)]).catch(() => {}), new Promise((resolve) => setTimeout(resolve, ROWS_MS))]);
      const { items } = await fetchCards(url);
      const id = uuidv7();
      const slot = engine.page.slots[index];
      if (slot.lists) {
        lists ??= loadLists({ engine, fetchCards, fetchJson: loadJson, report });
        const made = await (await lists.catch(({ message }) => report({ code: 'lists', detail: message })))?.list(slot, id, count, current, among);
        if (made) return { list: id, items: made };
      }
      const unwanted = +exclude.includes('in_cart') + 2 * +exclude.includes('purchased');
      const list = engine.recommend(index, among).flatMap(({ number, because, score }) => {
        const item = Object.hasOwn(items, number) ? items[number].item : undefined;
        const isWanted = item !== undefined && item !== current && !(engine.itemState(item) & unwanted);
        return isWanted ? [{ number, item, score, because, reason: because ? 'covisit' : 'popular' }] : [];
      });
      return { list: id, items: list.slice(0, count) };
    },
  };
};
