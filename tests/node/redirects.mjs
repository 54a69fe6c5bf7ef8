// @ts-check
// A tab whose pages redirect: the real outbox, transport, storage and redirects over what they touch of a browser.

import { page as globals, freshName } from './page.mjs';
import { createOutbox } from '../../www/outbox.js';
import { createRedirects } from '../../www/redirect.js';
import { openStorage } from '../../www/storage.js';
import { createTransport } from '../../www/transport.js';
import { uuidv7 } from '../../www/identity.js';

export const ORIGIN = 'https://shop.example';
export const RULES = { origins: ['https://checkout.shop.example'], keep: ['utm_*'] };

/** The page that is loaded, as the modules see it. */
const now = { href: `${ORIGIN}/`, replace: (/** @type {string} */ _) => {} };
/** @type {any} */ (globals.location).replace = (/** @type {string} */ to) => now.replace(to);
Object.defineProperty(globals.location, 'href', { get: () => now.href, configurable: true });
Object.assign(globalThis, { scrollY: 0 });

/**
 * @typedef {{id: string, key: string, variant: string, url: string}} Exposure
 * @typedef {{key: string, on: string, variants: (string | undefined)[]}} Experiment `on` this path each variant's redirect, the control's undefined
 * @typedef {object} Given
 * @property {Experiment[]} experiments
 * @property {number} [variant] of the visitor, in each
 * @property {boolean} [allowed] by consent
 * @property {(exposures: Exposure[]) => void} [receive] at the collector
 * @property {boolean} [isStorageSlow]
 * @property {boolean} [isSessionDenied]
 * @property {boolean} [countsOnLanding] the sabotage: who is redirected is counted where they arrive
 */

/** A tab, its session and its visitor's storage. @param {Given} given */
export const aTab = ({ experiments, variant = 1, allowed = true, receive, isStorageSlow, isSessionDenied, countsOnLanding }) => {
  /** @type {Map<string, string>} */
  const session = new Map();
  const name = freshName();
  /** @type {number | undefined} */
  let uncounted;
  const consent = { allowed, listeners: /** @type {(() => void)[]} */ ([]), onChange: (/** @type {() => void} */ listener) => void consent.listeners.push(listener) };
  const tab = {
    session,
    consent,
    /** @type {string[]} where redirects led, in turn */
    trail: [],
    /** @type {{key: string, code: string, detail: string}[]} */
    problems: [],
    /** @type {string[]} experiments that came too late */
    late: [],
    /** The answers of a page: its path, and what its server redirects to. @type {Record<string, string>} */
    served: {},
    /** @param {string} url */
    async load(url) {
      now.href = new URL(tab.served[new URL(url).pathname] ?? url, url).href;
      // A page's clock starts with it, however long the tests have run.
      const since = Date.now();
      performance.now = () => Date.now() - since;
      const control = new AbortController();
      const { signal } = control;
      Object.defineProperty(globalThis, 'sessionStorage', {
        configurable: true,
        get: () => {
          if (isSessionDenied) throw Error('denied');
          return { getItem: (/** @type {string} */ key) => session.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => void session.set(key, value), removeItem: (/** @type {string} */ key) => void session.delete(key) };
        },
      });
      const real = await openStorage({ name });
      // Slow: written when nobody waits for it any more.
      const storage = real && { ...real, append: (/** @type {import('../../www/storage.js').Entry[]} */ list) => (isStorageSlow && now.href.includes('/a') ? new Promise(() => {}) : real.append(list)) };
      const outbox = createOutbox({ anonymousId: () => 'v' });
      /** @type {Exposure[]} */
      const exposed = [];
      const page = {
        exposed,
        outbox,
        evaluate: () => evaluate(`view ${now.href}`),
        /** Resolves with the address, or undefined where the page stays. */
        left: /** @type {Promise<string | undefined>} */ (Promise.resolve(undefined)),
        /** The page goes away, with or without its last words. @param {boolean} [isKilled] */
        close: (isKilled) => {
          if (!isKilled) globals.fire('pagehide');
          control.abort();
          real?.close();
        },
      };
      if (receive)
        createTransport({
          outbox, endpoint: '/v1/batch', tab: 't', random: () => 1, tell: () => {}, signal,
          fetch: /** @type {any} */ (async (/** @type {string} */ _, /** @type {{body: string}} */ { body }) => {
            const { batch } = JSON.parse(body);
            receive(batch);
            return { status: 200, ok: true, headers: new Headers(), json: async () => ({ parlour: 1, results: Object.fromEntries(batch.map((/** @type {Exposure} */ { id }) => [id, 'ok'])) }) };
          }),
        });
      if (allowed) outbox.open();
      outbox.attach(/** @type {any} */ (storage));
      const meet = (/** @type {number} */ index) => {
        const { key, variants } = experiments[index];
        if (exposed.some((one) => one.key === key)) return;
        const exposure = { id: uuidv7(), key, variant: variants[variant] === undefined ? 'control' : 'other', url: now.href };
        exposed.push(exposure);
        const text = JSON.stringify(exposure);
        outbox.add({ id: exposure.id, text, bytes: text.length, priority: 0, seq: exposed.length });
      };
      const evaluate = createRedirects({
        engine: /** @type {any} */ ({
          page: { redirects: RULES, experiments: experiments.map(({ key, variants }) => ({ key, variants: variants.map((redirect) => ({ changes: redirect === undefined ? undefined : [{ redirect }] })) })) },
          decide: (/** @type {number} */ index) => ({ variant: new URL(now.href).pathname === experiments[index].on ? variant : -1 }),
        }),
        consent,
        outbox,
        storage: () => /** @type {any} */ (storage),
        meet: countsOnLanding ? (index) => (experiments[index].variants[variant] === undefined ? meet(index) : void (uncounted = index)) : meet,
        isLate: (key) => tab.late.includes(key),
        late: (key) => void tab.late.push(key),
        report: (problem) => void tab.problems.push(problem),
        signal,
      });
      page.left = new Promise((resolve) => {
        now.replace = (to) => {
          tab.trail.push(to);
          resolve(to);
        };
      });
      if (countsOnLanding && uncounted !== undefined) meet(uncounted);
      return page;
    },
    /** Loads, and follows redirects to where they end. @param {string} url @param {number} [most] */
    async visit(url, most = 10) {
      for (let next = url; ; most--) {
        const page = await tab.load(next);
        if (!page.evaluate() || !most) return page;
        next = /** @type {string} */ (await page.left);
        page.close();
      }
    },
  };
  return tab;
};
