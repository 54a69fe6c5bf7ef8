// @ts-check
// One page's visit, put together: capture → engine → page, and capture → beacon → outbox → collector.
// Nothing here throws into the page: what fails is reported once, and the visitor sees the original.

import { createApplier } from './apply.js';
import { createBeacon } from './beacon.js';
import { startCapture } from './capture.js';
import { createConsent } from './consent.js';
import { createEngine, UNIT } from './engine.js';
import { createHydration } from './hydration.js';
import { createIdentity, randomId, uuidv7 } from './identity.js';
import { createWitness } from './late.js';
import { isPreview, loadCore, loadGrowthBook, loadModule, loadPlan, trust } from './load.js';
import { createOutbox } from './outbox.js';
import { createRecommender } from './recommendations.js';
import { environmentOf } from './site.js';
import { createSlots } from './slots.js';
import { eraseStorage, openChannel, openStorage, whenUnused } from './storage.js';
import { touchpointOf } from './touchpoint.js';
import { createTransport } from './transport.js';
import { VERSION } from './version.js';
import { whenHidden, whenIdleOrHidden } from './when.js';

/** @typedef {import('./beacon.js').Touchpoint} Touchpoint */
/** @typedef {import('./consent.js').ConsentState} ConsentState */
/**
 * @typedef {object} Options
 * @property {string | Uint8Array} [plan] address or bytes of plan.bin
 * @property {string | object} [config] address of parlour.json, `#id` of an inline script, or the object: for trying out
 * @property {string | object} [growthbook] a payload of GrowthBook's API or its address: for trying out
 * @property {string} [growthbookModule] address of parlour-growthbook.js, needed for plans with features of GrowthBook's
 * @property {string} [wasm] address of parlour.wasm
 * @property {string} [fallback] address of parlour-fallback.js, fetched only where wasm is refused
 * @property {string} [authoring] address of parlour-authoring.js, needed for `config`
 * @property {string | string[]} [keys] public keys, one or two: only a plan that one of them signed is run
 * @property {string} [signed] address of parlour-signed.js, needed for `keys`
 * @property {Record<string, string>} [integrity] digests of wasm and chunks by file name, as in dist/integrity.json: nothing else is run
 * @property {boolean | string} [debug] tells in the console what happens, as `?parlour-debug` in the address does
 * @property {string} [preview] address of parlour-preview.js, needed for preview links
 * @property {string} [hydrated] address of parlour-hydrated.js, fetched where a root is marked `data-parlour-hydrate`
 * @property {string} [redirect] address of parlour-redirect.js, needed for plans with redirects
 * @property {string} [handover] address of parlour-handover.js, fetched where parlour.first.js is on the page
 * @property {string} [html] address of parlour-html.js, needed for changes with `html`
 * @property {string} [rerank] address of parlour-rerank.js, needed for slots that re-rank
 * @property {string} [rows] address of parlour-rows.js, needed for plans with `rows`
 * @property {string} [lists] address of parlour-lists.js, needed for slots that ask for more than rows
 * @property {string} [previewPlan] address of a plan with drafts, for preview links on a host that serves files alone
 * @property {string} [endpoint] where beacons go; none are sent without one
 * @property {string} [writeKey]
 * @property {ConsentState} [consent] until the visitor chooses
 * @property {ConsentState | 'ids' | 'none'} [gpc] what Global Privacy Control does: keep ids out of beacons (default), nothing, or cap consent
 * @property {boolean} [remember] false where the site itself remembers what the visitor chose, and says so on every page
 * @property {string} [visitorId] the site's own id instead of ours
 * @property {boolean} [bot] a robot you know of: decides nothing, counts nothing
 */
/** @typedef {{experiment: string, variant: string | null, values: Record<string, unknown>, reason: string}} Answer */
/**
 * @template [T=unknown]
 * @typedef {object} FlagAnswer
 * @property {string} flag
 * @property {T} value
 * @property {string | null} variant the name that the file gives the value, or the experiment's variant
 * @property {string} reason
 * @property {string | null} [experiment] that decided
 * @property {Record<string, string | number | boolean>} [metadata] as the file has it
 */

