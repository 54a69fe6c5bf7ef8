// @ts-check
// Recommendations rendered by the site's own template, into a slot in one step.

import { checkAttribute, checkElement, writeAttribute } from './allowed.js';
import { watch } from './watch.js';
import { whenHalfVisible } from './visible.js';

/** Renders of one list before a page that keeps removing it is let be. */
const RENDERS = 20;
/** Texts for a true reason; `{title}` is the item that was viewed. @type {Record<string, string>} */
const REASONS = { covisit: 'Because you viewed {title}', popular: 'Popular' };

/**
 * @typedef {Record<string, unknown> & {item: string}} Card
 * @typedef {{key: string, select: string, cards: string, count?: number, exclude?: string[], text?: Record<string, string>}} Slot
 * @typedef {{list: string, items: {number: number, because?: number, reason: string}[]}} List
 * @typedef {{item: string, position: number, reason: string, card: Card}} Shown
 * @typedef {{list: string, shown: Shown[]}} Filled
 * @typedef {object} State
 * @property {Promise<Filled | undefined>} [filling]
 * @property {Element} [element]
 * @property {Element[]} nodes
 * @property {number} renders
 * @property {boolean} seen
 */

/** @param {Card} card */
const price = ({ price, currency }) => {
  try {
    return new Intl.NumberFormat(document.documentElement.lang || undefined, { style: 'currency', currency: `${currency}` }).format(Number(price));
  } catch {
    return price;
  }
};

/**
 * @param {object} options
 * @param {readonly Slot[]} options.slots
 * @param {(url: string) => Promise<{items: Record<string, Card>}>} options.fetchCards
 * @param {(slot: string, count: number) => List | undefined | Promise<List | undefined>} options.recommend
 * @param {(touchpoint: {type: 'slot_view' | 'slot_click', item?: string, items?: {item: string}[], properties: object}) => void} options.emit
 * @param {(problem: {key: string, code: string, detail: string}) => void} options.report
 * @param {AbortSignal} options.signal aborting takes away what was rendered
 */
export const createSlots = ({ slots, fetchCards, recommend, emit, report, signal }) => {
  const states = /** @type {Map<Slot, State>} */ (new Map());
  const clickable = /** @type {WeakMap<EventTarget, {slot: Slot, list: string, shown: Shown}>} */ (new WeakMap());
  const told = /** @type {Set<string>} */ (new Set());

  /** @param {Slot} slot @param {string} code @param {unknown} detail */
  const tell = ({ key }, code, detail) => {
    if (told.has(key + code)) return;
    told.add(key + code);
    report({ key, code, detail: `${detail}` });
  };

  /** @param {Slot} slot @returns {Promise<Filled | undefined>} */
  const fill = async (slot) => {
    const { count = 8, exclude = [], text } = slot;
    // More than are shown, because stock is known only from the cards.
    const [cards, list] = await Promise.all([fetchCards(slot.cards), recommend(slot.key, Math.min(count * 2, 32))]);
    if (!list) return;
    /** @param {number | undefined} number */
    const cardOf = (number) => (number && Object.hasOwn(cards.items, number) ? cards.items[number] : undefined);
    /** @type {Shown[]} */
    const shown = [];
    for (const { number, because, reason } of list.items) {
      const card = cardOf(number);
      if (!card || shown.length === count || (card.stock != null && Number(card.stock) <= 0 && exclude.includes('out_of_stock'))) continue;
      const title = cardOf(because)?.title;
      // A reason that cannot be named is not given.
      const wording = reason === 'popular' || title ? (text?.[reason] ?? REASONS[reason] ?? '') : '';
      shown.push({ item: card.item, position: shown.length + 1, card, reason: wording.replace('{title}', () => `${title}`) });
    }
    return { list: list.list, shown };
  };

  /** @param {Slot} slot @param {DocumentFragment} content @param {Shown} shown */
  const fillIn = (slot, content, { card, reason }) => {
    for (const element of content.querySelectorAll('*'))
      for (const { name, value } of [...element.attributes]) {
        const field = /^data-field(-|$)/.test(name) && name.slice(11);
        const given = value === 'reason' ? reason : value === 'price' ? price(card) : Object.hasOwn(card, value) ? card[value] : undefined;
        if (field === false || given == null) continue;
        try {
          if (field) checkAttribute(element, field, given);
          else checkElement(element);
          if (field) writeAttribute(element, field, given);
          else element.textContent = `${given}`;
        } catch (error) {
          tell(slot, 'refused', error);
        }
      }
  };

  /** @param {Slot} slot @param {State} state @param {Element} element */
  const render = async (slot, state, element) => {
    state.element = element;
    state.renders++;
    const filled = await (state.filling ??= fill(slot));
    const template = element.querySelector('template');
    if (signal.aborted || states.get(slot) !== state || !element.isConnected) return;
    if (!template) return tell(slot, 'template', slot.select);
    if (!filled?.shown.length) return;
    for (const node of state.nodes) node.remove();
    state.nodes = filled.shown.flatMap((shown) => {
      const content = document.importNode(template.content, true);
      fillIn(slot, content, shown);
      const nodes = [...content.children];
      for (const node of nodes) clickable.set(node, { slot, list: filled.list, shown });
      return nodes;
    });
    template.after(...state.nodes);
    element.setAttribute('data-parlour-list', filled.list);
    visible.observe(element);
  };

  const look = () => {
    for (const slot of slots)
      try {
        const element = document.querySelector(slot.select);
        const state = states.get(slot) ?? { nodes: [], renders: 0, seen: false };
        states.set(slot, state);
        const stands = state.element === element && state.nodes.every((node) => node.isConnected);
        if (element && !stands && state.renders < RENDERS) render(slot, state, element).catch((error) => tell(slot, 'failed', error));
      } catch (error) {
        tell(slot, 'selector', error);
      }
  };

  const visible = whenHalfVisible(async (element) => {
    for (const [slot, state] of states) {
      const filled = state.element === element && !state.seen && state.nodes.length ? await state.filling : undefined;
      if (!filled || state.seen) continue;
      state.seen = true;
      const items = filled.shown.map(({ item }) => ({ item }));
      emit({ type: 'slot_view', items, properties: { list_id: filled.list, slot: slot.key } });
    }
  }, signal);

  const clear = () => {
    for (const { element, nodes } of states.values()) {
      for (const node of nodes) node.remove();
      element?.removeAttribute('data-parlour-list');
    }
    states.clear();
    visible.disconnect();
  };

  addEventListener(
    'click',
    (event) => {
      const node = event.composedPath().find((node) => clickable.has(node));
      const { slot, list, shown } = (node && clickable.get(node)) ?? {};
      if (slot && shown) emit({ type: 'slot_click', item: shown.item, properties: { list_id: list, slot: slot.key, position: shown.position } });
    },
    { capture: true, signal },
  );
  signal.addEventListener('abort', clear);
  watch(document, look, signal).observe();
  look();

  return {
    /** A new page view: new lists in every slot. */
    refresh() {
      clear();
      look();
    },
  };
};
