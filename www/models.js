// @ts-check
// A whole model, for servers that write rows into their pages and for whoever asks it directly: the same core as in pages.
// Reads no file: bytes come in.

/** Names that are remembered: what is asked for with any other is looked up each time. */
const MOST_NAMES = 100_000;

const FAULTS = ['', 'is no model: `parlour train` makes one', 'is of a newer Parlour: update, or train anew', 'was cut or changed: copy it again, or train anew'];

/** @typedef {{item: string, score: number, because: string | null}} Recommendation `because`: the item that added most, null for everyone's favourites */

/**
 * @param {object} options
 * @param {Uint8Array} options.model as `parlour train` wrote it
 * @param {BufferSource | WebAssembly.Module} options.wasm parlour-models.wasm
 */
export const openModel = async ({ model, wasm }) => {
  const core = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm);
  /** @type {any} */
  const inner = (await WebAssembly.instantiate(core)).exports;
  const utf8 = new TextEncoder();
  const put = (/** @type {Uint8Array} */ bytes) => {
    const at = inner.room(bytes.length);
    if (!at) throw Error('the model is larger than 64 MiB: use the rows of `parlour rows --out`');
    new Uint8Array(inner.memory.buffer, at, bytes.length).set(bytes);
  };
  const taken = (/** @type {number} */ length) => new Uint8Array(inner.memory.buffer, inner.out(), length);
  put(model);
  const fault = inner.open();
  if (fault) throw Error(`the file ${FAULTS[fault]}`);
  /** By number. @type {string[]} */
  const keys = [''];
  const utf16 = new TextDecoder();
  const keyOf = (/** @type {number} */ number) => (keys[number] ??= utf16.decode(taken(inner.key(number))));
  /** @type {Map<string, number>} */
  const numbers = new Map();
  const numberOf = (/** @type {string} */ item) => {
    const known = numbers.get(item);
    if (known !== undefined) return known;
    put(utf8.encode(item));
    const number = inner.number();
    if (numbers.size < MOST_NAMES) numbers.set(item, number);
    return number;
  };

  return {
    /** How many items it knows. @type {number} */
    size: inner.items(),

    /** Of item 1, 2, 3 …: a number is an item's for ever. @returns {string[]} */
    keys: () => Array.from({ length: inner.items() }, (_, place) => keyOf(place + 1)),

    /** For `data-parlour-again`: what the newest seen item scores as its own successor, the one before it, and so on. @returns {number[]} */
    again: () => [...new Uint32Array(taken(inner.again()).slice().buffer)],

    /** For `data-parlour-row`: of an item, or of everyone's favourites. Empty where nothing was learnt. @param {string} [item] */
    row(item) {
      const number = item === undefined ? 0 : numberOf(item);
      if (item !== undefined && !number) return '';
      const bytes = taken(inner.row(number));
      return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    },

    /**
     * What comes after these, best first, at most 32. What the model does not know is passed over.
     * @param {readonly string[]} seen oldest first
     * @param {{count?: number, discovery?: boolean}} [options] `discovery`: nothing that was seen
     * @returns {Recommendation[]}
     */
    recommend(seen, { count = 20, discovery = false } = {}) {
      const known = seen.map(numberOf);
      put(new Uint8Array(new Uint32Array(known).buffer));
      const length = inner.next(discovery, count);
      const rows = new DataView(inner.memory.buffer, inner.out(), length);
      /** @type {Recommendation[]} */
      const list = [];
      for (let at = 0; at < length; at += 12) {
        const because = rows.getUint32(at + 8, true);
        list.push({ item: keyOf(rows.getUint32(at, true)), score: rows.getUint32(at + 4, true), because: because ? keyOf(because) : null });
      }
      return list;
    },
  };
};
