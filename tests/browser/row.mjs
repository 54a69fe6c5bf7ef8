// @ts-check
/** A co-visitation row as a page carries it; the layout is in src/recommend/row.rs. */

/** @param {number} own 0 for the popular list @param {Record<number, number>} neighbours number → weight 1–15 */
export function encodeRow(own, neighbours) {
  /** @type {number[]} */
  const bytes = [1, 7, 0, 0, 0, 1, 0];
  const varint = (/** @type {number} */ value) => {
    for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
    bytes.push(value);
  };
  const list = Object.entries(neighbours).map(([item, weight]) => ({ item: Number(item), weight }));
  varint(own);
  bytes.push(list.length);
  list.forEach(({ item }, i) => varint(item - (list[i - 1]?.item ?? 0)));
  for (let i = 0; i < list.length; i += 2) bytes.push(list[i].weight | ((list[i + 1]?.weight ?? 0) << 4));
  const check = murmur3(bytes);
  bytes.push(check & 255, (check >>> 8) & 255);
  return Buffer.from(bytes).toString("base64url");
}

/** MurmurHash3 x86 32-bit, seed 0. @param {number[]} bytes */
function murmur3(bytes) {
  const rotate = (/** @type {number} */ x, /** @type {number} */ by) => (x << by) | (x >>> (32 - by));
  const mix = (/** @type {number} */ word) => Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  let hash = 0;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash = (Math.imul(rotate(hash ^ mix(word), 13), 5) + 0xe6546b64) | 0;
  }
  if (whole < bytes.length) hash ^= mix(bytes.slice(whole).reduceRight((word, byte) => (word << 8) | byte, 0));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
