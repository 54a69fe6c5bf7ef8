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
    { threshold: [1, 2, 3, 4, 5, 6, 7, 8].map((halved) => 2 ** -halved) },
  );
  signal.addEventListener('abort', () => observer.disconnect());
  return observer;
};
