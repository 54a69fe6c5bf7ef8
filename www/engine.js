// @ts-check
// The boundary to the wasm core: numbers cross, texts and bytes lie in room the engine lends. Nothing here decides.
// A trap poisons an instance: a fresh one is made from the kept module, brought to the same state without the input
// that trapped, and after a second trap the engine stands down.

import { encodeFact, factPlaces } from './facts.js';

/** Positions are the codes of `TOUCHPOINTS` in src/journey; 0 is a name of the site's own. */
export const KINDS = ['', 'page_view', 'click', 'search', 'view_item', 'view_list', 'add_to_cart', 'remove_from_cart', 'begin_checkout', 'purchase', 'refund', 'share'];
/** Positions are the codes of `Reason` in src/decision.rs. */
export const REASONS = ['bucketed', 'sticky', 'winner', 'killed', 'paused', 'not-started', 'ended', 'consent', 'no-unit', 'holdout', 'layer', 'audience', 'traffic', 'bot', 'loading', 'unknown', 'preview', 'expired', 'prerequisite', 'version', 'static', 'default', 'targeting', 'split', 'late'];
/** What is looked at, in this order. */
export const STEPS = 'site preview kill bot status schedule consent unit sticky version holdout layer prerequisite audience traffic bucket'.split(' ');
/** Where each of REASONS settles it, as a digit of base 16. */
const SETTLED_AT = 'f8d245567abde3--10c9';
export const STAGES = ['awareness', 'consideration', 'decision', 'purchase', 'retention', 'advocacy'];
/** Positions are the numbers of `PlanError` in src/plan/decode.rs. */
const PLAN_ERRORS = ['', 'is not a plan file (an error page, perhaps)', 'is cut short or damaged', 'was built for a newer Parlour', 'needs a feature this Parlour lacks', 'is larger than 1 MiB'];
const CONSENT = ['denied', 'unknown', 'measure', 'personalise'];
export const UNIT = { visitor: 0, user: 1, page: 3 };

/**
 * @typedef {{variant: number, reason: string}} Decision `variant` is -1 for out
 * @typedef {{kind: 'expose' | 'goal' | 'session' | 'show' | 'holdout' | 'stage', index: number, detail: number}} Effect
 * @typedef {WebAssembly.Module | (() => object)} Core what fresh instances are made from: wasm, or `instantiate` of parlour-fallback.js
 * @typedef {{key: string, name?: string, values?: Record<string, unknown>, changes?: import('./change.js').Change[]}} Variant
 * @typedef {{value?: unknown, variant?: string}} Served nothing: what code falls back to
 * @typedef {Served & {experiment?: number, by?: Served[]}} FlagRow what one rule answers; an experiment's `by` variant. The last row is the default
 * @typedef {'skip' | 'apply'} Late what becomes of changes whose target may have been seen
 * @typedef {object} Page what the plan tells the glue
 * @property {string[]} site
 * @property {Record<string, string[]> | null} env
 * @property {{initial?: import('./consent.js').ConsentState}} consent
 * @property {string} currency
 * @property {string | null} [previewKey] public key of preview links, base64url
 * @property {{page_view?: boolean, click?: boolean}} capture
 * @property {number} [problems] share of problems that is sent, where that is not all
 * @property {import('./facts.js').Asked[]} facts
 * @property {(import('./capture.js').Goal & {value?: string})[]} goals
 * @property {{key: string, name?: string, version?: number, unit?: 'visitor' | 'user' | 'session' | 'page view', late?: Late, targets: string[], waits?: Record<string, number>, variants: Variant[]}[]} experiments
 * @property {{key: string, rows: FlagRow[], metadata?: Record<string, string | number | boolean>}[]} flags
 * @property {{key: string, name?: string, late?: Late, targets: string[], waits?: Record<string, number>, changes?: import('./change.js').Change[]}[]} experiences
 * @property {import('./slots.js').Slot[]} slots
 * @property {import('./redirect.js').Rules} [redirects] only where a variant redirects
 * @property {{url: string, shards?: number}} [rows] where rows are, for pages that carry none
 * @property {{url: string, shards?: number}} [baskets] where rows of baskets are
 */

const EFFECTS = /** @type {const} */ (['expose', 'goal', 'session', 'show', 'holdout', 'stage']);
const utf8 = new TextEncoder();
const decode = (/** @type {Uint8Array} */ bytes) => new TextDecoder().decode(bytes);

