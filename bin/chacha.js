// @ts-check
/**
 * The random numbers of rand's `StdRng`, so that the same seed makes the same visitors here and in the native command:
 * ChaCha with 12 rounds (Bernstein 2008), a 64-bit counter, and the seed stretched by PCG32 (`seed_from_u64`).
 */

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const MASK64 = (1n << 64n) - 1n;

/** @param {bigint} seed @returns {() => number} the next u32 */
export function stdRng(seed) {
  const key = stretch(seed);
  const block = new Uint32Array(16);
  let [counter, used] = [0, 16];
  return () => {
    if (used === 16) {
      fill(block, key, counter++);
      used = 0;
    }
    return block[used++];
  };
}

/** @param {bigint} state */
function stretch(state) {
  return Uint32Array.from({ length: 8 }, () => {
    state = (state * 6364136223846793005n + 11634580027462260723n) & MASK64;
    const mixed = Number((((state >> 18n) ^ state) >> 27n) & 0xffff_ffffn);
    const turn = Number(state >> 59n);
    return (mixed >>> turn) | (mixed << (32 - turn) % 32);
  });
}

/** @param {Uint32Array} block @param {Uint32Array} key @param {number} counter */
function fill(block, key, counter) {
  const start = Uint32Array.from([...CONSTANTS, ...key, counter, Math.floor(counter / 2 ** 32), 0, 0]);
  const x = start.slice();
  const mix = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c, /** @type {number} */ d) => {
    for (const [p, q, r, bits] of [[a, b, d, 16], [c, d, b, 12], [a, b, d, 8], [c, d, b, 7]]) {
      x[p] += x[q];
      const value = x[r] ^ x[p];
      x[r] = (value << bits) | (value >>> (32 - bits));
    }
  };
  for (let round = 0; round < 12; round += 2) {
    for (let i = 0; i < 4; i++) mix(i, i + 4, i + 8, i + 12);
    for (let i = 0; i < 4; i++) mix(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  for (let i = 0; i < 16; i++) block[i] = x[i] + start[i];
}

/** A random UUID from sixteen draws, one byte each, as `random::<[u8; 16]>()` draws them. @param {() => number} next */
export function randomUuid(next) {
  const bytes = Uint8Array.from({ length: 16 }, next);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return Buffer.from(bytes).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