/** @template T @param {string} flag @param {T} value @param {string} reason @returns {FlagAnswer<T>} */
export const unanswered = (flag, value, reason) => ({ flag, value, variant: null, reason });


// A first visit waits for nobody longer than this; what is stored is taken up when it comes.
const STORAGE_MS = 500;
const EARLY = 200;
const PROBLEMS = 20;

/** Undefined where storage is denied, or holds what is none of ours. @template T @param {() => T} act */
const ifAllowed = (act) => {
  try {
    return act();
  } catch {
    return undefined;
  }
};

/** Reasons of randomised answers. @param {string} reason */
const isCounted = (reason) => reason === 'bucketed' || reason === 'sticky';

/** What the head snippet and parlour.first.js left for us. @typedef {{hidden?: {show(): void, gone: boolean}, first?: import('./first.js').First}} Before */

/** @param {Options} options @param {AbortController} control @param {(name: string, detail: unknown) => void} tell @param {Before} [before] */
export const createVisit = (options, control, tell, { hidden, first } = {}) => {
  const { signal } = control;
  options.visitorId ??= first?.visitorId;
  trust(options.integrity);
  // On its way before anything else is set up, which takes the page milliseconds.
  const loading = signal.aborted ? Promise.reject() : loadCore(`${options.wasm}`, `${options.fallback}`);
  loading.catch(() => {});
  const tab = uuidv7();
  const started = Date.now();
  /** @type {Touchpoint[]} */
  let early = [];
  /** The first page view is told: from now on touchpoints are taken at once. */
  let counting = false;
  let booted = false;
  /** @type {Record<string, unknown>} */
  const facts = {};
  /** @type {Set<Touchpoint>} */
  const sentEarly = new Set();
  const pageId = randomId();
  let visitor = options.visitorId ?? pageId;
  let userId = '';
  /** @type {ReturnType<typeof createEngine> | undefined} */
  let engine;
  // Without a plan only local hosts are told from the site.
  let environment = environmentOf({ site: [], env: null }, location.hostname) ?? '';
  /** Undefined until it is known whether there is one. @type {import('./storage.js').Storage | null | undefined} */
  let storage;
  /** @type {Promise<unknown>} */
  let opening = Promise.resolve();
  /** @type {Promise<unknown>} */
  let granting = opening;
  /** @type {ReturnType<typeof createSlots> | undefined} */
  let slots;
  /** @type {ReturnType<typeof createRecommender> | undefined} */
  let recommender;
  /** @type {Awaited<ReturnType<typeof import('./growthbook.js').startGrowthBook>> | undefined} */
  let growthbook;
  /** @type {ReturnType<typeof import('./redirect.js').createRedirects> | undefined} */
  let leaves;
  /** Out for this page view, and why: asked for before there was an answer, or the page showed what they change. @type {Map<string, 'loading' | 'late'>} */
  let tooLate = new Map();
  /** Experiments that came in time: what they change is theirs until they are out, in later page views, too. @type {Set<string>} */
  const inTime = new Set();
  /** Experiences on this page. @type {Set<string>} */
  const shown = new Set();

  const told = new Set();
  /** To the console and to the team, once each. What consent forbids to send is held or dropped like all else. @param {{key?: string, code: string, detail: string}} problem */
  const report = (problem) => {
    const { key, code, detail } = problem;
    const text = `parlour: ${key ? `${key}: ` : ''}${code}: ${detail}`;
    if (told.has(text) || told.size >= PROBLEMS) return;
    told.add(text);
    // That works as well: the team may want to know, the visitor's console need not.
    if (code !== 'fallback') console.warn(text);
    tell('problem', problem);
    // Once it is known what site this is.
    booting.then(() => {
      const share = engine?.page.problems;
      if (!options.bot && Math.random() < (share ?? 1)) sendRecord({ type: 'parlour_problem', properties: { key, code, detail: detail.slice(0, 200), share } });
    });
  };

  const channel = openChannel(signal);
  const identity = createIdentity();
  const erase = () => {
    // Nor is it written again when this page is idle.
    remembers = undefined;
    identity.erase();
    ifAllowed(() => localStorage.removeItem('parlour_first'));
    ifAllowed(() => sessionStorage.removeItem('parlour_redirect'));
    const open = storage;
    storage = undefined;
    return open ? open.erase() : eraseStorage();
  };
  const consent = createConsent({ initial: options.consent, remember: options.remember, gpc: options.gpc, erase, channel, signal });
  const beacon = createBeacon({
    version: VERSION,
    tab,
    about: () => ({ plan: engine?.hash, env: environment || undefined, sessionId: engine?.session(Date.now())?.id, userId: userId || undefined }),
  });
  const outbox = createOutbox({ anonymousId: () => (consent.idsAllowed ? visitor : undefined), channel });
  // Before the transport listens: what is still early is then in its tail.
  whenHidden(() => {
    for (const touchpoint of early) send(touchpoint);
    keep();
  }, signal);
  const transport = options.endpoint ? createTransport({ outbox, endpoint: options.endpoint, tab, writeKey: options.writeKey, signal }) : undefined;
  /** @type {import('./html.js').Markup | undefined} */
  let markup;
  /** @type {Promise<void> | undefined} */
  let fetching;
  /** The kind of change whose code not every page needs. @type {Parameters<typeof createApplier>[0]['more']} */
  const more = (element, { html }) => {
    if (html == null) return [];
    fetching ??= loadModule(options.html)
      .then(async ({ createMarkup }) => ((markup = await createMarkup((/** @type {string} */ name) => loadModule(new URL(name, options.html).href))), applier.look()))
      .catch(({ message }) => report({ code: 'html', detail: message }));
    return markup?.(element, html);
  };
  const isHydrated = createHydration(() => loadModule(options.hydrated));
  const applier = createApplier({ report, signal, more, isHydrated, ready: (...row) => handover?.ready(...row) });
  const { wasSeen, renew } = createWitness(signal);
  /** Of what parlour.first.js did in this page view. @type {ReturnType<typeof import('./handover.js').createHandover> | undefined} */
  let handover;
  /** Keeps what was decided on the first page view for the next visit. @type {typeof handover} */
  let remembers;

  /** Loads a wasm beside a chunk. @param {string} [chunk] @returns {(name: string) => Promise<any>} */
  const near = (chunk) => (name) => loadCore(new URL(name, chunk).href, '');

  /** @param {Touchpoint} touchpoint @param {Record<string, unknown>} [facts] */
  const send = (touchpoint, facts) => {
    if (sentEarly.has(touchpoint)) return;
    if (!counting) sentEarly.add(touchpoint);
    if (transport) outbox.add(beacon.encode(touchpoint, facts));
  };

  /** What is no touchpoint of the visitor's. @param {Omit<Touchpoint, 'id' | 'at'>} what @param {Record<string, unknown>} [facts] */
  const sendRecord = (what, facts) => {
    const at = Date.now();
    send({ id: uuidv7(at), at, ...what }, facts);
  };

  /** @param {Touchpoint} touchpoint */
  const record = (touchpoint) => {
    if (!counting) {
      if (early.length < EARLY) early.push(touchpoint);
      return;
    }
    const effects = engine?.touch(touchpoint, Date.now()) ?? [];
    send(touchpoint);
    tell('touchpoint', touchpoint);
    run(effects, touchpoint);
    keep();
  };

  /** @param {{experiment: string, name?: string, version?: number, variant: string, variantName?: string, reason: string}} exposure */
  const exposed = ({ experiment, name = experiment, version = 1, variant, variantName = variant, reason }) => {
    sendRecord({ type: 'exposure', properties: { experiment_id: experiment, experiment_name: name, variation_id: variant, variation_name: variantName } }, { experiment_version: version, reason });
    tell('exposure', { experiment, variant, reason });
  };

  /** @param {import('./engine.js').Effect[]} effects @param {Touchpoint} [cause] */
  const run = (effects, cause) => {
    if (!engine) return;
    const { experiments, experiences, goals } = engine.page;
    for (const { kind, index, detail } of effects)
      if (kind === 'expose') {
        const { key, name, version, variants } = experiments[index];
        const { variant, reason } = engine.unpack(detail);
        const { key: variation, name: variationName } = variants[variant];
        exposed({ experiment: key, name, version, variant: variation, variantName: variationName, reason });
      } else if (kind === 'goal') reached(goals[index], cause);
      else if (kind === 'show' || kind === 'holdout') {
        const { key, changes = [], targets, late, waits } = experiences[index];
        if (late === 'skip' && wasSeen(targets)) continue;
        const heldOut = kind === 'holdout';
        const seen = () => sendRecord({ type: 'experience', properties: { experience_id: key, held_out: heldOut } });
        shown.add(`experience ${key}`);
        applier.apply(`experience ${key}`, heldOut ? [] : changes, targets, seen, experiments.length + index, waits);
      } else tell(kind, kind === 'stage' ? engine.session(Date.now())?.stage : undefined);
  };

  /** @param {import('./engine.js').Page['goals'][number]} goal @param {Touchpoint} [cause] */
  const reached = ({ key, value }, cause) => {
    sendRecord({ type: 'goal', properties: { goal_id: key }, money: value ? cause?.money : undefined });
    tell('goal', key);
  };

  /** Stores what the engine wants kept; until there is a storage the engine holds on to it. */
  const keep = () => {
    if (storage === undefined) return;
    const value = engine?.journal();
    if (value?.length && consent.allowed) storage?.append([{ store: 'journal', key: uuidv7(), value }]);
  };

  const fold = async () => {
    // After this task's appends, so that what they hold is folded too, and not in a page that is going away.
    await new Promise((resolve) => setTimeout(resolve));
    await opening;
    const folding = engine;
    if (!folding || !consent.allowed) return;
    const known = folding.written;
    await storage?.fold((snapshot, entries) => folding.fold(snapshot, entries, known, Date.now()));
  };

  /** The page had shown what it changes. @param {string} key @param {string} variation @param {string} reason */
  const missed = (key, variation, reason) => {
    tooLate.set(key, 'late');
    if (isCounted(reason)) sendRecord({ type: 'late', properties: { experiment_id: key, variation_id: variation } });
  };

  /** Decides what changes the page, and puts it there. */
  const evaluate = () => {
    // Nothing is known of the page yet, or it is being left.
    if (!counting || (engine && leaves?.(pageView))) return;
    if (!engine) return hidden?.show();
    engine.page.experiments.forEach(({ key, targets, late, waits, variants }, index) => {
      if (!engine || !targets.length) return;
      const name = `experiment ${key}`;
      const out = () => (inTime.delete(key), applier.undo(name));
      const { variant, reason } = engine.decide(index, false, Date.now());
      const { key: variation, changes = [] } = variants[variant] ?? {};
      const was = handover?.settle(key, variation, changes, reason);
      if (variation && !tooLate.has(key) && (was ? !was.same : !inTime.has(key) && late !== 'apply' && reason !== 'preview' && wasSeen(targets))) missed(key, variation, reason);
      if (!variation || (tooLate.has(key) && (!was || was.same))) return out();
      // One page view, one decision.
      if (tooLate.has(key)) return applier.apply(name, was?.changes ?? [], [], undefined, index);
      inTime.add(key);
      engine.decide(index, true, Date.now());
      applier.apply(name, changes, targets, () => meet(index), index, waits);
    });
    hidden?.show();
    growthbook?.go(async () => transport?.flush());
    tell('change', undefined);
  };

  /** @param {number} index */
  const meet = (index) => {
    run(engine?.met(index, Date.now()) ?? []);
    keep();
  };

  /** The item this page is about. @type {string | undefined} */
  let current;
  /** @param {string} slot @param {number} [count] @param {number[]} [among] */
  const recommend = async (slot, count = 8, among) => recommender?.list(slot, count, current, among);

  /** Takes up id and stored state, as far as consent allows; at once where nothing is stored, and not later than STORAGE_MS. */
  const remember = async () => {
    if (!consent.allowed) return;
    let waits = true;
    const least = new Promise((resolve) => (setTimeout(resolve, STORAGE_MS), whenUnused(resolve)));
    const opened = openStorage().then(async (next) => {
      if (!consent.allowed || signal.aborted) return next?.close();
      storage = next;
      const reading = next && Promise.all([next.get('snapshot'), next.read('journal', 5000)]);
      const settled = options.visitorId ?? (await identity.settle(next));
      // Where another tab was first, what this page has begun to decide stays its own visitor's: the cookie is for the next.
      if (waits) visitor = settled ?? visitor;
      outbox.attach(next);
      keep();
      return reading;
    });
    opening = opened;
    // While the storage opens: cookies hold the page for milliseconds.
    if (!options.visitorId) visitor = identity.id(visitor);
    return Promise.race([opened, least]).finally(() => (waits = false));
  };

  /** @param {ConsentState} state @param {ConsentState} before */
  const consented = async (state, before) => {
    tell('consent', state);
    const gained = consent.allowed && (before === 'unknown' || before === 'denied');
    if (!consent.allowed) {
      transport?.halt();
      if (state === 'denied') outbox.shut();
      else outbox.hold();
      // The next grant is another visitor's first.
      if (before !== 'unknown') {
        engine?.forget(Date.now());
        visitor = options.visitorId ?? randomId();
        tellUnits();
      }
    } else if (gained) {
      await consent.ready;
      if (!consent.allowed) return;
      outbox.open();
      await remember();
      if (!consent.allowed) return;
    }
    engine?.consent(state, Date.now());
    if (gained) tellUnits();
    keep();
    evaluate();
    // Also when less is allowed: what is kept is then written anew without it.
    fold();
  };

  const tellUnits = () => {
    engine?.unit(UNIT.visitor, visitor);
    engine?.unit(UNIT.user, userId);
    engine?.unit(UNIT.page, pageView);
  };
  let pageView = pageId;

  const boot = async () => {
    if (signal.aborted) return;
    consent.onChange((state, before) => (granting = consented(state, before)));
    await consent.ready;
    if (consent.allowed) outbox.open();
    else if (consent.state === 'denied') outbox.shut();
    const [module, plan, stored] = await Promise.allSettled([loading, loadPlan({ ...options, choice: consent, report, storage: () => opening.then(() => storage) }), remember()]);
    if (signal.aborted) return;
    const previews = isPreview(consent);
    for (const part of [module, plan]) if (part.status === 'rejected') report({ code: 'off', detail: part.reason.message });
    try {
      if (module.status === 'fulfilled' && plan.status === 'fulfilled') {
        const create = (/** @type {import('./engine.js').Core} */ module, bytes = plan.value) => createEngine({ module, plan: bytes, report: (detail) => report({ code: 'trap', detail }) });
        let core = module.value;
        if (typeof core === 'function') report({ code: 'fallback', detail: 'wasm is refused' });
        let made;
        try {
          made = create(core);
        } catch (refusal) {
          // Another core has what this one lacks.
          if (/** @type {any} */ (refusal).refused !== 4) throw refusal;
          const { startGrowthBook } = await loadGrowthBook(options.growthbookModule);
          growthbook = await startGrowthBook({ create, expose: (exposure) => (exposed(exposure), keep()), storage: () => storage, load: near(options.growthbookModule) });
          ({ core, engine: made } = growthbook);
        }
        let found = environmentOf(made.page, location.hostname);
        if (found === undefined) {
          const { site } = made.page;
          throw Error(`the plan is for ${site.join(', ')} and this page is on ${location.hostname}: add it to "site" or "environments" in parlour.json`);
        }
        if (previews) [made, found] = await (await loadModule(options.preview)).preview({ engine: made, environment: found, options, consent, build: (/** @type {Uint8Array} */ bytes) => create(core, bytes), report });
        if (growthbook && made !== growthbook.engine) growthbook = await growthbook.on(made);
        environment = /** @type {string} */ (found);
        engine = made;
        recommender = createRecommender(made, () => loadModule(options.rows), report, keep, async (given) =>
          (await loadModule(options.lists)).startLists({ ...given, load: near(options.lists), variant: (/** @type {string} */ key) => visit.decide(key, 'peek').variant }));
        const { experiments, flags } = made.page;
        for (const { key, rows } of flags) if (tooLate.has(key)) for (const { experiment } of rows) if (experiment !== undefined) tooLate.set(experiments[experiment].key, 'loading');
        if (made.page.redirects) leaves = (await loadModule(options.redirect)).createRedirects({ engine: made, consent, outbox, storage: () => storage, meet, isLate: (/** @type {string} */ key) => tooLate.has(key), late: missed, report, signal });
      }
    } catch (error) {
      report({ key: typeof options.plan === 'string' ? options.plan : undefined, code: 'off', detail: /** @type {Error} */ (error).message });
    }
    if (engine) {
      tellUnits();
      engine.bot(!!options.bot);
      engine.facts(facts);
      engine.consent(consent.state, started);
      const [snapshot, entries] = (stored.status === 'fulfilled' && /** @type {any} */ (stored.value)) || [];
      if (snapshot || entries?.length) engine.restore(snapshot, (entries ?? []).map((/** @type {[string, Uint8Array]} */ [, value]) => value), started);
      if (!options.consent) consent.begin(engine.page.consent.initial);
      // What that allows is part of the first answer.
      await granting;
    }
    if (first) handover = (await loadModule(options.handover).catch(() => undefined))?.createHandover({ first, experiments: engine?.page.experiments, report, signal });
    if (consent.state === 'unknown') console.info('parlour: waiting for consent: nothing is sent');
    booted = true;
    startCapture({
      config: engine?.page.capture,
      goals: engine?.page.goals,
      // The page was there before the engine was.
      emit: ({ type, ...rest }) => record({ ...touchpointOf(type, {}, currency(), views > 1 || type !== 'page_view' ? Date.now() : started), ...rest }),
      goal: (key) => {
        const goal = engine?.page.goals.find((goal) => goal.key === key);
        if (goal) reached(goal);
      },
      onPage,
      signal,
    });
    if (engine?.page.slots.length && recommender) slots = createSlots({ slots: engine.page.slots, fetchCards: recommender.fetchCards, recommend, emit: sendRecord, report, signal, isHydrated, load: () => loadModule(options.rerank) });
    remembers = handover;
    whenIdleOrHidden(() => {
      fold();
      if (consent.allowed) remembers?.keep((index) => engine?.decide(index, false, Date.now()));
    }, signal);
    // Whoever waits for us may then leave at once: what was met is kept.
    await Promise.race([opening, new Promise((resolve) => setTimeout(resolve, STORAGE_MS))]);
    tell('ready', undefined);
    // Its chunk is there, then.
    if (previews && engine) visit.devtools();
  };

  const currency = () => engine?.page.currency ?? 'EUR';

  let views = 0;
  /** @param {Record<string, string>} seen */
  const onPage = (seen) => {
    if (views++) {
      pageView = randomId();
      tooLate = new Map();
      handover = undefined;
      renew();
      current = undefined;
      for (const name of shown) applier.undo(name);
      shown.clear();
      engine?.unit(UNIT.page, pageView);
    }
    engine?.facts(seen);
    recommender?.readRows();
    counting = true;
    // After the page view is told, which frees the last page's decisions.
    queueMicrotask(() => {
      const waiting = early;
      early = [];
      waiting.forEach(record);
      sentEarly.clear();
      evaluate();
      slots?.refresh();
    });
  };

  const booting = boot();
  const visit = {
    started: booting,
    consent,
    /** @param {string} type @param {unknown} given */
    track(type, given) {
      const touchpoint = touchpointOf(type, given, currency(), Date.now());
      if (type === 'view_item') {
        current = touchpoint.item;
        recommender?.seen(current).catch(() => {});
      }
      record(touchpoint);
    },
    /** @param {string} key @param {'use' | 'peek' | 'expose'} how @returns {Answer} */
    decide(key, how) {
      const index = engine?.page.experiments.findIndex((experiment) => experiment.key === key) ?? -1;
      if (!booted && how !== 'peek') tooLate.set(key, 'loading');
      const reason = booted ? (tooLate.get(key) ?? 'unknown') : 'loading';
      if (!engine || index < 0 || tooLate.has(key)) {
        const variant = reason === 'late' ? handover?.shown(key, engine?.page.experiments[index]?.variants) : undefined;
        return { experiment: key, variant: variant?.key ?? null, values: variant?.values ?? {}, reason };
      }
      const decision = engine.decide(index, how !== 'peek', Date.now());
      if (how !== 'peek') meet(index);
      const variant = engine.page.experiments[index].variants[decision.variant];
      return { experiment: key, variant: variant?.key ?? null, values: variant?.values ?? {}, reason: decision.reason };
    },
    /** @param {string} key @param {unknown} [fallback] @param {boolean} [exposes] @returns {FlagAnswer} */
    flag(key, fallback, exposes) {
      const answer = unanswered(key, fallback, booted ? 'unknown' : 'loading');
      const index = engine?.page.flags.findIndex((flag) => flag.key === key) ?? -1;
      if (!booted) tooLate.set(key, 'loading');
      if (!engine || index < 0) return growthbook?.flag(key, fallback, !!exposes, tooLate.has(key)) ?? answer;
      const { experiments, flags } = engine.page;
      const { rows, metadata } = flags[index];
      const packed = engine.flag(index, Date.now());
      const { variant, reason } = engine.unpack(packed & 65535);
      const { experiment = -1, by = [], ...own } = rows[packed >>> 16] ?? {};
      const name = experiments[experiment]?.key;
      if (tooLate.has(name)) return { ...answer, reason: `${tooLate.get(name)}` };
      if (name && exposes) meet(experiment);
      return { ...answer, ...(by[variant] ?? own), reason, experiment: name, metadata };
    },
    /** @returns {Record<string, FlagAnswer>} */
    flags() {
      const keys = [...(engine?.page.flags.map(({ key }) => key) ?? []), ...(growthbook?.features() ?? [])];
      return Object.fromEntries(keys.map((key) => [key, this.flag(key)]));
    },
    /** @param {string} key */
    explain: (key) => engine?.explain(engine.page.experiments.findIndex((experiment) => experiment.key === key), Date.now()),
    keys: () => engine?.page.experiments.map(({ key }) => key) ?? [],
    /** @param {Record<string, unknown>} given */
    set(given) {
      Object.assign(facts, given);
      engine?.facts(given);
      evaluate();
    },
    /** @param {string} id @param {object} [traits] */
    identify(id, traits) {
      userId = `${id}`.slice(0, 200);
      engine?.unit(UNIT.user, userId);
      if (userId) sendRecord({ type: 'identify', properties: traits ?? {} });
      evaluate();
    },
    /** Nothing of the last person stays; what they did before is still sent unless `drop`. @param {boolean} drop */
    async reset(drop) {
      if (drop) {
        transport?.halt();
        outbox.shut();
      } else await transport?.flush();
      await erase();
      userId = '';
      visitor = options.visitorId ?? randomId();
      engine?.forget(Date.now());
      tellUnits();
      if (consent.allowed) {
        outbox.open();
        await remember();
        tellUnits();
      } else if (consent.state === 'unknown') outbox.hold();
      evaluate();
    },
    visitorId: () => (consent.allowed ? visitor : undefined),
    recommend,
    flush: async () => {
      await granting;
      await opening;
      return (await transport?.flush()) ?? false;
    },
    about: () => ({ plan: engine?.hash, version: engine?.version, environment, tab, session: engine?.session(Date.now()), drops: outbox.drops, waiting: outbox.size }),
    stored: async () => ({
      snapshot: await storage?.get('snapshot'),
      outbox: await storage?.read('outbox', 1000),
      first: ifAllowed(() => JSON.parse(localStorage.parlour_first)),
      redirect: ifAllowed(() => JSON.parse(sessionStorage.parlour_redirect)),
    }),
    /** @param {boolean} [asked] by the page, not by its address */
    devtools: async (asked) =>
      (await loadModule(options.preview)).devtools(
        { ...visit, applier, outbox, engine, facts, options, signal, evaluate, report, told, storage: () => storage, outs: () => tooLate, mark: () => (environment = 'preview') },
        asked,
      ),
  };
  return visit;
};
