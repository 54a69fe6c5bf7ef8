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
    // Half a window is a small part of a long element.
    { threshold: [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5] },
  );
  signal.addEventListener('abort', () => observer.disconnect());
  return observer;
};
