// @ts-check
/**
 * Keys, signed plans and preview tokens made by Node's own Ed25519: what the page refuses and takes is held against a
 * second hand, and the command against the same pages.
 */
import { generateKeyPairSync, sign } from "node:crypto";

const HEADER_BYTES = 14;

/** @typedef {{text: string, raw: Buffer, sign: (purpose: string, bytes: Uint8Array) => Buffer}} Key */

/** @returns {Key} */
export function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const text = /** @type {string} */ (publicKey.export({ format: "jwk" }).x);
  return {
    text,
    raw: Buffer.from(text, "base64url"),
    sign: (purpose, bytes) => sign(null, Buffer.concat([Buffer.from(purpose), bytes]), privateKey),
  };
}

/** The plan file with these keys' signatures, and none it had. @param {Uint8Array} file @param {...Key} keys */
export function signPlan(file, ...keys) {
  const bytes = Buffer.from(file);
  const plan = bytes.subarray(0, HEADER_BYTES + bytes.readUInt32LE(HEADER_BYTES - 4));
  return Buffer.concat([plan, ...keys.flatMap((key) => [key.raw, key.sign("parlour plan v1\n", plan)])]);
}

/** @param {Key} key @param {object} token @param {string} [purpose] */
export function signToken(key, token, purpose = "parlour preview v1\n") {
  const payload = Buffer.from(JSON.stringify(token));
  return `${payload.toString("base64url")}.${key.sign(purpose, payload).toString("base64url")}`;
}

/** @param {Uint8Array} file @param {number} bit */
export function flipped(file, bit) {
  const bytes = Buffer.from(file);
  bytes[bit >> 3] ^= 1 << (bit & 7);
  return bytes;
}
