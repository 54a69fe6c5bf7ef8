// @ts-check
// parlour-lists.js, fetched only for slots that ask for more than rows: taste, what lies in the cart, filters, boosts, pins,
// variety, rotation, two lists in one. Beside the engine stands a wasm of its own (src/recommend/lists); nothing of it is
// kept or sent. Where it cannot run, the engine's own list is shown.

import { createRows } from './rows.js';

/** By code, as `recommend::lists::Source` has them. */
const REASONS = ['popular', 'covisit', 'basket', 'again', 'next', 'affinity', 'alike', 'pinned'];
const NONE = 0xffffffff;
/** No list waits longer for rows of the cart. */
const ROWS_MS = 1000;

/** @typedef {{number: number, item: string, score: number, because: number, reason: string, team?: string}} Item */

/** @param {string} text base64, of either alphabet */
const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));

/** As `Catalogue::read` has them. @param {Record<string, import('./slots.js').Card>} items by number */
const encodeCards = (items) => {
  const utf8 = new TextEncoder();
  let bytes = new Uint8Array(1 << 16);
  let at = 0;
  const room = (/** @type {number} */ count) => {
    if (at + count <= bytes.length) return;
    const wider = new Uint8Array((at + count) * 2);
    wider.set(bytes);
    bytes = wider;
  };
  const count = (/** @type {number} */ n) => {
    room(5);
    for (; n > 127; n >>>= 7) bytes[at++] = (n & 127) | 128;
    bytes[at++] = n;
  };
  const text = (/** @type {unknown} */ value) => {
    const encoded = utf8.encode(value == null ? '' : `${value}`);
    count(encoded.length);
    room(encoded.length);
    bytes.set(encoded, at);
    at += encoded.length;
  };
  const number = (/** @type {unknown} */ value) => {
    room(8);
    new DataView(bytes.buffer).setFloat64(at, value == null || value === '' ? NaN : Number(value), true);
    at += 8;
  };
  // Keys that are numbers come in their order.
  const cards = Object.entries(items).filter(([key]) => /^[1-9]\d{0,9}$/.test(key) && Number(key) < NONE);
  count(cards.length);
  for (const [key, { item, category, brand, tags, price, stock }] of cards) {
    count(Number(key));
    for (const each of [item, category, brand]) text(each);
    const list = tags == null ? [] : [tags].flat();
    count(list.length);
    list.forEach(text);
    number(price);
    number(stock);
  }
  return bytes.subarray(0, at);
};

/**
 * @param {object} options
 * @param {ReturnType<typeof import('./engine.js').createEngine>} options.engine
 * @param {(name: string) => Promise<any>} options.load a wasm beside this file
 * @param {(url: string) => Promise<{items: Record<string, import('./slots.js').Card>}>} options.fetchCards
 * @param {(url: string) => Promise<any>} options.fetchJson
 * @param {(experiment: string) => string | null} options.variant that the visitor has
 * @param {(problem: {key?: string, code: string, detail: string}) => void} options.report
 */
