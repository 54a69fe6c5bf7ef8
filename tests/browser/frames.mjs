// @ts-check
/**
 * What a page showed, frame by frame: a probe in the page that looks at each frame just before it is painted, in every
 * engine, and in Chromium the pictures themselves.
 *
 * An element is `absent`, `hidden`, or seen as its `original` or its `variant`, told by its text.
 */
import { decodePng } from "./png.mjs";

/** @typedef {"absent" | "hidden" | "original" | "variant"} State */
/** @typedef {{select: string, variant: string, tell?: string}} Watched `variant`: the text that tells it from the original; `tell`: fetched once it was painted */
/** @typedef {[at: number, state: State][]} Sequence Each change of state, with the time of the first frame of it. */

/**
 * Inline script for the top of the head. It puts `window.seen` there: `frames`, how many there were; `of`, by name a
 * {@link Sequence}; `applied`, by name when the variant was first in the document.
 * @param {Record<string, Watched>} watched
 */
export const probe = (watched) => `<script nonce="probe">(${inPage})(${JSON.stringify(watched)})</script>`;

/** @param {Record<string, Watched>} watched */
function inPage(watched) {
  const names = Object.keys(watched);
  /** @type {{frames: number, of: Record<string, Sequence>, applied: Record<string, number>}} */
  const seen = { frames: 0, of: Object.fromEntries(names.map((name) => [name, []])), applied: {} };
  Object.assign(globalThis, { seen });

  /** @param {Element} element */
  const isVisible = (element) => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) return false;
    for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) if (Number(getComputedStyle(at).opacity) < 0.01) return false;
    return getComputedStyle(element).visibility === "visible";
  };
  const hasVariant = (/** @type {Element} */ element, /** @type {string} */ name) => `${element.textContent}`.includes(watched[name].variant);

  // A fresh observation is told in the frame it was made in: after layout and all else that runs, just before paint.
  const justBeforePaint = new ResizeObserver(() => {
    seen.frames++;
    const now = performance.now();
    for (const name of names) {
      const element = document.querySelector(watched[name].select);
      const state = !element ? "absent" : !isVisible(element) ? "hidden" : hasVariant(element, name) ? "variant" : "original";
      const of = seen.of[name];
      if (of[of.length - 1]?.[1] !== state) of.push([now, state]);
      const { tell } = watched[name];
      if (tell && (state === "original" || state === "variant")) {
        delete watched[name].tell;
        requestAnimationFrame(() => fetch(tell));
      }
    }
  });
  const next = () => {
    justBeforePaint.disconnect();
    justBeforePaint.observe(document.documentElement);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);

  new MutationObserver(() => {
    for (const name of names) {
      const element = document.querySelector(watched[name].select);
      if (element && hasVariant(element, name)) seen.applied[name] ??= performance.now();
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

/** What of an element was seen, in this order. @param {Sequence} sequence @returns {State[]} */
export const statesOf = (sequence) => sequence.map(([, state]) => state);

/** Whether what was once shown, as original or variant, was anything else in a later frame. @param {State[]} states */
export const flickers = (states) => states.slice(states.findIndex(isShown)).some((state, _, [first]) => isShown(first) && state !== first);

/** @param {State} state */
const isShown = (state) => state === "original" || state === "variant";

/**
 * Pictures of a page in Chromium, each frame that its compositor made, looked through for two colours.
 * @param {import("./drivers/index.mjs").Page} page
 * @param {Record<"original" | "variant", [number, number, number]>} colours
 */
export async function filmOf(page, colours) {
  const session = await page.raw.createCDPSession();
  /** @type {string[]} */
  const pictures = [];
  session.on("Page.screencastFrame", (/** @type {{data: string, sessionId: number}} */ { data, sessionId }) => {
    pictures.push(data);
    session.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  await session.send("Page.startScreencast", { format: "png", everyNthFrame: 1, maxWidth: 400, maxHeight: 300 });
  return {
    /** The states of the frames so far, those alike in a row taken as one. @returns {Promise<{frames: number, states: State[]}>} */
    async end() {
      await session.send("Page.stopScreencast");
      await session.detach();
      const states = pictures.map((data) => {
        const { has } = decodePng(Buffer.from(data, "base64"));
        const [original, variant] = [has(colours.original), has(colours.variant)];
        if (original && variant) throw new Error("a picture with both colours");
        return original ? "original" : variant ? "variant" : "hidden";
      });
      return { frames: pictures.length, states: states.filter((state, at) => state !== states[at - 1]) };
    },
  };
}
