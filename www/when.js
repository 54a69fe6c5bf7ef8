// @ts-check
// When things run: one verb per moment of a page's life.

/**
 * Calls back each time the page is hidden or left: the last moment a script can count on.
 * `pagehide` as well, because older WebKit leaves a page without `visibilitychange`.
 * @param {() => void} callback may run twice for one leave
 * @param {AbortSignal} [signal]
 */
export const whenHidden = (callback, signal) => {
  const options = { capture: true, signal };
  addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && callback(), options);
  addEventListener('pagehide', () => callback(), options);
};

/**
 * Calls back once: when the page is idle, or before it is hidden, whichever is first.
 * @param {() => void} callback
 * @param {AbortSignal} [signal]
 */
export const whenIdleOrHidden = (callback, signal) => {
  const once = new AbortController();
  const run = () => {
    if (once.signal.aborted || signal?.aborted) return;
    once.abort();
    callback();
  };
  if (document.visibilityState === 'hidden') return run();
  whenHidden(run, once.signal);
  // WebKit has no requestIdleCallback.
  if ('requestIdleCallback' in globalThis) requestIdleCallback(run, { timeout: 2000 });
  else setTimeout(run, 1);
};

/** @param {unknown} wait @param {string} event */
const after = (wait, event) =>
  /** @type {Promise<void>} */ (new Promise((resolve) => (wait ? document.addEventListener(event, () => resolve(), { once: true }) : resolve())));

/** Resolves when a prerendered page is really shown; at once for any other. */
export const whenActivated = () => after(/** @type {{prerendering?: boolean}} */ (document).prerendering, 'prerenderingchange');

/** Resolves when the document is parsed. */
export const whenDomReady = () => after(document.readyState === 'loading', 'DOMContentLoaded');
