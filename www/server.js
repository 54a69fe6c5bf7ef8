// @ts-check
// Decisions on a server or an edge, by the core that pages run: which variant to write into the page, and what to hand
// over so that the page goes on with the same id and the same variants. Reads no file and no clock but Date.now: bytes
// come in, texts go out. Each visitor has an instance of their own, so that nothing of one reaches another.

import { createEngine, UNIT } from './engine.js';
import { randomId } from './identity.js';

/** 13 months, as the page's own cookie. */
const LIFE_S = 395 * 86_400;
const QUERY_NAMES = 20;
const IS_ADDRESS = /^[\d.]+$|^\[|^localhost$/;

/**
 * @typedef {object} Request
 * @property {string} url the whole address that the visitor asked for
 * @property {import('./consent.js').ConsentState} [consent] what the visitor allows, as the site knows it; `unknown` if not given
 * @property {string} [cookie] the Cookie header
 * @property {string} [visitorId] the site's own id instead of the cookie's
 * @property {string} [userId] who is logged in
 * @property {string} [userAgent]
 * @property {string} [referrer]
 * @property {string} [language] the first of Accept-Language, such as `de-AT`
 * @property {Record<string, unknown>} [facts] more, for audiences
 * @property {boolean} [bot]
 * @property {number} [now] epoch ms
 *
 * @typedef {{variant: string | null, values: Record<string, unknown>, reason: string}} Decided
 * @typedef {object} Answer
 * @property {string | undefined} visitorId undefined where nothing may be kept
 * @property {Record<string, Decided>} decisions
 * @property {string} script the element that hands over, for the head; empty where there is nothing to
 * @property {string | undefined} setCookie a Set-Cookie header for a visitor who is new
 */

/** @param {string} address @returns {URL | undefined} */
const parsed = (address) => {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
};

/** What the page says of itself, as `pageFacts` in capture.js. @param {Request} request */
const factsOf = ({ url, userAgent = '', referrer = '', language }) => {
  const { hostname, origin, pathname, search } = new URL(url);
  /** @type {Record<string, string>} */
  const facts = { 'page.path': pathname, 'page.host': hostname, 'page.url': (origin + pathname + search).slice(0, 2000) };
  facts['device.type'] = /iPad|Tablet|Android(?!.*Mobile)/.test(userAgent) ? 'tablet' : /Mobi/.test(userAgent) ? 'mobile' : 'desktop';
  if (language) facts['device.language'] = language;
  const from = parsed(referrer);
  if (from) facts['page.referrer'] = from.host;
  for (const [name, value] of [...new URLSearchParams(search)].slice(0, QUERY_NAMES).reverse()) facts[`page.query.${name.slice(0, 64)}`] = value.slice(0, 500);
  return facts;
};

/** Whatever a key or an id holds, it stays inside the element. @param {unknown} value */
const escaped = (value) => JSON.stringify(value).replace(/[<\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The widest domain the plan names that this host is part of. @param {string[]} site @param {string} host */
const domainOf = (site, host) =>
  IS_ADDRESS.test(host)
    ? undefined
    : site
        .map((pattern) => pattern.replace(/^\*\./, ''))
        .filter((domain) => domain.includes('.') && `.${host}`.endsWith(`.${domain}`))
        .sort((a, b) => a.length - b.length)[0];

/**
 * @param {object} options
 * @param {Uint8Array} options.plan bytes of plan.bin
 * @param {Uint8Array | WebAssembly.Module} options.wasm bytes of parlour.wasm, or what was compiled of them
 * @param {string} [options.domain] of the cookie; the widest of the plan's `site` if not given
 */
export const openPlan = async ({ plan, wasm, domain }) => {
  const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(/** @type {BufferSource} */ (wasm));
  const report = (/** @type {string} */ problem) => console.warn(`parlour: ${problem}`);
  const create = () => createEngine({ module, plan, report });
  const { hash, page } = create();

  return {
    hash,
    page,
    /** @param {Request} request @returns {Answer} */
    decide(request) {
      const { url, consent = page.consent.initial ?? 'unknown', cookie = '', userId = '', facts = {}, bot = false, now = Date.now() } = request;
      const mayKeep = consent === 'measure' || consent === 'personalise';
      const known = request.visitorId ?? /(?:^|; )parlour_id=([\w.-]{1,64})(?:;|$)/.exec(cookie)?.[1];
      const visitorId = mayKeep ? (known ?? randomId()) : undefined;
      const engine = create();
      engine.consent(consent, now);
      engine.unit(UNIT.visitor, visitorId ?? '');
      engine.unit(UNIT.user, userId);
      engine.bot(bot);
      engine.facts({ ...factsOf(request), ...facts });
      /** @type {Record<string, Decided>} */
      const decisions = {};
      /** @type {Record<string, {variant: string}>} */
      const handed = {};
      page.experiments.forEach(({ key, unit = 'visitor', variants }, index) => {
        const { variant, reason } = engine.decide(index, false, now);
        const { key: name, values = {} } = variants[variant] ?? {};
        decisions[key] = { variant: name ?? null, values, reason };
        // Sessions and page views begin in the page, and so do redirects.
        const isKnownHere = unit === 'visitor' || (unit === 'user' && userId !== '');
        if (name !== undefined && isKnownHere && !variants.some(({ changes }) => changes?.some(({ redirect }) => redirect !== undefined))) handed[key] = { variant: name };
      });
      const { hostname, protocol } = new URL(url);
      const widest = domain ?? domainOf(page.site, hostname);
      const isNew = visitorId !== undefined && known === undefined;
      return {
        visitorId,
        decisions,
        script: visitorId === undefined ? '' : `<script type="application/json" id="parlour-decisions">${escaped({ plan: hash, visitorId, decisions: handed })}</script>`,
        setCookie: isNew ? `parlour_id=${visitorId}; Path=/; Max-Age=${LIFE_S}; SameSite=Lax${widest ? `; Domain=${widest}` : ''}${protocol === 'https:' ? '; Secure' : ''}` : undefined,
      };
    },
  };
};