/** Bytes of a touchpoint as `Touchpoint::read` has them. @param {import('./beacon.js').Touchpoint} touchpoint @param {string} currency */
const encode = ({ type, at, item, items, money }, currency) => {
  const code = Math.max(0, KINDS.indexOf(type));
  /** @type {number[]} */
  const out = [code];
  const count = (/** @type {number} */ n) => {
    for (; n > 127; n >>>= 7) out.push((n & 127) | 128);
    out.push(n);
  };
  const text = (/** @type {string} */ value) => {
    const bytes = utf8.encode(value.slice(0, 500));
    count(bytes.length);
    out.push(...bytes);
  };
  const number = (/** @type {number} */ value) => out.push(...new Uint8Array(new Float64Array([value]).buffer));
  text(code ? '' : type);
  number(at);
  number(money?.currency === currency ? money.minor : 0);
  const keys = (items ?? (item === undefined ? [] : [{ item }])).slice(0, 64);
  count(keys.length);
  for (const { item } of keys) text(item);
  return Uint8Array.from(out);
};

/** @param {number} packed @returns {Decision} */
const unpack = (packed) => ({ variant: (packed & 255) - 1, reason: REASONS[packed >> 8] ?? 'unknown' });

/**
 * @param {object} options
 * @param {Core} options.module
 * @param {Uint8Array} options.plan
 * @param {(problem: string) => void} options.report
 */
