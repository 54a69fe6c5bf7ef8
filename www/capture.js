// @ts-check
// What visitors do, told as touchpoints: page views (load, SPA navigation, bfcache), clicks on marked elements, and
// goals a page reaches without code. Values of inputs are never read. Nothing is told of a page still prerendering.

import { watch } from './watch.js';
import { whenActivated } from './when.js';
import { whenHalfVisible } from './visible.js';

/** After a navigation, further ones are taken together until there was none for so long. */
const QUIET_MS = 100;
const QUERY_NAMES = 20;

/** @typedef {{key: string, click?: string, submit?: string, visible?: string, page?: string}} Goal */

/** A hash route is what the visitor sees as the path; `#anchor` is a place on the same page. */
const hashRoute = () => (/^#!?\//.test(location.hash) ? location.hash.replace(/^#!?|\?.*/g, '') : '');

/** Facts of this page, each bounded. @returns {Record<string, string>} */
export const pageFacts = () => {
  const { hostname, origin, pathname, search } = location;
  const { userAgent, maxTouchPoints, language } = navigator;
  /** @type {Record<string, string>} */
  const facts = {
    'page.path': hashRoute() || pathname,
    'page.host': hostname,
    'page.url': (origin + pathname + search).slice(0, 2000),
    'device.type':
      // An iPad says it is a Mac, and no Mac has a touch screen.
      /iPad|Tablet|Android(?!.*Mobile)/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)
        ? 'tablet'
        : /Mobi/.test(userAgent)
          ? 'mobile'
          : 'desktop',
    'device.language': language,
  };
  if (document.title) facts['page.title'] = document.title.slice(0, 500);
  if (document.referrer) facts['page.referrer'] = document.referrer.split('/')[2];
  for (const [name, value] of [...new URLSearchParams(search)].slice(0, QUERY_NAMES).reverse())
    facts[`page.query.${name.slice(0, 64)}`] = value.slice(0, 500);
  return facts;
};

/** `*` stands for any text. Linear in the text, whatever the pattern. @param {string} pattern @param {string} text */
export const matchesGlob = (pattern, text) => {
  const [start, ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return text === pattern;
  let at = start.length;
  const found = rest.every((part) => {
    const next = text.indexOf(part, at);
    at = next + part.length;
    return next >= 0;
  });
  return found && text.startsWith(start) && text.endsWith(end) && at + end.length <= text.length;
};

/** A form can name an input `matches`, so the method is not taken from the element. @param {any} node @param {string} selector */
const matches = (node, selector) => {
  try {
    return node instanceof Element && Element.prototype.matches.call(node, selector);
  } catch {
    return false;
  }
};

/**
 * @param {object} options
 * @param {{page_view?: boolean, click?: boolean}} [options.config] false switches a touchpoint off
 * @param {readonly Goal[]} [options.goals]
 * @param {(touchpoint: {type: string, properties?: object}) => void} options.emit
 * @param {(key: string) => void} options.goal
 * @param {(facts: Record<string, string>) => void} options.onPage before the page view is told
 * @param {AbortSignal} options.signal
 */
export const startCapture = ({ config = {}, goals = [], emit, goal, onPage, signal }) => {
  const listening = { capture: true, signal };
  const reached = /** @type {Set<string>} */ (new Set());
  const seen = whenHalfVisible((element) => {
    for (const { key, visible } of goals)
      if (visible && !reached.has(key) && matches(element, visible)) {
        reached.add(key);
        goal(key);
      }
  }, signal);

  const lookForVisible = () => {
    for (const { key, visible } of goals)
      if (visible && !reached.has(key))
        try {
          for (const element of [...document.querySelectorAll(visible)].slice(0, 50)) seen.observe(element);
        } catch {
          reached.add(key);
        }
  };

  let counted = '';
  const count = () => {
    const facts = pageFacts();
    counted = address();
    reached.clear();
    seen.disconnect();
    onPage(facts);
    if (config.page_view !== false) emit({ type: 'page_view' });
    for (const { key, page } of goals) if (page && matchesGlob(page, facts['page.path'])) goal(key);
    lookForVisible();
  };
  const address = () => location.origin + location.pathname + location.search + hashRoute();

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let quiet;
  const settle = () => !signal.aborted && address() !== counted && count();
  const navigated = () => {
    // The first is counted when the script that navigates has ended, a storm behind it once it is over.
    if (!quiet) queueMicrotask(settle);
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      quiet = undefined;
      settle();
    }, QUIET_MS);
  };

  const listenToNavigation = () => {
    const { navigation } = /** @type {{navigation?: EventTarget}} */ (/** @type {unknown} */ (globalThis));
    if (navigation) navigation.addEventListener('currententrychange', navigated, { signal });
    else {
      addEventListener('popstate', navigated, { signal });
      addEventListener('hashchange', navigated, { signal });
      for (const name of /** @type {const} */ (['pushState', 'replaceState'])) {
        const theirs = history[name];
        /** @this {History} @param {Parameters<History['pushState']>} args */
        const ours = function (...args) {
          theirs.apply(this, args);
          navigated();
        };
        history[name] = ours;
        signal.addEventListener('abort', () => {
          if (history[name] === ours) history[name] = theirs;
        });
      }
    }
    addEventListener('pageshow', ({ persisted }) => persisted && count(), { signal });
  };

  /** @param {Event} event */
  const clicked = (event) => {
    // The path sees into open shadow roots.
    const path = event.composedPath();
    // The preview toolbar is no part of the page.
    if (path.some((node) => matches(node, 'parlour-toolbar'))) return;
    const marked = config.click !== false && path.find((node) => matches(node, '[data-parlour-click]'));
    if (marked) emit({ type: 'click', properties: { name: /** @type {Element} */ (marked).getAttribute('data-parlour-click') } });
    for (const { key, click } of goals) if (click && path.some((node) => matches(node, click))) goal(key);
  };

  /** @param {Event} event */
  const submitted = ({ target }) => {
    for (const { key, submit } of goals) if (submit && matches(target, submit)) goal(key);
  };

  whenActivated().then(() => {
    if (signal.aborted) return;
    listenToNavigation();
    // On the window, before any listener of the document can stop the event.
    addEventListener('click', clicked, listening);
    addEventListener('submit', submitted, listening);
    if (goals.some(({ visible }) => visible)) watch(document, lookForVisible, signal).observe();
    count();
  });
};
