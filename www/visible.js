// @ts-check
/**
 * Tells when half of an element, or as much of it as fills half the window, is in view.
 * @param {(element: Element) => void} seen
 * @param {AbortSignal} signal
 */
export const whenHalfVisible = (seen, signal) => {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, intersectionRatio, intersectionRect, target } of entries)
        if (isIntersecting && (intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2)) seen(target);
    },
    // Halves, so that an element of up to 250 windows crosses one of them while it fills half to a whole window.
    { threshold: [0, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 0.5] },
  );
  signal.addEventListener('abort', () => observer.disconnect());
  return observer;
};
