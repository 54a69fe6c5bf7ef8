// @ts-check
// Slots that re-rank: items that the page itself lists, put in another order. It is the order of the document that
// changes, so that reading, tabbing and seeing stay one order. A chunk of its own, for plans that have such slots.

import { keepFocus } from './focus.js';

/** Items of one list that are looked at; those behind stay where they are. */
const MOST = 500;

/** Elements of the list by item; where an item stands twice, the first. @param {Element} list @param {string} attribute */
const listed = (list, attribute) => {
  /** @type {Map<string, Element>} */
  const elements = new Map();
  for (const element of [...list.children].slice(0, MOST)) {
    const item = (element.hasAttribute(attribute) ? element : element.querySelector(`[${attribute}]`))?.getAttribute(attribute);
    if (item && !elements.has(item)) elements.set(item, element);
  }
  return elements;
};

/** Puts these in this order into the places that they hold together; nothing else moves. @param {Element} list @param {Element[]} order */
const arrange = (list, order) => {
  const moving = new Set(/** @type {Node[]} */ (order));
  const next = order.values();
  let at = list.firstChild;
  for (const node of [...list.childNodes].map((node) => (moving.has(node) ? /** @type {Node} */ (next.next().value) : node)))
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
};

/** @param {string} attribute names the item of each of a list's children, on it or in it */
export const rerank = (attribute) => ({
  /** Numbers of what is listed. @param {Element} list @param {Record<string, {item: string}>} cards by number */
  among(list, cards) {
    const elements = listed(list, attribute);
    return Object.keys(cards).filter((number) => elements.has(cards[number].item)).map(Number);
  },

  /**
   * What stands for a template's copy: the item's own element, none where the page has taken it away; nothing to fill in.
   * @param {Element} list @param {string} item @returns {{children: Element[], querySelectorAll: (all: string) => Element[]}}
   */
  content: (list, item) => ({ children: [listed(list, attribute).get(item)].filter((element) => element !== undefined), querySelectorAll: () => [] }),

  /**
   * These first, all other items behind them as they were. Answers what puts all back, where page and visitor have not
   * put them in an order of their own meanwhile.
   * @param {Element} list @param {Element[]} best
   */
  put(list, best) {
    const before = [...listed(list, attribute).values()];
    const after = [...best, ...before.filter((element) => !best.includes(element))];
    keepFocus(() => arrange(list, after));
    return () => {
      const left = (/** @type {Element} */ element) => element.parentNode === list;
      const ours = after.filter(left);
      if ([...list.children].filter((element) => ours.includes(element)).every((element, place) => element === ours[place])) keepFocus(() => arrange(list, before.filter(left)));
    };
  },
});
