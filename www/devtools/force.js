// @ts-check
// Showing another variant: the engine's own `force`, which never counts. What is recorded from then on is marked as a
// preview, so that results leave it out, and what was forced is never counted in this page: given back, it is held where
// it would be anyway until the next page.

import { readKept, TOKEN, TOOLBAR } from './kept.js';

/** @typedef {import('./toolbar.js').Inside} Inside */

/** @param {Inside} inside @param {boolean} lasts the tab remembers it, also while nothing is forced */
export const createForces = ({ engine, consent, evaluate, mark, outs, signal }, lasts) => {
  const { experiments } = engine.page;
  /** Variant by experiment. @type {Map<number, number>} */
  const forced = new Map();
  /** @type {Map<number, number>} */
  const held = new Map();
  /** Out of a page view, all but for the force, and why. @type {Map<number, {of: ReturnType<typeof outs>, why: 'loading' | 'late'}>} */
  const outside = new Map();
  /** By a link, which is remembered by itself. */
  const given = new Set();
  let hasEnded = false;
  let isCollapsed = false;

  const place = (/** @type {string} */ experiment) => experiments.findIndex(({ key }) => key === experiment);
  const known = readKept()?.forced ?? {};
  experiments.forEach(({ key }, index) => {
    const { variant, reason } = engine.decide(index, false, Date.now());
    if (reason !== 'preview') return;
    forced.set(index, variant);
    if (!known[key]) given.add(index);
  });

  const keep = () => {
    try {
      const own = [...forced].filter(([index]) => !given.has(index));
      const named = Object.fromEntries(own.map(([index, variant]) => [experiments[index].key, experiments[index].variants[variant].key]));
      if (!hasEnded && consent.allowed && (lasts || own.length)) sessionStorage.setItem(TOOLBAR, JSON.stringify({ forced: named, collapsed: isCollapsed }));
      else sessionStorage.removeItem(TOOLBAR);
    } catch {
      // Without storage it lasts for this page.
    }
  };
  consent.onChange(() => !signal.aborted && keep());

  /** The link's variant is not wanted any more: not on the next pages either. */
  const endLink = () => {
    try {
      sessionStorage.removeItem(TOKEN);
    } catch {
      // It was for this page alone.
    }
  };

  /** Why it would be out of this page view without the force. @param {number} index */
  const outOf = (index) => {
    const known = outside.get(index);
    return known?.of === outs() ? known.why : outs().get(experiments[index].key);
  };

  /** What would be without the force. @template T @param {number} index @param {() => T} look */
  const naturally = (index, look) => {
    const variant = forced.get(index) ?? held.get(index);
    if (variant === undefined) return look();
    engine.force(index, -1);
    try {
      return look();
    } finally {
      engine.force(index, variant);
    }
  };

  /** @param {number} index @param {number} variant -1: as it would be anyway */
  const set = (index, variant) => {
    mark();
    const own = naturally(index, () => engine.decide(index, false, Date.now()).variant);
    if (given.delete(index) && variant < 0) endLink();
    forced.delete(index);
    held.delete(index);
    if (variant >= 0) forced.set(index, variant);
    else if (own >= 0) held.set(index, own);
    engine.force(index, variant >= 0 ? variant : own);
    const { key } = experiments[index];
    const why = outs().get(key);
    if (why) outside.set(index, { of: outs(), why });
    if (variant >= 0) outs().delete(key);
    else if (outOf(index)) outs().set(key, /** @type {'late'} */ (outOf(index)));
    keep();
    evaluate();
  };

  return {
    forced,
    place,
    naturally,
    outOf,
    set,
    /** The tab's next pages show the badge alone. @param {boolean} is */
    collapse(is) {
      isCollapsed = is;
      keep();
    },
    /** Does the tab remember it over its pages? */
    get lasts() {
      return consent.allowed;
    },
    /** Nothing stays forced, here or on later pages. */
    end() {
      hasEnded = true;
      for (const index of [...forced.keys()]) set(index, -1);
      keep();
    },
  };
};
