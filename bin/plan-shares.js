// @ts-check
/**
 * The share of the visitors that each variant's range covers, read from plan bytes. The engine in the page never needs
 * these numbers, so they are not among its answers. The layout is that of src/plan/decode.rs.
 */

const HEADER_BYTES = 36;
const SECTION_CORE = 1;
const FULL = 2 ** 32;

/** @param {Uint8Array} bytes Of a plan the engine has taken. @param {number} experiment @returns {number[]} 0 to 1 each */
export function variantShares(bytes, experiment) {
  const sections = reader(bytes.subarray(HEADER_BYTES));
  for (;;) {
    const tag = sections.u8();
    sections.skip(1);
    const section = sections.take(sections.varint());
    if (tag === SECTION_CORE) return inCore(reader(section), experiment);
  }
}

/** @param {ReturnType<typeof reader>} core @param {number} wanted */
function inCore(core, wanted) {
  const share = () => (core.skip(4), core.varint());
  const range = () => -core.varint() + core.varint();
  const optional = (/** @type {() => unknown} */ one) => core.u8() !== 0 && one();
  /** @template T @param {() => T} one @returns {T[]} */
  const many = (one) => Array.from({ length: core.varint() }, one);

  optional(share);
  many(() => core.u8());
  many(() => node(core, many));
  const experiments = many(() => {
    core.skip(8 + 4 + 1 + 1 + 1 + 1 + 1);
    core.varint();
    core.varint();
    core.skip(4);
    share();
    optional(() => (core.skip(4), range()));
    optional(() => core.varint());
    const shares = many(() => core.skip(4)).map(() => 0);
    many(() => (shares[core.u8()] += range() / FULL));
    return shares;
  });
  return experiments[wanted];
}

/** @param {ReturnType<typeof reader>} core @param {(one: () => unknown) => unknown[]} many */
function node(core, many) {
  const TEST = 3;
  const tag = core.u8();
  core.varint();
  if (tag !== TEST) return;
  core.skip(1);
  const scalar = () => {
    const kind = core.u8();
    if (kind === 3) core.skip(8);
    if (kind === 4) core.skip(core.varint());
  };
  if (core.u8() === 0) scalar();
  else many(scalar);
}

/** @param {Uint8Array} bytes */
function reader(bytes) {
  let at = 0;
  return {
    u8: () => bytes[at++],
    /** @param {number} count */
    skip: (count) => void (at += count),
    /** @param {number} count */
    take: (count) => bytes.subarray(at, (at += count)),
    /** LEB128; what is read here stays below 2⁵³. */
    varint() {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at++];
        value += (byte & 127) * scale;
        if (!(byte & 128)) return value;
      }
    },
  };
}
