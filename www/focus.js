// @ts-check
// Nodes that go elsewhere, without the visitor losing the place: focus, caret and scroll stay.

/** Runs what may take focus away by moving nodes, and gives it back. @param {() => void} action */
export const keepFocus = (action) => {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const selection = /** @type {Selection} */ (getSelection());
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
  action();
  if (!active?.isConnected) return;
  if (active !== document.activeElement) active.focus({ preventScroll: true });
  // Fields remember theirs by themselves. Asked last, because it has the browser compute styles.
  if (anchorNode?.isConnected && focusNode?.isConnected && active.isContentEditable) selection.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset);
};

/**
 * Puts an element where its mark is. Not by `moveBefore`, which would keep frames going: Chromium 156 crashes on it now
 * and then (tests/browser/apply-random.test.mjs, pages 6295 to 6301).
 * @param {Comment} mark @param {Element} element
 */
export const swap = (mark, element) => {
  const scrolled = [element, ...element.querySelectorAll('*')].map((each) => /** @type {const} */ ([each, each.scrollLeft, each.scrollTop])).filter(([, left, top]) => left || top);
  mark.replaceWith(element);
  for (const [each, left, top] of scrolled) each.scrollTo({ left, top, behavior: 'instant' });
};