export const startLists = async ({ engine, load, fetchCards, fetchJson, variant, report }) => {
  const { inner, page } = engine;
  /** @type {any} */
  const wasm = new WebAssembly.Instance(await load('parlour-lists.wasm')).exports;
  const put = (/** @type {Uint8Array} */ bytes) => {
    const at = wasm.room(bytes.length);
    if (!at) throw Error('too much data');
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  };
  const numbers = (/** @type {number} */ length) => new Uint32Array(new Uint8Array(wasm.memory.buffer, wasm.out(), length).slice().buffer);
  /** @type {Map<unknown, number>} */
  const known = new Map();
  /** Told to the wasm once. @param {unknown} key @param {() => Uint8Array} encode @param {'options' | 'catalogue'} how */
  const told = (key, encode, how) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    put(encode());
    const number = wasm[how]() >>> 0;
    if (number === NONE) throw Error(`its ${how} cannot be read`);
    known.set(key, number);
    return number;
  };
  const options = (/** @type {string} */ text) => told(text, () => bytesOf(text), 'options');

  /** @type {Map<string, Uint8Array>} */
  const basketRows = new Map();
  const takeBasket = page.baskets && createRows(page.baskets, { fetchJson, report, read: (text, _, item) => basketRows.set(item, bytesOf(text)) });
  /** Repeat scores: on the page, or in the file with everyone's favourites. @type {Promise<number[]> | undefined} */
  let scores;
  const again = () =>
    (scores ??= (async () => {
      const written = document.querySelector('[data-parlour-again]')?.getAttribute('data-parlour-again');
      /** @type {number[]} */
      let list = written ? written.split(/[ ,]+/).map(Number) : [];
      if (!list.length && page.rows) await createRows(page.rows, { fetchJson, report, read: (_, file) => (list = file.again ?? []) })('').catch(() => {});
      return list;
    })());

  let isNews = true;
  // To ask the engine takes longer than most lists: it is asked when something may have changed.
  for (const name of /** @type {const} */ (['row', 'touch', 'consent', 'restore', 'fold', 'forget'])) {
    const act = /** @type {(...args: any[]) => any} */ (engine[name]);
    engine[name] = (/** @type {any[]} */ ...args) => ((isNews = true), act(...args));
  }
  const look = () => {
    if (!isNews) return;
    isNews = false;
    put(inner.guard(new Uint8Array(4), () => inner.taken(inner.core().known())));
    wasm.visitor();
  };

  /** @param {number} catalogue @param {Record<string, import('./slots.js').Card>} items */
  const readBaskets = async (catalogue, items) => {
    look();
    const cart = [...numbers(wasm.cart(catalogue))].map((number) => items[number].item).slice(-32);
    await Promise.all(cart.map((item) => takeBasket?.(item)));
    const rows = cart.flatMap((item) => basketRows.get(item) ?? []);
    put(Uint8Array.from(rows.flatMap((row) => [...lengthOf(row.length), ...row])));
    wasm.baskets();
  };

  /** Undefined where it takes too long. @template T @param {Promise<T>} promise @returns {Promise<T | void>} */
  const inTime = (promise) => Promise.race([promise, /** @type {Promise<void>} */ (new Promise((resolve) => setTimeout(resolve, ROWS_MS)))]);
  /** @type {number[] | undefined} */
  let repeats;
  /** Item → number, by catalogue. @type {Map<number, Map<string, number>>} */
  const own = new Map();

  let stands = true;
  return {
    /**
     * Best first; undefined where the engine's own list is to be shown.
     * @param {import('./slots.js').Slot} slot @param {string} list its id @param {number} count @param {string} [current] @param {number[]} [among]
     * @returns {Promise<Item[] | undefined>}
     */
    async list({ key, cards, lists, by = {}, teams = [] }, list, count, current, among = []) {
      if (!stands) return;
      try {
        const { items } = await fetchCards(cards);
        const catalogue = told(items, () => encodeCards(items), 'catalogue');
        if (page.baskets) await inTime(readBaskets(catalogue, items).catch(() => {}));
        repeats ??= (await inTime(again())) ?? undefined;
        const numbersOf = own.get(catalogue) ?? new Map(Object.entries(items).map(([number, { item }]) => [item, Number(number)]));
        own.set(catalogue, numbersOf);
        let way = /** @type {string} */ (lists);
        let mixed = teams;
        for (const [experiment, variants] of Object.entries(by)) {
          const mine = variant(experiment);
          // A variant's own list is not mixed with another.
          if (mine !== null && Object.hasOwn(variants, mine)) [way, mixed] = [variants[mine], []];
        }
        const [first, second] = mixed.length ? mixed.map(([, text]) => options(text)) : [options(way), NONE];
        put(new Uint8Array(Uint32Array.from(repeats ?? []).buffer));
        wasm.again();
        look();
        put(new Uint8Array(Uint32Array.from(among).buffer));
        const rows = numbers(wasm.list(catalogue, first, second, numbersOf.get(`${current}`) ?? 0, count, parseInt(list.slice(-8), 16)));
        return Array.from({ length: rows.length / 4 }, (_, row) => {
          const [number, score, because, packed] = rows.subarray(row * 4);
          const source = REASONS[packed & 255];
          const reason = source === 'next' ? (because === number ? 'again' : 'covisit') : source;
          return { number, item: items[number].item, score, because, reason, team: mixed[packed >> 8]?.[0] };
        });
      } catch (error) {
        stands = false;
        report({ key, code: 'lists', detail: `${error}` });
      }
    },
  };
};

/** LEB128. @param {number} n @returns {number[]} */
const lengthOf = (n) => (n > 127 ? [(n & 127) | 128, ...lengthOf(n >>> 7)] : [n]);
