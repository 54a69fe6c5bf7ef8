// @ts-check
// Recommendations rendered by the site's own template, into a slot in one step; or its own items in another order.

import { checkAttribute, checkElement, writeAttribute } from './allowed.js';
import { createHydration } from './hydration.js';
import { watch } from './watch.js';
import { whenHalfVisible } from './visible.js';

/** Renders of one list before a page that keeps removing it is let be. */
const RENDERS = 20;

/**
 * @typedef {Record<string, unknown> & {item: string}} Card
 * @typedef {{key: string, select: string, cards: string, count?: number, exclude?: string[], text?: Record<string, string>, rerank?: string, lists?: string, teams?: [string, string][], by?: Record<string, Record<string, string>>}} Slot `lists`: what it asks for beyond rows, `teams` two such, `by` experiment and variant
 * @typedef {{list: string, items: {number: number, because?: number, reason: string, team?: string}[]}} List
 * @typedef {ReturnType<typeof import('./rerank.js').rerank>} Reranking
 * @typedef {{list: string, shown: {card: Card, reason: string, team?: string}[], rerank?: Reranking}} Filled
 * @typedef {{type: 'slot_view' | 'slot_click', item?: string, items?: {item: string}[], properties: object}} Touchpoint
 * @typedef {object} State
 * @property {Slot} slot
 * @property {Promise<Filled>} [filling]
 * @property {Element} [element]
 * @property {Element[]} nodes
 * @property {(() => void) | void} undo
 * @property {number} renders
 * @property {Touchpoint | false} [view] told when the list is seen, then false
 * @property {string} told codes of problems
 */

/** What a field shows. @param {Card} card @param {string} reason @param {string} field @returns {unknown} */
const valueOf = (card, reason, field) => {
  if (field === 'reason') return reason;
  const value = Object.hasOwn(card, field) ? card[field] : undefined;
  if (field !== 'price') return value;
  try {
    return new Intl.NumberFormat(document.documentElement.lang || undefined, { style: 'currency', currency: `${card.currency}` }).format(Number(value));
  } catch {
    return value;
  }
};

/**
 * @param {object} options
 * @param {readonly Slot[]} options.slots
 * @param {(url: string) => Promise<{items: Record<string, Card>}>} options.fetchCards
 * @param {(slot: string, count: number, among?: number[]) => Promise<List | undefined>} options.recommend
 * @param {(touchpoint: Touchpoint) => void} options.emit
 * @param {(problem: {key: string, code: string, detail: string}) => void} options.report
 * @param {AbortSignal} options.signal aborting takes away what was rendered
 * @param {(element: Element) => boolean} [options.isHydrated]
 * @param {() => Promise<typeof import('./rerank.js')>} options.load
 */
