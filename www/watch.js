// @ts-check
// Looking again when a page changes, at a bounded price: at once for the first change in a frame, so that nothing
// unchanged is painted, and for all others together in the next frame.

/**
 * @param {Node} root
 * @param {() => void} look
 * @param {AbortSignal} signal
 */
export const watch = (root, look, signal) => {
  let resting = false;
  let again = false;
  const rest = () => {
    if (resting) return;
    resting = true;
    // A hidden page has no frames.
    (document.hidden ? setTimeout : requestAnimationFrame)(() => {
      resting = false;
      if (again) {
        again = false;
        changed();
      }
    });
  };
  const changed = () => {
    if (signal.aborted) return;
    if (resting) {
      again = true;
      return;
    }
    rest();
    look();
  };
  const observer = new MutationObserver(changed);
  signal.addEventListener('abort', () => observer.disconnect());
  return {
    /** Nodes that come and go; attributes too when asked, which is dearer. @param {boolean} [attributes] */
    observe: (attributes) => observer.observe(root, { childList: true, subtree: true, attributes }),
    /** What has happened until now is known. */
    forget: () => void observer.takeRecords(),
    /** Looks in the next frame, whatever happens. */
    soon() {
      again = true;
      rest();
    },
  };
};
