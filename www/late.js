// @ts-check
// Has the visitor seen what would change? Then the decision comes late: in this page view nothing of it is applied and
// nothing counted, in every arm alike, because what is asked does not depend on the arm: the targets of all variants.

/** @param {AbortSignal} signal */
export const createWitness = (signal) => {
  let painted = false;
  let loading = true;
  let scrolled = scrollX + scrollY !== 0;
  // A frame with content is painted right after this; Chromium's own entry comes up to three frames later.
  const frame = () => (document.body ? (painted = true) : requestAnimationFrame(frame));
  requestAnimationFrame(frame);
  addEventListener('scroll', () => (scrolled = true), { capture: true, signal });

  /** @param {Element} element */
  const isSeen = (element) => {
    const { top, right, bottom, left, width, height } = element.getBoundingClientRect();
    // The snippet hides by `visibility`, and what a page hides so itself is not seen either.
    return width * height > 0 && (scrolled || (bottom > 0 && right > 0 && top < innerHeight && left < innerWidth)) && getComputedStyle(element).visibility === 'visible';
  };

  return {
    /** Whether an element that one of these selectors finds may have been seen as the page made it. @param {string[]} selectors */
    wasSeen: (selectors) =>
      (painted ||= loading && performance.getEntriesByType('paint').length > 0) &&
      selectors.some((selector) => {
        try {
          return [...document.querySelectorAll(selector)].some(isSeen);
        } catch {
          // No selector: the applier says so.
          return false;
        }
      }),
    /** Another page view in the same document: what still stands there is the last one's until the next frame. */
    renew() {
      painted = scrolled = loading = false;
      requestAnimationFrame(frame);
    },
  };
};
