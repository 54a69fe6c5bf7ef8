// @ts-check
// What a page may call. Every method is safe to call at any time: before `start` it waits, after `stop` it does nothing,
// and whatever goes wrong is reported once and answered with the default.

import { createVisit, unanswered } from './visit.js';

/** @typedef {import('./visit.js').Options} Options */
/** @typedef {import('./visit.js').Answer} Answer */
/** @typedef {import('./consent.js').ConsentState} ConsentState */
/** @typedef {'ready' | 'consent' | 'touchpoint' | 'exposure' | 'goal' | 'session' | 'stage' | 'change' | 'problem'} EventName */

/** @param {Partial<Options>} defaults */
export const createParlour = (defaults) => {
  /** @type {ReturnType<typeof createVisit> | undefined} */
  let visit;
  /** @type {AbortController | undefined} */
  let control;
  /** @type {Map<string, Set<(detail: any) => void>>} */
  const listeners = new Map();
  /** Calls made before `start`. @type {(() => void)[]} */
  let waiting = [];

  /** @param {unknown} error */
  const fault = (error) => console.warn('parlour:', error);

  /** @param {string} name @param {unknown} detail */
  const tell = (name, detail) => {
    for (const listener of listeners.get(name) ?? [])
      try {
        listener(detail);
      } catch (error) {
        fault(error);
      }
  };

  /**
   * @template T
   * @param {T} otherwise
   * @param {(visit: ReturnType<typeof createVisit>) => T} call
   */
  const safely = (otherwise, call) => {
    try {
      return visit && !control?.signal.aborted ? call(visit) : otherwise;
    } catch (error) {
      fault(error);
      return otherwise;
    }
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
          visit = createVisit({ ...defaults, ...options }, control, tell);
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
    decide: (key) => safely(loading(key), (visit) => visit.decide(key, 'use')),
    /** The same without exposing. @param {string} key @returns {Answer} */
    peek: (key) => safely(loading(key), (visit) => visit.decide(key, 'peek')),
    /** All of them, without exposing. @returns {Record<string, Answer>} */
    decideAll: () => safely({}, (visit) => Object.fromEntries(visit.keys().map((key) => [key, visit.decide(key, 'peek')]))),
    /**
     * The value of a flag, or what to fall back to. An experiment that decides it is exposed by being asked for.
     * @template [T=unknown]
     * @param {string} key
     * @param {T} [fallback]
     * @param {{expose?: boolean}} [options] false: looks only
     * @returns {import('./visit.js').FlagAnswer<T>}
     */
    flag: (key, fallback, { expose = true } = {}) => /** @type {any} */ (safely(unanswered(key, fallback, 'loading'), (visit) => visit.flag(key, fallback, expose))),
    /** All of them, without exposing. @returns {Record<string, import('./visit.js').FlagAnswer>} */
    flags: () => safely({}, (visit) => visit.flags()),
    /** The visitor meets what `peek` answered. @param {string} key */
    expose: (key) => soon(() => safely(undefined, (visit) => void visit.decide(key, 'use'))),
    /** Facts of the site's own, for audiences. Objects and lists, too: a condition's `user.plan` is a path. @param {Record<string, unknown>} facts */
    set: (facts) => soon(() => safely(undefined, (visit) => visit.set(facts))),
    /** @param {string} type a standard touchpoint or a name of your own @param {object} [properties] */
    track: (type, properties) => soon(() => safely(undefined, (visit) => visit.track(type, properties))),
    /** A page view of which the address tells nothing. @param {object} [properties] */
    page: (properties) => soon(() => safely(undefined, (visit) => visit.track('page_view', properties))),
    /** The person is known to the site as this. @param {string} userId @param {object} [traits] */
    identify: (userId, traits) => soon(() => safely(undefined, (visit) => visit.identify(userId, traits))),
    /** Logged out: nothing of the last person stays. @returns {Promise<void>} */
    reset: async () => safely(undefined, (visit) => visit.reset(false)),
    /** @returns {string | undefined} undefined where none may be kept */
    visitorId: () => safely(undefined, (visit) => visit.visitorId()),
    /** Tells what the visitor allows, or asks. @param {ConsentState} [state] @returns {ConsentState} */
    consent(state) {
      if (state) soon(() => safely(undefined, (visit) => void visit.consent.set(state)));
      return safely(/** @type {ConsentState} */ ('unknown'), (visit) => visit.consent.state);
    },
    /** @param {string} slot @param {{count?: number}} [options] */
    recommend: async (slot, { count } = {}) => safely(undefined, (visit) => visit.recommend(slot, count)),
    /** Why an experiment answers as it does: steps passed, the step that settled it, the clause that failed. @param {string} key */
    explain: (key) => safely(undefined, (visit) => ({ ...visit.explain(key), ...visit.decide(key, 'peek'), consent: visit.consent.state, ...visit.about() })),
    /** All that is kept on this device, and what is known of this visit. */
    export: async () =>
      safely(undefined, async (visit) => ({ visitorId: visit.visitorId(), consent: visit.consent.state, ...visit.about(), ...(await visit.stored()), decisions: api.decideAll(), flags: api.flags() })),
    /** @param {EventName} name @param {(detail: any) => void} listener @returns {() => void} takes it off again */
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => set.delete(listener);
    },
    /** Sends what waits. True when all of it is acknowledged. @returns {Promise<boolean>} */
    flush: async () => safely(/** @type {boolean | Promise<boolean>} */ (false), (visit) => visit.flush()),
    /** Opens the preview toolbar: on local hosts, and where a preview link is in force. */
    devtools: () => soon(() => safely(undefined, (visit) => void visit.devtools(true))),
    /** Erases everything about the visitor on this device; what was not yet sent is dropped. @returns {Promise<void>} */
    forget: async () => safely(undefined, (visit) => visit.reset(true)),
    /** The page is as it was without Parlour, and nothing is recorded any more. */
    stop() {
      control?.abort();
      waiting = [];
    },
  };
  return api;
};
