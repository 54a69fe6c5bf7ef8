// @ts-check
/** Polling, the same in every driver: the page is asked again until it answers something truthy. */

const POLL_MS = 40;

export const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @template T
 * @param {() => Promise<T>} ask A question that throws counts as not yet: the page may be between two documents.
 * @param {number} timeoutMs
 * @param {string} what
 * @returns {Promise<T>}
 */
export async function until(ask, timeoutMs, what) {
  const end = Date.now() + timeoutMs;
  /** @type {unknown} */
  let last;
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  } while (Date.now() < end);
  throw new Error(`not within ${timeoutMs} ms: ${what.slice(0, 200)} (last: ${last})`);
}
