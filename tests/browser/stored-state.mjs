// @ts-check
/** What the engine's stored bytes hold, in words; the layouts are in src/engine/state.rs. */

const ENTRIES = ["", "touchpoint", "alive", "met", "shown", "row"];

/** @param {number[]} bytes */
const readerOf = (bytes) => {
  let at = 0;
  const skip = (/** @type {number} */ length) => {
    at += length;
    if (at > bytes.length) throw new Error(`the bytes end before ${at}`);
  };
  const u8 = () => (skip(1), bytes[at - 1]);
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  return { skip, u8, varint, left: () => bytes.length - at };
};

/** @param {number[]} bytes */
export function readSnapshot(bytes) {
  const { skip, u8, varint, left } = readerOf(bytes);
  if (u8() !== 2) throw new Error("a snapshot of another version");
  skip(4 + 8);
  const [session, , , pageViews] = [varint(), varint(), varint(), varint()];
  const touchpoints = varint();
  const met = varint();
  skip(met * 20);
  const profile = u8() === 1;
  return { session, pageViews, touchpoints, met, profile, profileBytes: left() };
}

/** The kinds of a journal's entries. @param {number[]} bytes */
export function readJournal(bytes) {
  const { skip, u8, varint, left } = readerOf(bytes);
  /** @type {string[]} */
  const kinds = [];
  while (left()) {
    const kind = u8();
    kinds.push(ENTRIES[kind] ?? `kind ${kind}`);
    if (kind === 1) {
      if (u8() === 0) skip(8);
      varint(), varint();
      skip(varint() * 8);
    } else if (kind === 2) varint();
    else if (kind === 3) skip(20);
    else if (kind === 4) skip(8);
    else skip(varint());
  }
  return kinds;
}