export const createSlots = ({ slots, fetchCards, recommend, emit, report, signal, isHydrated = createHydration(), load }) => {
  const states = slots.map((slot) => /** @type {State} */ (/** @type {unknown} */ ({ slot, nodes: [], told: '' })));
  const clicks = /** @type {WeakMap<EventTarget, Touchpoint>} */ (new WeakMap());

  /** Once for each slot. @param {State} state @param {string} code @param {unknown} detail */
  const tell = (state, code, detail) => {
    if (state.told.includes(code)) return;
    state.told += code;
    report({ key: state.slot.key, code, detail: `${detail}` });
  };

  /** @param {Slot} slot @param {Element} element @returns {Promise<Filled>} */
  const fill = async ({ key, cards, count = 8, exclude = [], text, rerank: attribute }, element) => {
    const { items } = await fetchCards(cards);
    const rerank = attribute ? (await load()).rerank(attribute) : undefined;
    // More than are shown, because stock is known only from the cards.
    const { list, items: chosen } = /** @type {List} the slot is the plan's */ (await recommend(key, count * 2, rerank?.among(element, items)));
    /** @param {number} number */
    const cardOf = (number) => (Object.hasOwn(items, number) ? items[number] : undefined);
    const shown = [];
    for (const { number, because, reason, team } of chosen) {
      const card = cardOf(number);
      if (!card || shown.length === count || (exclude.includes('out_of_stock') && Number(card.stock ?? 1) <= 0)) continue;
      const title = cardOf(/** @type {number} */ (because))?.title;
      const words = text?.[reason] ?? '';
      // A reason that cannot be named is not given.
      shown.push({ card, team, reason: title || !words.includes('{title}') ? words.replace('{title}', () => /** @type {string} */ (title)) : '' });
    }
    return { list, shown, rerank };
  };

  /** @param {State} state @param {Element} element */
  const render = async (state, element) => {
    state.element = element;
    state.renders++;
    const filling = (state.filling ??= fill(state.slot, element));
    const { list, shown, rerank } = await filling;
    const template = /** @type {HTMLTemplateElement} */ (element.querySelector('template'));
    if (signal.aborted || state.filling !== filling || !element.isConnected) return;
    if (!template && !rerank) return tell(state, 'template', state.slot.select);
    const properties = { list_id: list, slot: state.slot.key };
    clear(state);
    const nodes = (state.nodes = shown.flatMap(({ card, reason, team }, index) => {
      const content = rerank?.content(element, card.item) ?? document.importNode(template.content, true);
      for (const each of content.querySelectorAll('*'))
        for (const { name, value: field } of [...each.attributes]) {
          const attribute = /^data-field(-|$)/.test(name) ? name.slice(11) : undefined;
          const value = valueOf(card, reason, field);
          if (attribute === undefined || value == null) continue;
          try {
            if (attribute) {
              checkAttribute(each, attribute, value);
              writeAttribute(each, attribute, value);
            } else {
              checkElement(each);
              each.textContent = `${value}`;
            }
          } catch (error) {
            tell(state, 'refused', error);
          }
        }
      const made = [...content.children];
      for (const node of made) clicks.set(node, { type: 'slot_click', item: card.item, properties: { ...properties, position: index + 1, ...(team && { team }) } });
      return made;
    }));
    // A style sheet may ask for it: empty where nothing came.
    if (nodes.length || state.slot.lists) element.setAttribute('data-parlour-list', nodes.length ? list : '');
    if (!nodes.length) return;
    state.undo = rerank?.put(element, nodes) ?? template.after(...nodes);
    state.view ??= { type: 'slot_view', items: shown.map(({ card: { item } }) => ({ item })), properties: { ...properties, ...(state.slot.teams && { teams: shown.map(({ team }) => team) }) } };
    visible.observe(element);
  };

  /** @param {State} state */
  const clear = ({ nodes, element, undo }) => {
    for (const node of nodes) clicks.delete(node), undo ? undo() : node.remove();
    if (!element) return;
    element.removeAttribute('data-parlour-list');
    visible.unobserve(element);
  };

  const look = () => {
    for (const state of states)
      try {
        const element = document.querySelector(state.slot.select);
        const stands = state.element === element && state.nodes.every((node) => node.isConnected);
        if (element && !isHydrated(element)) tree.soon();
        else if (element && !stands && state.renders < RENDERS) render(state, element).catch((error) => (state.slot.lists && element.setAttribute('data-parlour-list', ''), tell(state, 'failed', error)));
      } catch (error) {
        tell(state, 'selector', error);
      }
  };

  const visible = whenHalfVisible((element) => {
    for (const state of states)
      if (state.element === element && state.view) {
        emit(state.view);
        state.view = false;
      }
  }, signal);

  /** @param {Event} event */
  const clicked = (event) => {
    const node = event.composedPath().find((node) => clicks.has(node));
    if (node) emit(/** @type {Touchpoint} */ (clicks.get(node)));
  };
  addEventListener('click', clicked, { capture: true, signal });
  signal.addEventListener('abort', () => states.forEach(clear));
  const tree = watch(document, look, signal);
  tree.observe();
  /** A new page view: new lists, each in place of the old one when it is there. */
  const refresh = () => {
    for (const state of states) Object.assign(state, { filling: undefined, view: undefined, renders: 0, element: undefined });
    look();
  };
  refresh();
  return { refresh };
};
