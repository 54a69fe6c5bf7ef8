// @ts-check
// Who the visitor is: a random id in a first-party cookie on the widest domain that takes it, mirrored in IndexedDB.
// Nothing here may be called before consent allows storing.

/** @typedef {import('./storage.js').Storage} Storage */

const COOKIE = 'parlour_id';
// 395 days: 13 months, from the day it was issued; never renewed.
const LIFE_MS = 395 * 864e5;

/** @param {Uint8Array} bytes 16 of them */
const uuid = (bytes) =>
  Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1))
    .join('')
    .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

const random = () => crypto.getRandomValues(new Uint8Array(16));

/** A random id (UUIDv4) that says nothing, not even when it was made. */
export const randomId = () => {
  const bytes = random();
  bytes[6] = (/** @type {number} */ (bytes[6]) & 15) | 64;
  bytes[8] = (/** @type {number} */ (bytes[8]) & 63) | 128;
  return uuid(bytes);
};

let lastMs = 0;
let step = 0;

/**
 * A UUIDv7 (RFC 9562), rising within this page even when the clock stands or goes back: its 12-bit counter
 * (method 1) runs over into the time.
 * @param {number} [now] epoch ms
 */
export const uuidv7 = (now = Date.now()) => {
  const bytes = random();
  if (now > lastMs) (lastMs = now), (step = 0);
  else if (++step > 4095) lastMs++, (step = 0);
  let ms = lastMs;
  for (let i = 5; i >= 0; i--) (bytes[i] = ms % 256), (ms = Math.floor(ms / 256));
  bytes[6] = 112 | (step >> 8);
  bytes[7] = step;
  bytes[8] = (/** @type {number} */ (bytes[8]) & 63) | 128;
  return uuid(bytes);
};

/** @param {{now?: () => number}} [options] */
export const createIdentity = ({ now = Date.now } = {}) => {
  /** @type {string | undefined} */
  let current;
  let issued = false;

  const read = () => {
    try {
      return document.cookie.match(/(?:^|; )parlour_id=([\w.-]{1,64})(?:;|$)/)?.[1];
    } catch {
      return undefined;
    }
  };

  /**
   * Widest domain first; a browser ignores a public suffix, so the first that stays is the widest settable.
   * @param {string} value @param {number} ageMs 0 removes it, from every domain
   */
  const write = (value, ageMs) => {
    try {
      const { hostname, protocol } = location;
      const labels = hostname.split('.');
      // An address has no domains to try.
      for (let i = /\d$/.test(hostname) ? -1 : labels.length - 2; i >= -1; i--) {
        const domain = i < 0 ? '' : `;domain=${labels.slice(i).join('.')}`;
        document.cookie = `${COOKIE}=${value};path=/;max-age=${Math.floor(ageMs / 1000)};samesite=lax${domain}${protocol === 'https:' ? ';secure' : ''}`;
        if (ageMs && read() === value) return;
      }
    } catch {
      // No cookies here: the mirror, or this page alone, has to do.
    }
  };

  return {
    /**
     * The visitor's id, at once: from the cookie, else `wanted`, else a new one, written to the cookie.
     * @param {string} [wanted] the id this page view has used so far
     */
    id: (wanted) => {
      if (!current) {
        current = read();
        if (!current) {
          issued = true;
          write((current = wanted ?? randomId()), LIFE_MS);
        }
      }
      return current;
    },

    /**
     * Agrees with the other tabs: the first to have written the mirror wins, the others adopt. A mirror made from
     * a cookie (`at` 0) never outlives that cookie, as nothing says when it was issued.
     * @param {Storage | null} storage
     * @returns {Promise<string | undefined>}
     */
    settle: async (storage) => {
      const at = issued ? now() : 0;
      const kept = await storage?.update('visitor', (old) =>
        typeof old?.id === 'string' && (!issued || Math.abs(at - old.at) < LIFE_MS) ? old : { id: current, at },
      );
      // Undefined while erased: nothing to adopt, nothing to write.
      if (current && kept && kept.id !== current) write((current = kept.id), kept.at ? kept.at + LIFE_MS - now() : LIFE_MS);
      return current;
    },

    /** Removes the cookie. The mirror goes with the storage. */
    erase: () => {
      current = undefined;
      issued = false;
      write('', 0);
    },
  };
};
