// @ts-check
// Which plan a page with keys runs: the one it fetched if that is signed, for this site, not over and not older than the
// one accepted last; else that one, as long as it is valid itself; else none, and the page stays as its author made it.
// Loaded by pages with `data-key` alone.

import { isSame, openSigned, readKeys, requireEd25519, requireUsable } from './signature.js';

/** The name of the plan accepted last in the `keep` store. */
const KEPT = 'signed';

/**
 * @param {Uint8Array | Error} fetched
 * @param {object} page
 * @param {string | string[]} page.keys
 * @param {() => Promise<import('./storage.js').Storage | null | undefined>} page.storage null where nothing may be kept
 * @param {ReturnType<typeof import('./consent.js').createConsent>} page.choice
 * @param {(problem: {code: string, detail: string}) => void} page.report
 * @returns {Promise<Uint8Array>}
 */
export const accept = async (fetched, { keys, storage, choice, report }) => {
  const known = readKeys(keys);
  await requireEd25519();
  /** @type {unknown} */
  const kept = await (await storage())?.get(KEPT);
  // What a key no longer trusted has signed binds nobody: neither its content nor its version.
  const last = kept instanceof Uint8Array ? await openSigned(kept, known).catch(() => undefined) : undefined;
  try {
    if (!(fetched instanceof Uint8Array)) throw fetched;
    const found = await openSigned(fetched, known);
    requireUsable(found, Date.now());
    if (last && found.version < last.version) throw Error(`the plan has version ${found.version}, older than ${last.version}, which was accepted before`);
    const keep = async () => (await storage())?.set(KEPT, fetched);
    if (!last || !isSame(fetched, /** @type {Uint8Array} */ (kept))) keep();
    choice.onChange(async () => {
      await choice.ready;
      if (choice.allowed) keep();
    });
    return fetched;
  } catch (error) {
    if (!last) throw error;
    try {
      requireUsable(last, Date.now());
    } catch {
      throw error;
    }
    report({ code: 'plan', detail: `${/** @type {Error} */ (error).message}: version ${last.version}, accepted before, stays in use` });
    return /** @type {Uint8Array} */ (kept);
  }
};