export const createEngine = ({ module, plan, report }) => {
  /** @type {any} */
  let wasm;
  let traps = 0;
  /** What a fresh instance must be told, by what it is about. @type {Map<string, () => void>} */
  const told = new Map();
  /** @type {Uint8Array} */
  let snapshot = new Uint8Array();
  /** Journal entries since the snapshot. @type {Uint8Array[]} */
  let since = [];
  let written = 0;

  const put = (/** @type {Uint8Array} */ bytes) => {
    const at = wasm.room(bytes.length);
    if (!at) throw Error('too much data');
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  };
  const putText = (/** @type {string} */ text) => put(utf8.encode(text));
  const taken = (/** @type {number} */ length) => new Uint8Array(wasm.memory.buffer, wasm.out(), length).slice();
  const numbers = (/** @type {number} */ length) => new Uint32Array(taken(length).buffer);

  const instantiate = () => {
    wasm = typeof module === 'function' ? module() : new WebAssembly.Instance(module).exports;
    put(plan);
    const refused = wasm.load();
    if (refused) throw Object.assign(Error(`the plan ${PLAN_ERRORS[refused]}`), { refused });
  };

  const restart = () => {
    instantiate();
    for (const tell of told.values()) tell();
    put(snapshot);
    wasm.restore(Date.now());
    put(join(since));
    wasm.catch_up(Date.now());
  };

  /**
   * @template T
   * @param {T} otherwise
   * @param {() => T} call
   * @returns {T}
   */
  const guard = (otherwise, call) => {
    if (traps > 1) return otherwise;
    try {
      return call();
    } catch (error) {
      report(`engine: ${error}`);
      if (++traps > 1) return otherwise;
      try {
        restart();
      } catch {
        traps = 2;
      }
      return otherwise;
    }
  };

  /** @param {string} about @param {() => void} tell */
  const keepTelling = (about, tell) => {
    told.set(about, tell);
    guard(undefined, tell);
  };

  /** @param {number} length @returns {Effect[]} */
  const effects = (length) => {
    const rows = numbers(length);
    return Array.from({ length: rows.length / 3 }, (_, i) => ({ kind: /** @type {Effect['kind']} */ (EFFECTS[rows[i * 3] - 1]), index: rows[i * 3 + 1], detail: rows[i * 3 + 2] }));
  };

  instantiate();
  /** @type {Page} */
  const page = JSON.parse(decode(taken(wasm.page())));
  const places = factPlaces(page.facts);
  const about = new DataView(taken(wasm.about()).buffer);

  return {
    page,
    hash: about.getBigUint64(0, true).toString(16).padStart(16, '0'),
    version: about.getUint32(8, true),
    unpack,
    /** False once it has stood down: every answer is then out. */
    get stands() {
      return traps < 2;
    },
    /** @param {number} kind @param {string} id empty for none */
    unit: (kind, id) => keepTelling(`unit${kind}`, () => (putText(id), wasm.unit(kind))),
    /** @param {string} state @param {number} now */
    consent: (state, now) => keepTelling('consent', () => wasm.consent(CONSENT.indexOf(state), now)),
    /** @param {boolean} is */
    bot: (is) => keepTelling('bot', () => wasm.bot(is)),
    /** Facts the plan does not ask for are not told. @param {Record<string, unknown>} facts */
    facts(facts) {
      for (const [name, value] of Object.entries(facts))
        for (const place of places.get(name) ?? []) {
          const [kind, number, bytes] = encodeFact(place, value);
          keepTelling(`fact${place.index}`, () => {
            if (bytes) put(bytes);
            wasm.fact(place.index, kind, number);
          });
        }
    },
    /** @param {import('./beacon.js').Touchpoint} touchpoint @param {number} now */
    touch: (touchpoint, now) => guard([], () => (put(encode(touchpoint, page.currency)), effects(wasm.touchpoint(now)))),
    /** Its targets were found, or its answer was used. @param {number} experiment @param {number} now */
    met: (experiment, now) => guard([], () => effects(wasm.met(experiment, now))),
    /** @param {number} experiment @param {boolean} uses holds on to the answer for this page view @param {number} now */
    decide: (experiment, uses, now) => guard(unpack(REASONS.indexOf('unknown') << 8), () => unpack(wasm.decide(experiment, uses, now))),
    /** (row << 16) | decision, packed; the row is beyond the flag's where none answers. @param {number} index @param {number} now @returns {number} */
    flag: (index, now) => guard(-1, () => wasm.flag(index, now)),
    /** A signed link asks for this variant; -1 ends it. @param {number} experiment @param {number} variant */
    force: (experiment, variant) => keepTelling(`force${experiment}`, () => wasm.force(experiment, variant & 255)),
    /** Which steps were passed, where it was settled, and by what. @param {number} experiment @param {number} now */
    explain: (experiment, now) =>
      guard(undefined, () => {
        const [packed, bucket, detail] = numbers(wasm.explain(experiment, now));
        const { reason } = unpack(packed);
        const settled = parseInt(SETTLED_AT[packed >> 8], 16);
        return {
          passed: STEPS.slice(0, settled),
          settled: STEPS[settled],
          reason,
          bucket: bucket / 2 ** 32,
          clause: reason === 'audience' ? JSON.parse(decode(taken(wasm.clauses())))[detail] : undefined,
          requires: reason === 'prerequisite' ? page.experiments[detail].key : undefined,
        };
      }),
    /** @param {Uint8Array} bytes */
    row: (bytes) => guard(undefined, () => (put(bytes), wasm.row())),
    /** For chunks that know exports of their own: what is in `told` is told again to a fresh instance. */
    inner: { told, guard, put, taken, core: () => wasm, module, plan },
    /** @param {number} slot @param {number[]} [among] these items alone, all where there are none @returns {{number: number, score: number, because: number}[]} */
    recommend: (slot, among = []) =>
      guard([], () => {
        put(new Uint8Array(Uint32Array.from(among).buffer));
        const rows = numbers(wasm.recommend(slot));
        return Array.from({ length: rows.length / 3 }, (_, i) => ({ number: rows[i * 3], score: rows[i * 3 + 1], because: rows[i * 3 + 2] }));
      }),
    /** @param {string} item */
    itemState: (item) => guard(0, () => (putText(item), wasm.item_state())),
    /** @param {number} now */
    session: (now) =>
      guard(undefined, () => {
        const view = new DataView(taken(wasm.session(now)).buffer);
        return {
          id: String.fromCharCode(...new Uint8Array(view.buffer, 0, 16)),
          number: view.getUint32(16, true),
          touchpoints: view.getUint32(20, true),
          stage: STAGES[view.getUint8(24)],
        };
      }),
    /** What to store since last asked; empty for nothing. */
    journal: () =>
      guard(new Uint8Array(), () => {
        const entries = taken(wasm.journal());
        if (entries.length) since.push(entries), written++;
        return entries;
      }),
    /** How often there was something to store. To be taken before the storage is read for `fold`. */
    get written() {
      return written;
    },
    /** @param {Uint8Array | undefined} stored @param {Uint8Array[]} entries not yet folded into it @param {number} now */
    restore: (stored, entries, now) =>
      guard(undefined, () => {
        snapshot = stored instanceof Uint8Array ? stored : new Uint8Array();
        since = entries.filter((entry) => entry instanceof Uint8Array);
        put(snapshot);
        wasm.restore(now);
        put(join(since));
        wasm.catch_up(now);
      }),
    /**
     * Throws where it cannot: the storage then keeps what it has.
     * @param {Uint8Array | undefined} stored @param {Uint8Array[]} entries @param {number} known `written` before these were read @param {number} now
     */
    fold(stored, entries, known, now) {
      const read = new Set(entries.map(String));
      const unread = written > known ? since.slice(known - written).filter((entry) => !read.has(`${entry}`)) : [];
      const folded = guard(undefined, () => {
        const before = stored instanceof Uint8Array ? stored : new Uint8Array();
        put(join([before, ...entries.filter((entry) => entry instanceof Uint8Array)]));
        const bytes = taken(wasm.fold(before.length, now));
        put(join(unread));
        wasm.catch_up(now);
        return bytes;
      });
      if (!folded) throw Error();
      snapshot = folded;
      since = unread;
      return folded;
    },
    /** @param {number} now */
    forget(now) {
      snapshot = new Uint8Array();
      since = [];
      told.delete('unit1');
      guard(undefined, () => wasm.forget(now));
    },
  };
};

/** @param {Uint8Array[]} parts */
const join = (parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
