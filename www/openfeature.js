// @ts-check
// A provider for @openfeature/web-sdk (OpenFeature specification 0.8, static context). It imports nothing: the page hands
// Parlour in, so that the module and the script tag are served alike.
//   OpenFeature.setProvider(new ParlourProvider(parlour, { plan: '/plan.bin', endpoint: '/v1/batch' }), context);
//
// The evaluation context becomes facts, by the same names; `targetingKey` is a fact, too, and the id of the unit `user`.
// A page has one visitor, so that the contexts of two domains are not held apart.

/** @typedef {import('@openfeature/web-sdk').Provider} Provider */
/** @typedef {import('@openfeature/web-sdk').EvaluationContext} EvaluationContext */
/** @typedef {import('@openfeature/web-sdk').JsonValue} JsonValue */
/** @typedef {import('@openfeature/web-sdk').TrackingEventDetails} TrackingEventDetails */
/** @typedef {import('@openfeature/web-sdk').EventHandler} EventHandler */
/**
 * @template T
 * @typedef {import('@openfeature/web-sdk').ResolutionDetails<T>} ResolutionDetails
 */
/** @typedef {Pick<ReturnType<typeof import('./api.js').createParlour>, 'start' | 'ready' | 'flag' | 'flags' | 'set' | 'identify' | 'track' | 'explain' | 'on' | 'stop'>} Parlour */
/** @typedef {import('./visit.js').Options} Options */

/** Our reasons in OpenFeature's words. @type {Record<string, string>} */
const REASONS = {
  static: 'STATIC',
  default: 'DEFAULT',
  targeting: 'TARGETING_MATCH',
  split: 'SPLIT',
  bucketed: 'SPLIT',
  sticky: 'SPLIT',
  // The same for everyone in the audience, or for who opened a signed link.
  winner: 'TARGETING_MATCH',
  preview: 'TARGETING_MATCH',
  killed: 'DISABLED',
  // The plan is past its last day: what it said is not to be relied on.
  expired: 'STALE',
  // An experiment asked too early, or decided too late, stays out for this page view.
  loading: 'DEFAULT',
  late: 'DEFAULT',
};

/** @type {import('./visit.js').FlagAnswer} */
const NOT_FOUND = { flag: '', value: undefined, variant: null, reason: 'unknown' };

/** The events that a provider may emit. SDKs listen; nobody else does. */
const createEvents = () => {
  /** @type {Map<string, Set<EventHandler>>} */
  const handlers = new Map();
  const events = {
    /** @param {string} type @param {any} [details] */
    emit(type, details) {
      for (const handler of handlers.get(type) ?? []) handler(details);
    },
    /** @param {string} type @param {EventHandler} handler */
    addHandler: (type, handler) => void handlers.set(type, (handlers.get(type) ?? new Set()).add(handler)),
    /** @param {string} type @param {EventHandler} handler */
    removeHandler: (type, handler) => void handlers.get(type)?.delete(handler),
    /** @param {string} [type] */
    removeAllHandlers: (type) => (type ? void handlers.delete(type) : handlers.clear()),
    /** @param {string} type */
    getHandlers: (type) => [...(handlers.get(type) ?? [])],
    setLogger: () => events,
  };
  return /** @type {NonNullable<Provider['events']>} */ (/** @type {unknown} */ (events));
};

/** @implements {Provider} */
export class ParlourProvider {
  metadata = /** @type {const} */ ({ name: 'parlour' });
  runsOn = /** @type {const} */ ('client');
  events = createEvents();
  #parlour;
  #options;
  #ready = false;
  /** The context as facts. @type {EvaluationContext} */
  #facts = {};
  /** Why the context could not be taken. */
  #refused = '';
  #isTelling = false;
  #isStale = false;
  /** What each flag answered last. @type {Map<string, string>} */
  #answered = new Map();
  /** @type {(() => void)[]} */
  #listening = [];

  /**
   * @param {Parlour} parlour the module `parlour`, or `window.parlour` of the script tag
   * @param {Options} [options] with these the provider starts Parlour, and stops it when it is closed
   */
  constructor(parlour, options) {
    this.#parlour = parlour;
    this.#options = options;
  }

