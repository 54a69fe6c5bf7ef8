// @ts-check
// Ed25519 by WebCrypto, for the pages that need it: signed plans (signed.js) and preview links (preview.js). The native
// twin is the crate in signing/. WebCrypto is there in secure contexts alone, and Ed25519 from Chrome 137, Firefox 129
// and Safari 17 on.

import { environmentOf } from './site.js';

const HEADER_BYTES = 14;
const SIGNATURE_BYTES = 96;
/** Two, so that keys can be changed without a moment in which some page refuses. */
const MAX_SIGNATURES = 2;
const SECTION_PAGE = 2;
const MAGIC = 'PRLR';
const UTF8 = new TextEncoder();

/** @typedef {{version: number, expiresMs: number, page: import('./engine.js').Page}} Signed */

/** @param {string} text base64url without padding */
export const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));

/** @param {Uint8Array} bytes */
const importKey = (bytes) => crypto.subtle.importKey('raw', /** @type {Uint8Array<ArrayBuffer>} */ (bytes), 'Ed25519', false, ['verify']);

/** Throws where this browser, or this page, cannot check. */
export const requireEd25519 = async () => {
  try {
    // The public key of RFC 8032, 7.1, TEST 1: any browser that can, takes it.
    await importKey(bytesOf('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'));
  } catch {
    throw Error(
      globalThis.isSecureContext
        ? 'this browser cannot check signatures (Ed25519): Chrome 137, Firefox 129, Safari 17 and newer can'
        : 'signatures cannot be checked on a page that is not served over HTTPS',
    );
  }
};

/**
 * Is it this key's signature of these bytes, made for this purpose?
 * @param {Uint8Array} key @param {string} purpose @param {Uint8Array} bytes @param {Uint8Array} signature
 */
export const isSignedBy = async (key, purpose, bytes, signature) => {
  const message = new Uint8Array([...UTF8.encode(purpose), ...bytes]);
  try {
    return await crypto.subtle.verify('Ed25519', await importKey(key), /** @type {Uint8Array<ArrayBuffer>} */ (signature), message);
  } catch {
    // No point of the curve: no key, so no signature of its.
    return false;
  }
};

/** The public keys of `data-key`, one or two. @param {string | string[]} keys @returns {Uint8Array[]} */
export const readKeys = (keys) =>
  [keys].flat().flatMap((text) => `${text}`.split(/[\s,]+/).filter(Boolean)).map((text) => {
    if (!/^[\w-]{43}$/.test(text)) throw Error(`data-key "${text}" is no public key: write the 43 characters that \`parlour keygen\` printed`);
    return bytesOf(text);
  });

/** @param {Uint8Array} a @param {Uint8Array} b */
export const isSame = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/**
 * What a plan says that one of these keys signed. Throws where it is not signed so: every signature in the file must be
 * sound and one of them by a key of ours, so that no bit of it can change. The layout is that of src/plan/decode.rs.
 * @param {Uint8Array} file @param {Uint8Array[]} keys @returns {Promise<Signed>}
 */
export const openSigned = async (file, keys) => {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isPlan = file.length > HEADER_BYTES && String.fromCharCode(...file.subarray(0, 4)) === MAGIC;
  if (!isPlan) throw Error('the plan is not a plan file (an error page, perhaps)');
  const end = HEADER_BYTES + view.getUint32(HEADER_BYTES - 4, true);
  const count = (file.length - end) / SIGNATURE_BYTES;
  if (!Number.isInteger(count) || count < 0 || count > MAX_SIGNATURES) throw Error('the plan is cut short or damaged');
  if (!count) throw Error('the plan is not signed: sign it with `parlour sign`');
  const plan = file.subarray(0, end);
  let isKnown = false;
  for (let at = end; at < file.length; at += SIGNATURE_BYTES) {
    const key = file.subarray(at, at + 32);
    if (!(await isSignedBy(key, 'parlour plan v1\n', plan, file.subarray(at + 32, at + SIGNATURE_BYTES)))) throw Error('the plan was changed after it was signed');
    isKnown ||= keys.some((known) => isSame(known, key));
  }
  if (!isKnown) throw Error('the plan is signed by a key that this page does not know');
  return { version: view.getUint32(HEADER_BYTES + 2, true), expiresMs: Number(view.getBigUint64(HEADER_BYTES + 14, true)), page: pageOf(plan) };
};

/** @param {Uint8Array} plan a signed one, so well formed */
const pageOf = (plan) => {
  let at = HEADER_BYTES + 22;
  while (at < plan.length) {
    const tag = plan[at];
    at += 2;
    let length = 0;
    for (let scale = 1, byte = 128; byte & 128; scale *= 128) {
      byte = plan[at++];
      length += (byte & 127) * scale;
    }
    if (tag === SECTION_PAGE) return JSON.parse(new TextDecoder().decode(plan.subarray(at, at + length)));
    at += length;
  }
  throw Error('the plan is cut short or damaged');
};

/** Throws where the plan is another site's, or over. @param {Signed} signed @param {number} nowMs */
export const requireUsable = ({ page, expiresMs }, nowMs) => {
  if (environmentOf(page, location.hostname) === undefined) throw Error(`the plan is for ${page.site.join(', ')} and this page is on ${location.hostname}`);
  if (expiresMs <= nowMs) throw Error(`the plan expired on ${new Date(expiresMs).toISOString()}: build and sign it anew`);
};
