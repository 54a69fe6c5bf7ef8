// @ts-check
// What a page may call. Every method is safe to call at any time: before `start` it waits, after `stop` it does nothing,
// and whatever goes wrong is reported once and answered with the default.

import { createVisit, unanswered } from './visit.js';

/** @typedef {import('./visit.js').Options} Options */
/** @typedef {import('./visit.js').Answer} Answer */
/** @typedef {import('./consent.js').ConsentState} ConsentState */
/** @typedef {'ready' | 'consent' | 'touchpoint' | 'exposure' | 'goal' | 'session' | 'stage' | 'change' | 'problem' | 'off'} EventName */

/** In a frame of another origin's page. A sandbox without an origin of its own is none: there all works, and nothing is kept. */
const isForeign = () => {
  try {
    return !top?.document;
  } catch {
    return origin !== 'null';
  }
};

/** @param {Partial<Options>} defaults */
export const createParlour = (defaults) => {
  /** @type {ReturnType<typeof createVisit> | undefined} */
  let visit;
  // Before the page or script.js puts us in its place.
  const before = /** @type {{parlour?: import('./visit.js').Before}} */ (/** @type {unknown} */ (globalThis)).parlour;
  /** @type {AbortController | undefined} */
  let control;
  /** @type {Map<string, Set<(detail: any) => void>>} */
  const listeners = new Map();
  /** Calls made before `start`. @type {(() => void)[]} */
  let waiting = [];

  /** @param {unknown} error */
  const fault = (error) => console.warn('parlour:', error);

  /** Everything told shows in the console. @type {boolean | string | undefined} */
  let debug;

  /** @param {string} name @param {unknown} detail */
  const tell = (name, detail) => {
    if (debug) console.debug('parlour:', name, detail);
    for (const listener of listeners.get(name) ?? [])
      try {
        listener(detail);
      } catch (error) {
        fault(error);
      }
  };

  /**
   * @template T
   * @param {(visit: ReturnType<typeof createVisit>) => T} call
   * @param {T} [otherwise]
   * @returns {T}
   */
  const safely = (call, otherwise) => {
    try {
      if (visit && !control?.signal.aborted) return call(visit);
    } catch (error) {
      fault(error);
    }
    return /** @type {T} */ (otherwise);
  };

  /** Runs now, or once started. @param {() => void} call */
  const soon = (call) => {
    if (visit) call();
    else if (waiting.length < 500) waiting.push(call);
  };

  /** @param {string} key @returns {Answer} */
  const loading = (key) => ({ experiment: key, variant: null, values: {}, reason: 'loading' });

  const api = {
    /** Starts once; a second call answers as the first. @param {Options} [options] @returns {Promise<void>} */
    start(options = {}) {
      if (!visit) {
        try {
          control = new AbortController();
          debug = options.debug || /[?&]parlour-debug/.test(location.search);
          if (isForeign()) {
            tell('off', 'in a frame of another site nothing is done');
            control.abort();
          }
          visit = createVisit({ ...defaults, ...options }, control, tell, before);
          const calls = waiting;
          waiting = [];
          for (const call of calls) call();
        } catch (error) {
          fault(error);
        }
      }
      return api.ready();
    },
    /** Resolves when decisions are made, or when it is known that there are none. @returns {Promise<void>} */
    ready: () => (visit ? visit.started.catch(fault) : new Promise((resolve) => waiting.push(() => api.ready().then(resolve)))),
    /** The variant of an experiment, exposed by being asked for. Before `ready`: out, reason `loading`, for this page view. @param {string} key @returns {Answer} */
    decide: (key) => safely((visit) => visit.decide(key, 'use'), loading(key)),
    /** The same without exposing. @param {string} key @returns {Answer} */
    peek: (key) => safely((visit) => visit.decide(key, 'peek'), loading(key)),
    /** All of them, without exposing. @returns {Record<string, Answer>} */
    decideAll: () => safely((visit) => Object.fromEntries(visit.keys().map((key) => [key, visit.decide(key, 'peek')])), {}),
    /**
     * The value of a flag, or what to fall back to. An experiment that decides it is exposed by being asked for.
     * @template [T=unknown]
     * @param {string} key
     * @param {T} [fallback]
     * @param {{expose?: boolean}} [options] false: looks only
     * @returns {import('./visit.js').FlagAnswer<T>}
     */
    flag: (key, fallback, { expose = true } = {}) => /** @type {any} */ (safely((visit) => visit.flag(key, fallback, expose), unanswered(key, fallback, 'loading'))),
    /** All of them, without exposing. @returns {Record<string, import('./visit.js').FlagAnswer>} */
    flags: () => safely((visit) => visit.flags(), {}),
    /** The visitor meets what `peek` answered. @param {string} key */
    expose: (key) => soon(() => safely((visit) => void visit.decide(key, 'use'))),
    /** Facts of the site's own, for audiences. Objects and lists, too: a condition's `user.plan` is a path. @param {Record<string, unknown>} facts */
    set: (facts) => soon(() => safely((visit) => visit.set(facts))),
    /** @param {string} type a standard touchpoint or a name of your own @param {object} [properties] */
    track: (type, properties) => soon(() => safely((visit) => visit.track(type, properties))),
    /** A page view of which the address tells nothing. @param {object} [properties] */
    page: (properties) => soon(() => safely((visit) => visit.track('page_view', properties))),
    /** The person is known to the site as this. @param {string} userId @param {object} [traits] */
    identify: (userId, traits) => soon(() => safely((visit) => visit.identify(userId, traits))),
    /** Logged out: nothing of the last person stays. @returns {Promise<void>} */
    reset: async () => safely((visit) => visit.reset(false)),
    /** @returns {string | undefined} undefined where none may be kept */
    visitorId: () => safely((visit) => visit.visitorId()),
    /** Tells what the visitor allows, or asks. @param {ConsentState} [state] @returns {ConsentState} */
    consent(state) {
      if (state) soon(() => safely((visit) => void visit.consent.set(state)));
      return safely((visit) => visit.consent.state, /** @type {ConsentState} */ ('unknown'));
    },
    /** @param {string} slot @param {{count?: number}} [options] */
    recommend: async (slot, { count } = {}) => safely((visit) => visit.recommend(slot, count)),
    /** Why an experiment answers as it does: steps passed, the step that settled it, the clause that failed. @param {string} key */
    explain: (key) => safely((visit) => ({ ...visit.explain(key), ...visit.decide(key, 'peek'), consent: visit.consent.state, ...visit.about() })),
    /** All that is kept on this device, and what is known of this visit. */
    export: async () =>
      safely(async (visit) => ({ visitorId: visit.visitorId(), consent: visit.consent.state, ...visit.about(), ...(await visit.stored()), decisions: api.decideAll(), flags: api.flags() })),
    /** @param {EventName} name @param {(detail: any) => void} listener @returns {() => void} takes it off again */
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => set.delete(listener);
    },
    /** Sends what waits. True when all of it is acknowledged. @returns {Promise<boolean>} */
    flush: async () => safely((visit) => visit.flush(), /** @type {boolean | Promise<boolean>} */ (false)),
    /** Opens the preview toolbar: on local hosts, and where a preview link is in force. @returns {Promise<void>} */
    devtools: () => api.ready().then(() => visit?.devtools(true)).catch(fault),
    /** Erases everything about the visitor on this device; what was not yet sent is dropped. @returns {Promise<void>} */
    forget: async () => safely((visit) => visit.reset(true)),
    /** The page is as it was without Parlour, and nothing is recorded any more. */
    stop() {
      control?.abort();
      waiting = [];
    },
  };
  return api;
};