  /** @param {EvaluationContext} [context] */
  async initialize(context = {}) {
    let problem = 'Parlour has no plan on this page';
    const stop = this.#parlour.on('problem', ({ detail }) => (problem = detail));
    this.#tell(context);
    await (this.#options ? this.#parlour.start(this.#options) : this.#parlour.ready());
    stop();
    // A page fetches its plan once: what failed now stays so.
    if (!this.#parlour.explain('')?.plan) throw Object.assign(Error(problem), { code: 'PROVIDER_FATAL' });
    this.#ready = true;
    this.#answered = this.#answers();
    const compare = () => this.#isTelling || this.#compare();
    for (const event of /** @type {const} */ (['change', 'touchpoint', 'stage'])) this.#listening.push(this.#parlour.on(event, compare));
  }

  /** @param {EvaluationContext} _ @param {EvaluationContext} context */
  onContextChange(_, context) {
    this.#tell(context);
    this.#answered = this.#answers();
  }

  async onClose() {
    for (const stop of this.#listening.splice(0)) stop();
    this.#ready = false;
    this.#tell({});
    if (this.#options) this.#parlour.stop();
  }

  /** @param {string} key @param {boolean} otherwise @returns {ResolutionDetails<boolean>} */
  resolveBooleanEvaluation(key, otherwise) {
    return this.#resolve(key, otherwise, 'boolean');
  }

  /** @param {string} key @param {string} otherwise @returns {ResolutionDetails<string>} */
  resolveStringEvaluation(key, otherwise) {
    return this.#resolve(key, otherwise, 'string');
  }

  /** @param {string} key @param {number} otherwise @returns {ResolutionDetails<number>} */
  resolveNumberEvaluation(key, otherwise) {
    return this.#resolve(key, otherwise, 'number');
  }

  /** Lists are objects, too. @template {JsonValue} T @param {string} key @param {T} otherwise @returns {ResolutionDetails<T>} */
  resolveObjectEvaluation(key, otherwise) {
    return this.#resolve(key, otherwise, 'object');
  }

  /** A touchpoint of this name; `value` is an amount in the site's currency. @param {string} name @param {EvaluationContext} _ @param {TrackingEventDetails} [details] */
  track(name, _, details) {
    this.#parlour.track(name, details);
  }

  /** @template T @param {string} key @param {T} otherwise @param {string} type @returns {ResolutionDetails<T>} */
  #resolve(key, otherwise, type) {
    /** @param {string} errorCode @param {string} errorMessage */
    const error = (errorCode, errorMessage) => ({ value: otherwise, reason: 'ERROR', errorCode: /** @type {import('@openfeature/web-sdk').ErrorCode} */ (errorCode), errorMessage });
    if (!this.#ready) return error('PROVIDER_NOT_READY', 'Parlour is not ready');
    if (this.#refused) return error('INVALID_CONTEXT', this.#refused);
    const known = this.#parlour.flags();
    // Not exposed yet: it may be of another type.
    const { value, reason, variant, experiment, metadata } = Object.hasOwn(known, key) ? known[key] : NOT_FOUND;
    if (reason === 'unknown') {
      if (!this.#answered.has(key)) return error('FLAG_NOT_FOUND', `flag ${key} not found: the plan has no such flag`);
      const message = 'Parlour has stopped after an error';
      this.events.emit(/** @type {any} */ ('PROVIDER_ERROR'), { message });
      return error('GENERAL', message);
    }
    if (value !== undefined && (typeof value !== type || value === null)) return error('TYPE_MISMATCH', `flag ${key} is ${value === null ? 'null' : `a ${typeof value}`}, not a ${type}`);
    if (reason === 'expired' && !this.#isStale) {
      this.#isStale = true;
      this.events.emit(/** @type {any} */ ('PROVIDER_STALE'), { message: 'the plan has expired' });
    }
    if (experiment) this.#parlour.flag(key, otherwise);
    return {
      value: value === undefined ? otherwise : /** @type {T} */ (value),
      variant: variant ?? undefined,
      reason: REASONS[reason] ?? 'UNKNOWN',
      flagMetadata: { ...metadata, ...(experiment && { experiment, planVersion: this.#parlour.explain('')?.version ?? 0 }) },
    };
  }

  /** @returns {Map<string, string>} */
  #answers() {
    return new Map(Object.entries(this.#parlour.flags()).map(([key, { value, variant, reason }]) => [key, `${reason} ${variant} ${JSON.stringify(value)}`]));
  }

  /** Flags that answer otherwise than before, though the context is the same. */
  #compare() {
    const before = this.#answered;
    this.#answered = this.#answers();
    const flagsChanged = [...this.#answered.keys()].filter((key) => before.get(key) !== this.#answered.get(key));
    if (flagsChanged.length) this.events.emit(/** @type {any} */ ('PROVIDER_CONFIGURATION_CHANGED'), { flagsChanged });
  }

  /** @param {EvaluationContext} context */
  #tell(context) {
    this.#refused = '';
    /** @type {EvaluationContext} */
    let facts = {};
    try {
      // As JSON: dates become texts, and what is no value is absent.
      facts = JSON.parse(JSON.stringify(context));
    } catch (error) {
      this.#refused = `the context is no JSON: ${error}`;
    }
    const gone = Object.fromEntries(Object.keys(this.#facts).map((name) => [name, undefined]));
    const user = facts.targetingKey ?? '';
    this.#isTelling = true;
    try {
      if (user !== (this.#facts.targetingKey ?? '')) this.#parlour.identify(`${user}`);
      this.#parlour.set({ ...gone, ...facts });
    } finally {
      this.#isTelling = false;
    }
    this.#facts = facts;
  }
}
