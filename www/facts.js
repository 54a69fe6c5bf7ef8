// @ts-check
// What the page knows → facts as the core reads them (src/targeting/value.rs). A path such as `user.plan` is looked up
// here, so that objects need not cross for it. Bounds are those of src/authoring/facts.rs: beyond them a fact is absent.

/**
 * 0 is derived by the engine; else the path, or path, whether texts are told in lower case, too, and source and flags of
 * each regular expression that the core cannot run.
 * @typedef {0 | string | [string, 0 | 1, ...string[]]} Asked
 * @typedef {(text: string) => [folded: string, bits: number]} Tell what is told with a text
 * @typedef {{index: number, rest: string[], tell?: Tell}} Place
 */

/** Kinds of `fact` in src/wasm/runtime.rs. */
const [ABSENT, FALSE, TRUE, NUMBER, TEXT, TREE] = [0, 1, 2, 3, 4, 5];
const MAX_DEPTH = 8;
const MAX_VALUES = 1000;
const MAX_BYTES = 65536;
const utf8 = new TextEncoder();
const cut = (/** @type {string} */ text) => {
  // One more, so that a surrogate pair at the end is cut as bytes, as natively.
  const bytes = utf8.encode(text.slice(0, 2049));
  return bytes.length > 2048 ? bytes.subarray(0, 2048) : bytes;
};

/** @param {string[]} row source and flags in turn @returns {(text: string) => number} */
const predicates = (row) => {
  /** @type {(RegExp | undefined)[]} */
  const all = [];
  for (let i = 0; i < row.length; i += 2)
    try {
      all.push(RegExp(row[i], row[i + 1]));
    } catch {
      // It is nowhere.
      all.push(undefined);
    }
  return (text) => all.reduce((bits, one, bit) => bits | (one?.test(text) ? 1 << bit : 0), 0);
};

/** Which facts a name is about, by name. @param {Asked[]} asked @returns {Map<string, Place[]>} */
export const factPlaces = (asked) => {
  const places = new Map();
  asked.forEach((row, index) => {
    if (!row) return;
    const [path, folds, ...patterns] = typeof row === 'string' ? [row] : row;
    const holds = predicates(patterns);
    const tell = typeof row === 'string' ? undefined : (/** @type {string} */ text) => [folds ? text.toLowerCase() : text, holds(text.slice(0, 2048))];
    const parts = path.split('.');
    parts.forEach((_, i) => {
      const name = parts.slice(0, i + 1).join('.');
      places.set(name, [...(places.get(name) ?? []), { index, rest: parts.slice(i + 1), tell }]);
    });
  });
  return places;
};

/** @param {number[]} out @param {ArrayLike<number>} bytes */
const putBytes = (out, bytes) => {
  let n = bytes.length;
  for (; n > 127; n >>>= 7) out.push((n & 127) | 128);
  out.push(n);
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i]);
};

/** Throws beyond the bounds. @param {unknown} value @param {Tell} [tell] */
const tree = (value, tell) => {
  let left = MAX_VALUES;
  const write = (/** @type {unknown} */ value, /** @type {number[]} */ out, /** @type {number} */ depth) => {
    if (!left--) throw 0;
    if (typeof value === 'number') out.push(3, ...new Uint8Array(new Float64Array([value]).buffer));
    else if (typeof value === 'boolean') out.push(value ? 2 : 1);
    else if (typeof value === 'string') {
      out.push(tell ? 7 : 4);
      if (!tell) return putBytes(out, cut(value));
      const [folded, bits] = tell(value);
      /** @type {number[]} */
      const inner = [];
      putBytes(inner, cut(value));
      putBytes(inner, cut(folded));
      for (let n = bits; ; n >>>= 7) {
        inner.push(n > 127 ? (n & 127) | 128 : n);
        if (n < 128) break;
      }
      putBytes(out, inner);
    } else if (value && typeof value === 'object') {
      if (!depth) throw 0;
      /** @type {number[]} */
      const inner = [];
      const isList = Array.isArray(value);
      for (const [key, one] of Object.entries(value)) {
        if (!isList) putBytes(inner, cut(key));
        write(one, inner, depth - 1);
      }
      out.push(isList ? 5 : 6);
      putBytes(out, inner);
    } else out.push(0);
  };
  /** @type {number[]} */
  const out = [];
  write(value, out, MAX_DEPTH);
  if (out.length > MAX_BYTES) throw 0;
  return Uint8Array.from(out);
};

/** Kind, number and bytes of a fact. @param {Place} place @param {unknown} value @returns {[number, number, Uint8Array?]} */
export const encodeFact = ({ rest, tell }, value) => {
  if (rest.length) for (const part of rest) value = value && typeof value === 'object' && Object.hasOwn(value, part) ? /** @type {any} */ (value)[part] : undefined;
  if (typeof value === 'number') return [NUMBER, value];
  if (typeof value === 'boolean') return [value ? TRUE : FALSE, 0];
  if (typeof value === 'string' && !tell) return [TEXT, 0, cut(value)];
  if (typeof value !== 'string' && (typeof value !== 'object' || !value)) return [ABSENT, 0];
  try {
    return [TREE, 0, tree(value, tell)];
  } catch {
    // Beyond the bounds, or a getter of the page's that throws.
    return [ABSENT, 0];
  }
};
