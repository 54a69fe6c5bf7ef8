// @ts-check
// Redirect tests: the visitors of a variant are sent on to another page. Fetched only for plans that have such a variant.
// Every arm, control included, is counted at the same moment by the same test, and before anyone leaves: the record is
// in storage (or, where that is slow, in the tab's session) and the next page sends it.

import { matchesGlob } from './capture.js';

/** In the tab's session storage: pages that redirects have led to, and records that storage was too slow for. */
const KEY = 'parlour_redirect';
/** Leaving waits no longer than this for storage. */
const STORE_MS = 150;
/** Whoever has looked at a page for so long is not taken away from it. */
const LATE_MS = 5000;
/** The next page of this tab within this time is the one that was redirected to, whatever its server made of it. */
const WAY_MS = 60_000;
/** Redirects of one tab in that time: more are a circle that the site itself has a part in. */
const MOST = 3;
const PAGES = 20;
const ROWS = 50;

/** @typedef {{origins: string[], keep: string[]}} Rules */
/** @typedef {{times: number[], isOnItsWay: boolean, pages: string[], rows: [string, string, number, number][]}} Mark */

/**
 * The address that a redirect leads to from this page, undefined where it may not. It is a path of one slash, or a whole
 * address with an origin of the list; the same rules as in src/authoring/redirect.rs.
 * @param {string} to
 * @param {string} from this page's address
 * @param {Rules} rules
 */
