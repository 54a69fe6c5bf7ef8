// @ts-check
// What the visitor allows. The later state allows all that the earlier does:
//   unknown, denied  nothing kept, nothing sent
//   measure          unit, outbox and plan kept; exposures, goals and touchpoints sent
//   personalise      journey and profile kept as well
// The choice is remembered in one localStorage key, `parlour_consent`, that identifies nobody.

/** @typedef {'unknown' | 'denied' | 'measure' | 'personalise'} ConsentState */

const KEY = 'parlour_consent';
const STATES = ['unknown', 'denied', 'measure', 'personalise'];

/** @param {unknown} state @returns {number} */
const rank = (state) => STATES.indexOf(/** @type {string} */ (state));

/**
 * @param {object} options
 * @param {ConsentState} [options.initial] until the visitor chooses
 * @param {boolean} [options.remember] false where the host remembers and says so at every page
 * @param {ConsentState | 'ids' | 'none'} [options.gpc] what Global Privacy Control does: leave ids out of beacons
 *   (default), nothing, or hold consent at this state (and leave ids out)
 * @param {() => Promise<unknown>} [options.erase] removes all that is kept, the synchronous part at once
 * @param {BroadcastChannel} [options.channel]
 * @param {AbortSignal} [options.signal]
 */
export const createConsent = ({ initial = 'unknown', remember = true, gpc = 'ids', erase = async () => {}, channel, signal }) => {
  const signalled = gpc !== 'none' && /** @type {{globalPrivacyControl?: boolean}} */ (navigator).globalPrivacyControl === true;
  const cap = signalled ? rank(gpc) : -1;
  /** @type {((state: ConsentState, before: ConsentState) => void)[]} */
  const listeners = [];

  const remembered = () => {
    try {
      const value = remember ? localStorage.getItem(KEY) : null;
      return rank(value) > 0 ? /** @type {ConsentState} */ (value) : undefined;
    } catch {
      return undefined;
    }
  };

  /** @param {ConsentState} state */
  const note = (state) => {
    try {
      if (remember && state !== 'unknown') localStorage.setItem(KEY, state);
      else localStorage.removeItem(KEY);
    } catch {
      // Denied or full: asked again on the next page.
    }
  };

  /** @param {ConsentState} state @returns {ConsentState} */
  const capped = (state) => (cap >= 0 && rank(state) > cap ? /** @type {ConsentState} */ (gpc) : state);

  let state = capped(remembered() ?? (rank(initial) < 0 ? 'unknown' : initial));
  // A revocation cut short by a crash is finished before anything is read or sent.
  let ready = state === 'denied' ? quiet(erase) : Promise.resolve();

  /** @param {ConsentState} next @param {boolean} [here] decided in this tab */
  const change = (next, here) => {
    if (rank(next) < 0) return ready;
    const before = state;
    state = capped(next);
    const revoked = rank(state) < 2 && (state === 'denied' || rank(before) > 1);
    if (here) {
      // Denied first, also for a return to unknown, so that a kill before the end is finished at the next boot.
      note(revoked ? 'denied' : next);
      channel?.postMessage({ consent: next });
    }
    for (const listener of listeners)
      try {
        listener(state, before);
      } catch {
        // A listener's fault must not keep the others from stopping.
      }
    if (revoked)
      ready = quiet(erase).then(() => {
        if (here && state === 'unknown') note(state);
      });
    return ready;
  };

  channel?.addEventListener('message', ({ data }) => data?.consent && change(data.consent), { signal });
  // A page out of the back/forward cache may have missed the message.
  globalThis.addEventListener?.(
    'pageshow',
    (event) => {
      const now = event.persisted && remembered();
      if (now && capped(now) !== state) change(now);
    },
    { signal },
  );

  return {
    get state() {
      return state;
    },
    /** Unit, outbox and plan may be kept, events sent. */
    get allowed() {
      return rank(state) > 1;
    },
    /** Journey and profile may be kept. */
    get profileAllowed() {
      return rank(state) > 2;
    },
    /** Events may carry the visitor's id. */
    get idsAllowed() {
      return rank(state) > 1 && !signalled;
    },
    /** Settles when nothing is being erased. Await it before opening the storage. */
    get ready() {
      return ready;
    },
    /** Where the plan lets consent begin: counts only while nobody has chosen, and is not remembered. @param {ConsentState} [first] */
    begin: (first) => {
      if (state === 'unknown' && first && !remembered()) change(first);
    },
    /** Resolves when what the new state forbids is gone. @param {ConsentState} next */
    set: (next) => change(next, true),
    /** Runs in the same task as the change. @param {(state: ConsentState, before: ConsentState) => void} listener */
    onChange: (listener) => void listeners.push(listener),
  };
};

/** @param {() => Promise<unknown>} erase */
const quiet = async (erase) => {
  try {
    await erase();
  } catch {
    // Remembered as denied: the next boot tries again.
  }
};
