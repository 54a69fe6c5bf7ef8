// @ts-check
// What the wasm keeps to itself, read from the bytes it is made of: the plan's dates, shares and texts of conditions,
// and the journey. Layouts: src/plan/decode.rs, src/engine/state.rs. The wasm has checked both before.

/** @param {Uint8Array} bytes @param {number} [at] */
const reader = (bytes, at = 0) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const skip = (/** @type {number} */ n) => (at += n) - n;
  const u8 = () => view.getUint8(skip(1));
  const u32 = () => view.getUint32(skip(4), true);
  const u64 = () => view.getBigUint64(skip(8), true);
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  /** @template T @param {() => T} one @returns {T[]} */
  const many = (one) => Array.from({ length: varint() }, one);
  /** @template T @param {() => T} one */
  const optional = (one) => (u8() ? one() : undefined);
  const text = () => {
    const length = varint();
    return bytes.subarray(skip(length), at);
  };
  return { u8, u32, u64, varint, many, optional, text, get at() { return at; } };
};

/** @param {Uint8Array} bytes @param {number} seed */
const murmur3 = (bytes, seed) => {
  const mix = (/** @type {number} */ word) => {
    const mixed = Math.imul(word, 0xcc9e2d51);
    return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  };
  let hash = seed;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    hash ^= mix(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (bytes.length > whole) hash ^= mix(bytes.subarray(whole).reduceRight((word, byte) => (word << 8) | byte, 0));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** The stable id of a key, as it lies in bytes: low half first. @param {string} key */
const id64 = (key) => {
  const bytes = new TextEncoder().encode(key);
  const id = new DataView(new ArrayBuffer(8));
  id.setUint32(0, murmur3(bytes, 0x6f757221), true);
  id.setUint32(4, murmur3(bytes, 0x5061726c), true);
  return new Uint8Array(id.buffer);
};

/** @param {Uint8Array} bytes @param {Uint8Array} part @param {number} [from] */
const indexOf = (bytes, part, from = 0) => {
  for (let at = bytes.indexOf(part[0], from); at >= 0; at = bytes.indexOf(part[0], at + 1)) if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
};

const HEADER_BYTES = 14;
const SIGNATURE_BYTES = 96;
const [CORE, , CLAUSES] = [1, 2, 3];
const FULL = 2 ** 32;

/** @typedef {ReturnType<typeof openPlan>} OpenPlan */

/** @param {Uint8Array} plan @param {string[]} experiments their keys */
export const openPlan = (plan, experiments) => {
  const head = reader(plan, HEADER_BYTES - 4);
  const end = HEADER_BYTES + head.u32();
  const flags = head.u8() | (head.u8() << 8);
  head.u32();
  const [issued, expires] = [Number(head.u64()), Number(head.u64())];
  /** @type {Record<number, Uint8Array>} */
  const sections = {};
  while (head.at < end) {
    const tag = head.u8();
    head.u8();
    sections[tag] = head.text();
  }
  const core = sections[CORE];
  // An experience may have an experiment's key; its row lies behind theirs.
  const behind = Math.max(0, ...experiments.map((key) => indexOf(core, id64(key)) + 8));
  return {
    isKilled: !!(flags & 1),
    /** Epoch ms. Without an expiry beyond every date. */
    issued,
    expires: expires < 864e13 ? expires : undefined,
    signatures: (plan.length - end) / SIGNATURE_BYTES,
    /** What each node of the conditions says. @type {string[]} */
    clauses: sections[CLAUSES] ? JSON.parse(new TextDecoder().decode(sections[CLAUSES])) : [],
    /** Found by its id, which the compiler gives to one alone. @param {string} key @param {number} now */
    experiment(key, now) {
      const at = indexOf(core, id64(key));
      if (at < 0) return undefined;
      const row = reader(core, at + 8);
      const range = () => {
        const start = row.varint();
        return row.varint() - start;
      };
      const [version] = [row.u32(), row.u8()];
      const status = row.u8();
      row.u8();
      row.u8();
      const [start, stop] = [row.varint(), row.varint()];
      row.u32();
      row.u32();
      const steps = row.many(() => [row.varint(), row.varint()]);
      const layer = row.optional(() => (row.u32(), range()));
      const holdouts = row.many(() => (row.u32(), row.varint()));
      row.many(() => [row.u8(), row.u8(), row.u64()]);
      row.optional(row.varint);
      const variants = row.many(row.u32).length;
      const widths = /** @type {number[]} */ (Array(variants).fill(0));
      row.many(() => (widths[row.u8()] += range()));
      const allotted = widths.reduce((sum, width) => sum + width, 0);
      return {
        version,
        status: ['running', 'paused', 'ended'][Math.min(status, 2)],
        start: start || undefined,
        end: stop < 864e13 ? stop : undefined,
        /** What takes part now. */
        traffic: (steps.filter(([from]) => from <= now).at(-1)?.[1] ?? 0) / FULL,
        layer: layer === undefined ? undefined : layer / FULL,
        holdouts: holdouts.map((below) => below / FULL),
        /** Of those who are drawn, by variant. */
        shares: widths.map((width) => (allotted ? width / allotted : 0)),
      };
    },
    /** @param {string} key */
    experience(key) {
      const at = indexOf(core, id64(key), behind);
      if (at < 0) return undefined;
      const row = reader(core, at + 8);
      row.u8();
      const trigger = row.optional(() => {
        const code = row.u8();
        row.u64();
        return code;
      });
      const node = row.optional(row.varint);
      row.u32();
      const holdout = row.varint() / FULL;
      const cap = row.optional(() => ({ per: ['page view', 'session', 'visitor'][row.u8()], times: row.u32() }));
      return { trigger, node, holdout, cap };
    },
  };
};

/** @param {Uint8Array} snapshot with the journey in it */
export const openState = (snapshot) => {
  const row = reader(snapshot, 5);
  row.u64();
  const [visits, started, last, sessionPageViews, sessionTouchpoints] = Array.from({ length: 5 }, row.varint);
  const met = row.many(() => [row.u64(), row.u32(), row.u32(), row.u32()]).length;
  if (!row.u8()) return undefined;
  const [pageViews, itemViews, purchases, revenue, shares, considered, checkout, purchased] = Array.from({ length: 8 }, row.varint);
  const [cart, owned] = [row.many(row.u64).length, row.many(row.u64).length];
  return { visits, started, last, sessionPageViews, sessionTouchpoints, met, pageViews, itemViews, purchases, revenue, shares, considered, checkout, purchased, cart, owned };
};