export const targetOf = (to, from, { origins, keep }) => {
  const parts = /^(https?:\/\/[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?(?=[/?#]|$))?((?!\/[/\\])[^\0- \\\x7f-\x9f]*)$/i.exec(to);
  if (!parts || to.length > 2000 || (!parts[1] && to[0] !== '/')) return;
  const here = new URL(from);
  const origin = parts[1]?.toLowerCase() ?? here.origin;
  if (!/^https?:/.test(origin) || (origin !== here.origin && !origins.includes(origin))) return;
  const url = new URL(to, from);
  if (url.origin !== origin) return;
  // Names of parameters have no # in front, so that only what is meant for the fragment keeps it.
  const isKept = (/** @type {string} */ text) => keep.some((glob) => (glob[0] === '#') === (text[0] === '#') && matchesGlob(glob, text));
  const kept = here.search.slice(1).split('&').filter((pair) => {
    const [[name] = []] = new URLSearchParams(pair);
    return name && name[0] !== '#' && isKept(name) && !url.searchParams.has(name);
  });
  if (kept[0]) url.search = [url.search.slice(1), ...kept].filter(Boolean).join('&');
  if (!url.hash && here.hash && isKept(here.hash)) url.hash = here.hash;
  return url.href;
};

/** @param {string} [address] */
const withoutHash = (address = location.href) => address.split('#')[0];

/** @param {(kept: Storage) => void} act */
const session = (act) => {
  try {
    act(sessionStorage);
    return true;
  } catch {
    return false;
  }
};

/** Whatever stands in storage, a mark of the right shape. @returns {Mark} */
const read = () => {
  /** @type {any} */
  let kept;
  session((storage) => (kept = JSON.parse(`${storage.getItem(KEY)}`)));
  const list = (/** @type {unknown} */ value, /** @type {(one: any) => boolean} */ fits) => (Array.isArray(value) ? value.filter(fits) : []);
  return {
    times: list(kept?.times, Number.isFinite),
    isOnItsWay: kept?.isOnItsWay === true,
    pages: list(kept?.pages, (page) => typeof page === 'string'),
    rows: list(kept?.rows, (row) => typeof row?.[0] === 'string' && typeof row[1] === 'string' && row[1].includes(row[0])),
  };
};

/** @param {Mark} mark */
const write = (mark) => session((storage) => storage.setItem(KEY, JSON.stringify(mark)));

/**
 * @param {object} visit
 * @param {Pick<ReturnType<typeof import('./engine.js').createEngine>, 'page' | 'decide'>} visit.engine
 * @param {{readonly allowed: boolean, onChange: (listener: () => void) => void}} visit.consent
 * @param {ReturnType<typeof import('./outbox.js').createOutbox>} visit.outbox
 * @param {() => Pick<import('./storage.js').Storage, 'append'> | null | undefined} visit.storage
 * @param {(experiment: number) => void} visit.meet counts and stores
 * @param {(key: string) => boolean} visit.isLate out for this page view
 * @param {(key: string, variation: string, reason: string) => void} visit.late from now on
 * @param {(problem: {key: string, code: string, detail: string}) => void} visit.report
 * @param {AbortSignal} visit.signal
 * @returns {(view: string) => boolean} true while this page is being left; `view` is the page view's id
 */
export const createRedirects = ({ engine, consent, outbox, storage, meet, isLate, late, report, signal }) => {
  let isLeaving = false;
  /** @type {Mark | undefined} */
  let mark;
  let current = '';
  let since = 0;
  let isFirst = true;
  /** In this page view. @type {Set<string>} */
  const counted = new Set();

  consent.onChange(() => {
    if (!consent.allowed) session((kept) => kept.removeItem(KEY));
  });

  /** Once a page load: this may be the page that was redirected to, and it sends what the one before could not store. */
  const arrive = () => {
    mark = read();
    const { times, isOnItsWay, pages, rows } = mark;
    mark.times = times.filter((at) => Math.abs(Date.now() - at) < WAY_MS);
    if (isOnItsWay && mark.times.length) mark.pages = [...pages, withoutHash()].slice(-PAGES);
    mark.isOnItsWay = false;
    mark.rows = [];
    for (const [id, text, bytes, priority] of rows.slice(0, ROWS)) outbox.add({ id, text, bytes: +bytes || text.length, priority: +priority || 0, named: true });
    if (isOnItsWay || rows[0]) write(mark);
    return mark;
  };

  /** @param {string} to @param {Mark} mark */
  const leave = async (to, mark) => {
    // What was counted in this task is in one transaction, which no other joins.
    const stored = !outbox.size || (await Promise.race([storage()?.append([]), new Promise((resolve) => setTimeout(resolve, STORE_MS))]));
    if (stored !== true) {
      mark.rows = outbox.tail(Infinity).filter((record) => !record.stored).slice(0, ROWS).map(({ id, text, bytes, priority }) => [id, text, bytes, priority]);
      if (mark.rows[0]) write(mark);
    }
    if (signal.aborted || !consent.allowed) isLeaving = false;
    else location.replace(to);
  };

  return (view) => {
    const { page, decide } = engine;
    if (isLeaving) return true;
    if (signal.aborted || !consent.allowed || /** @type {any} */ (document).prerendering) return false;
    if (view !== current) {
      counted.clear();
      isFirst = !current;
      current = view;
      const [navigation] = /** @type {{activationStart?: number}[]} */ (performance.getEntriesByType?.('navigation') ?? []);
      since = isFirst ? (navigation?.activationStart ?? 0) : performance.now();
    }
    const { times, pages } = (mark ??= arrive());
    const isEnd = pages.includes(withoutHash());
    const isSeen = performance.now() - since > LATE_MS || (isFirst && scrollY > 0);
    for (const [index, { key, variants }] of page.experiments.entries()) {
      const wanted = variants.map(({ changes }) => changes?.find(({ redirect }) => redirect !== undefined)?.redirect);
      if (!wanted.some((to) => to !== undefined) || isLate(key) || counted.has(key)) continue;
      const { variant, reason } = decide(index, false, Date.now());
      if (variant < 0) continue;
      const targets = wanted.map((to) => to === undefined ? '' : targetOf(`${to}`, location.href, /** @type {Rules} */ (page.redirects)));
      const refused = targets.indexOf(undefined);
      const to = targets[variant];
      // What cannot be had in one arm is counted in none.
      if (refused >= 0) report({ key, code: 'refused', detail: `redirect to ${wanted[refused]}` });
      else if (targets.some((to) => to && withoutHash(to) === withoutHash())) continue;
      else if (isEnd) to && report({ key, code: 'loop', detail: 'this page was redirected to, and is left no further' });
      else if (times.length >= MOST) report({ key, code: 'loop', detail: `${MOST} redirects in a minute: something on this site leads back` });
      else if (isSeen && reason !== 'preview') late(key, variants[variant].key, reason);
      // Nobody leaves without a mark: it is what ends circles.
      else if (write({ ...mark, times: to ? [...times, Date.now()] : times, isOnItsWay: !!to })) {
        counted.add(key);
        decide(index, true, Date.now());
        meet(index);
        if (to) {
          isLeaving = true;
          leave(to, read());
          return true;
        }
      }
    }
    return false;
  };
};
