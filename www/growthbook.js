// @ts-check
// GrowthBook's features on the page: fetched only for plans that hold them, with a core of its own beside it. Decisions
// are made in wasm; here lies what the core leaves to its host: texts to hash, addresses, sticky documents, values.
// src/authoring/growthbook/tell.rs is the native twin.

import { loadCore, loadJson } from './load.js';

/**
 * @typedef {Record<string, any>} Payload as GrowthBook's API answers it, with `decryptionKey` where it is encrypted
 * @typedef {{attributeName: string, attributeValue: string, assignments: Record<string, string>}} StickyDocument
 * @typedef {{experiment: number, variation: number, hashed: boolean, sticky: boolean, fallback: boolean, bucket: number, leaf: number}} Outcome `variation` and `leaf` are -1 for none
 * @typedef {{key: string, name?: string, variations: unknown[], meta?: {key?: string, name?: string, passthrough?: boolean}[], bucketVersion?: number,
 *   disableStickyBucketing?: boolean, attribute: string, fallback: string | null, hashVersion: number, bandit?: [unknown, [unknown, number[]?][], number[]]}} Row of an experiment
 * @typedef {{key: string, default: unknown, rules: {id?: string, force?: unknown, experiment?: number}[]}} FeatureRow
 * @typedef {{features: (FeatureRow | null)[], experiments: Row[], auto: [number, 0 | 1][], attributes: [number, string][], sticky: boolean}} Page
 * @typedef {{key: string, featureId: string | null, inExperiment: boolean, hashUsed: boolean, variationId: number, value: any, hashAttribute: string, hashValue: unknown,
 *   stickyBucketUsed: boolean, name?: string, bucket?: number, passthrough?: boolean, leafId?: unknown, variationWeights?: number[], banditVersion?: unknown}} Result
 * @typedef {{value: any, on: boolean, off: boolean, source: string, ruleId: string, experimentResult?: Result}} Feature
 * @typedef {{experiment: string, name?: string, variant: string, variantName?: string, version: number, reason: string}} Exposure
 */

/** Codes of `Source` in src/growthbook/evaluate.rs. */
const SOURCES = ['unknownFeature', 'defaultValue', 'force', 'experiment', 'prerequisite', 'cyclicPrerequisite'];
/** What flags of our own say. */
const REASONS = ['unknown', 'default', 'targeting', 'split', 'prerequisite', 'prerequisite'];
const PARTS = ['features', 'experiments', 'savedGroups', 'contextualBandits'];
const BUCKETS = [1, 1000, 10000];
/** A page that is about to be left waits no longer for its exposure to be sent. */
const SENDING_MS = 300;

const bytesOf = (/** @type {string} */ base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** AES-CBC, as GrowthBook encrypts payloads: `IV.TEXT` in base64. @param {string} encrypted @param {string} key */
export const decrypt = async (encrypted, key) => {
  try {
    const [iv, text] = encrypted.split('.').map(bytesOf);
    const imported = await crypto.subtle.importKey('raw', bytesOf(key), { name: 'AES-CBC', length: 128 }, false, ['decrypt']);
    return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, imported, text));
  } catch {
    throw Error('the payload is not decrypted by this key');
  }
};

/** A parlour.json for this page alone. @param {string | Payload} given the payload, or where to fetch it @returns {Promise<object>} */
export const configOf = async (given) => {
  /** @type {Payload} */
  const payload = typeof given === 'string' ? await loadJson(given) : given;
  /** @type {Payload} */
  const growthbook = {};
  for (const part of [...PARTS, 'stickyBuckets', 'enabled', 'qaMode']) {
    const encrypted = payload[`encrypted${part[0].toUpperCase()}${part.slice(1)}`];
    if (encrypted) growthbook[part] = JSON.parse(await decrypt(encrypted, payload.decryptionKey ?? ''));
    else if (payload[part] !== undefined) growthbook[part] = payload[part];
  }
  return { site: location.hostname, growthbook };
};

/** Which variation the address asks for. Whoever calls this has checked that it may. @param {string} key @param {string} url @param {number} count @returns {number | null} */
export const queryOverride = (key, url, count) => {
  const search = url.split('?')[1]?.replace(/#.*/, '') ?? '';
  const found = search.split('&').map((pair) => pair.split('=')).find(([name]) => name === key);
  const variation = found ? parseInt(found[1]) : NaN;
  return variation >= 0 && variation < count ? variation : null;
};

/** The new address with the parameters of the old one that it lacks. @param {string} from @param {string} to */
export const withParameters = (from, to) => {
  const target = new URL(to, from);
  new URL(from).searchParams.forEach((value, name) => {
    if (!target.searchParams.has(name)) target.searchParams.set(name, value);
  });
  return target.href;
};

const utf8 = new TextEncoder();

/** @param {string} text */
const utf16 = (text) => {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    bytes[i * 2] = text.charCodeAt(i);
    bytes[i * 2 + 1] = text.charCodeAt(i) >> 8;
  }
  return bytes;
};

/** @param {ArrayLike<number>} bytes */
const sized = (bytes) => {
  const out = [];
  let n = bytes.length;
  for (; n > 127; n >>>= 7) out.push((n & 127) | 128);
  out.push(n);
  return out.concat(Array.from(bytes));
};

/** Texts and numbers are hashed; neither empty ones nor 0. @param {unknown} value @returns {string} '' for none */
const textToHash = (value) => ((typeof value === 'string' || typeof value === 'number') && value ? `${value}` : '');

/** A part of the address, by the name of a fact. @param {string} name @param {string} address */
const addressPart = (name, address) => {
  const url = new URL(address, 'https://_');
  const part = name.slice(5);
  if (part.startsWith('query.')) return url.searchParams.get(part.slice(6)) ?? '';
  return part === 'path' ? url.pathname : part === 'rest' ? url.href.slice(url.origin.length) : /** @type {any} */ (url)[part];
};

/**
 * @param {ReturnType<typeof import('./engine.js').createEngine>} engine with parlour-growthbook.wasm
 * @param {object} [host]
 * @param {(exposure: Exposure) => void} [host.expose]
 * @param {() => import('./storage.js').Storage | null | undefined} [host.storage] where sticky documents are kept
 */
export const createGrowthBook = (engine, { expose = () => {}, storage = () => null } = {}) => {
  const { told, guard, put, taken, core } = engine.inner;
  /**
   * @template T
   * @param {string} about what is told again to a fresh instance; '' for nothing
   * @param {T} otherwise
   * @param {(wasm: any, put: (bytes: Uint8Array) => void, taken: (length: number) => Uint8Array) => T} call
   * @returns {T}
   */
  const reach = (about, otherwise, call) => {
    const run = () => call(core(), put, taken);
    if (about) told.set(about, run);
    return guard(otherwise, run);
  };
  /** @type {Page} */
  const page = JSON.parse(reach('', '{}', (wasm, _, taken) => new TextDecoder().decode(taken(wasm.growthbook_page()))));
  const asked = engine.page.facts.flatMap((row) => (row ? (typeof row === 'string' ? row : row[0]) : [])).filter((name) => name.startsWith('$url.'));
  /** @type {Record<string, unknown>} */
  const attributes = {};
  /** @type {Record<string, StickyDocument>} */
  let documents = {};

  const tellFacts = engine.facts;
  /** @param {Record<string, unknown>} facts */
  engine.facts = (facts) => {
    tellFacts(facts);
    Object.assign(attributes, facts);
    for (const [fact, name] of page.attributes)
      if (Object.hasOwn(facts, name))
        reach(`hashed ${name}`, undefined, (wasm, put) => {
          put(Uint8Array.from([4, ...sized(utf16(textToHash(facts[name])))]));
          wasm.fact(fact, 5, 0);
        });
    if (page.sticky) tellOwn();
    if ('page.path' in facts && typeof location === 'object') address(location.href);
  };

  /** @param {string} url */
  const address = (url) => {
    /** @type {Record<string, unknown>} */
    const parts = {};
    for (const name of asked)
      try {
        parts[name] = addressPart(name, url);
      } catch {
        parts[name] = null;
      }
    tellFacts(parts);
  };

  /** Those of who is here now. */
  const tellOwn = () => {
    const keys = page.attributes.map(([, name]) => `${name}||${textToHash(attributes[name])}`);
    const own = keys.filter((key) => Object.hasOwn(documents, key));
    reach('documents', undefined, (wasm, put) => {
      /** @type {number[]} */
      const all = [];
      for (const key of own) {
        const inner = Object.entries(documents[key].assignments ?? {}).flatMap(([name, variation]) => [...sized(utf8.encode(name)), 4, ...sized(utf8.encode(`${variation}`))]);
        all.push(...sized(utf16(key)), 6, ...sized(inner));
      }
      put(Uint8Array.from(all));
      wasm.growthbook_documents();
    });
  };
  /** @param {Record<string, StickyDocument>} next by `ATTRIBUTE||VALUE` */
  const tellDocuments = (next) => {
    documents = next;
    tellOwn();
  };

  /** What is kept on the device, under what answers came before it was read. */
  const load = async () => {
    const kept = page.sticky && (await storage()?.get('growthbook'));
    if (kept && typeof kept === 'object') tellDocuments({ ...kept, ...documents });
  };
  const forget = engine.forget;
  engine.forget = (now) => {
    forget(now);
    tellDocuments({});
  };
  const consent = engine.consent;
  engine.consent = (state, now) => {
    consent(state, now);
    load();
  };

  /** @param {Uint32Array} numbers @param {number} at @returns {Outcome} */
  const outcome = (numbers, at) => ({
    experiment: numbers[at],
    variation: numbers[at + 1] - 1,
    hashed: (numbers[at + 2] & 1) > 0,
    sticky: (numbers[at + 2] & 2) > 0,
    fallback: (numbers[at + 2] & 4) > 0,
    bucket: numbers[at + 3],
    leaf: numbers[at + 4] - 1,
  });
  /** @param {(wasm: any) => number} call */
  const numbers = (call) => reach('', new Uint32Array(), (wasm, _, taken) => new Uint32Array(taken(call(wasm)).buffer));

  const keeps = (/** @type {Row} */ row) => page.sticky && !row.disableStickyBucketing;

  /** As their SDK answers. @param {Outcome} of @param {string | null} featureId @returns {Result} */
  const result = ({ experiment, variation, hashed, sticky, bucket, leaf }, featureId) => {
    const row = page.experiments[experiment];
    const variationId = Math.max(0, variation);
    const meta = row.meta?.[variationId] ?? {};
    const isSecond = !textToHash(attributes[row.attribute]) && keeps(row) && row.fallback && textToHash(attributes[row.fallback]);
    const hashAttribute = isSecond ? `${row.fallback}` : row.attribute;
    const [banditVersion, leaves, own] = row.bandit ?? [];
    return {
      key: meta.key || `${variationId}`,
      featureId,
      inExperiment: variation >= 0,
      hashUsed: hashed,
      variationId,
      value: row.variations[variationId],
      hashAttribute,
      hashValue: textToHash(attributes[hashAttribute]) ? attributes[hashAttribute] : '',
      stickyBucketUsed: sticky,
      ...(meta.name && { name: meta.name }),
      ...(hashed && { bucket: bucket / BUCKETS[row.hashVersion] }),
      ...(meta.passthrough && { passthrough: true }),
      ...(hashed && leaves && { leafId: leaves[leaf]?.[0] ?? -1, variationWeights: leaves[leaf]?.[1] ?? own, ...(banditVersion !== null && { banditVersion }) }),
    };
  };

  /** What was random on the way to an answer: kept in documents, and told once. @param {Outcome[]} all */
  const viewed = (all) => {
    let next = documents;
    for (const one of all) {
      const row = page.experiments[one.experiment];
      const { key, name, hashAttribute, hashValue, variationId } = result(one, null);
      if (keeps(row)) {
        const attributeValue = textToHash(hashValue);
        const known = next[`${hashAttribute}||${attributeValue}`] ?? { attributeName: hashAttribute, attributeValue, assignments: {} };
        const assignment = `${row.key}__${row.bucketVersion ?? 0}`;
        if (known.assignments[assignment] !== key)
          next = { ...next, [`${hashAttribute}||${attributeValue}`]: { ...known, assignments: { ...known.assignments, [assignment]: key } } };
      }
      if (reach('', false, (wasm) => wasm.growthbook_met(one.experiment, variationId, one.fallback)))
        expose({ experiment: row.key, name: row.name, variant: key, variantName: name, version: row.bucketVersion ?? 0, reason: one.sticky ? 'sticky' : 'bucketed' });
    }
    if (next === documents) return;
    tellDocuments(next);
    storage()?.set('growthbook', next);
  };

  /** @param {string} key @param {boolean} exposes @returns {Feature & {by?: string}} */
  const feature = (key, exposes = true) => {
    const index = page.features.findIndex((row) => row?.key === key);
    const answer = index < 0 ? new Uint32Array() : numbers((wasm) => wasm.growthbook_feature(index, Date.now()));
    const [source = 0, place = 0, gives = 0] = answer;
    const row = page.features[index];
    const rule = row?.rules[place];
    const outcomes = [];
    for (let at = 3; at < answer.length; at += 5) outcomes.push(outcome(answer, at));
    const given = gives ? result(outcomes[0], key) : undefined;
    if (exposes) viewed(outcomes.slice(gives));
    const value = [null, row?.default, rule?.force, given?.value, null, null][source] ?? null;
    return {
      value,
      on: !!value,
      off: !value,
      source: SOURCES[source],
      ruleId: (source === 2 || source === 3) && rule?.id ? rule.id : '',
      ...(given && { experimentResult: given, by: page.experiments[outcomes[0].experiment].key }),
    };
  };

  /** An experiment outside of features, by its place in the payload. @param {number} place @returns {Result} */
  const run = (place) => {
    const [index] = page.auto[place];
    const answer = numbers((wasm) => wasm.growthbook_run(index, Date.now()));
    const one = outcome(answer.length ? answer : Uint32Array.of(index, 0, 0, 0, 0), 0);
    if (one.hashed) viewed([one]);
    return result(one, null);
  };

  /** All experiments of this key have this variation; one that does not exist is none. @param {string} key @param {number} variation */
  const force = (key, variation) =>
    page.experiments.forEach((row, index) => {
      if (row.key === key) reach(`forced ${index}`, undefined, (wasm) => wasm.growthbook_force(index, variation < 0 ? 65535 : variation));
    });
  /** For preview links. @param {string} key @param {string} variant */
  const forceNamed = (key, variant) => {
    const row = page.experiments.find((row) => row.key === key);
    const variation = row?.variations.findIndex((_, i) => (row.meta?.[i]?.key || `${i}`) === variant) ?? -1;
    if (variation >= 0) force(key, variation);
    return variation >= 0;
  };
  Object.assign(engine, { forceNamed });

  let isLeaving = false;
  /** Where the first experiment that redirects sends this visitor. @param {string} url @returns {string | undefined} */
  const redirect = (url) => {
    for (const [place, [, keepsQuery]] of page.auto.entries()) {
      const { inExperiment, value } = run(place);
      const to = value?.urlRedirect;
      if (inExperiment && typeof to === 'string') return keepsQuery ? withParameters(url, to) : to;
    }
  };

  return {
    page,
    address,
    documents: () => documents,
    tellDocuments,
    load,
    feature,
    run,
    features: () => page.features.flatMap((row) => row?.key ?? []),
    force,
    /**
     * A feature as a flag of our own; `undefined` where there is none.
     * @param {string} key
     * @param {unknown} fallback
     * @param {boolean} exposes
     * @param {boolean} isLate asked for before there was an answer: what experiments decide is out for this page view
     * @returns {import('./visit.js').FlagAnswer | undefined}
     */
    flag(key, fallback, exposes, isLate = false) {
      const { value, source, ruleId, experimentResult, by } = feature(key, exposes && !isLate);
      if (source === SOURCES[0]) return;
      if (isLate && by) return { flag: key, value: fallback, variant: null, reason: 'loading', experiment: null, metadata: {} };
      const forced = experimentResult && !experimentResult.hashUsed;
      const reason = forced ? 'preview' : experimentResult?.stickyBucketUsed ? 'sticky' : REASONS[SOURCES.indexOf(source)];
      return { flag: key, value: value ?? fallback, variant: experimentResult?.key ?? null, reason, experiment: by ?? null, metadata: ruleId ? { ruleId } : {} };
    },
    redirect,
    /** Runs the experiments of this address, and leaves where one says so. @param {() => Promise<unknown>} flush sends what waits */
    async go(flush) {
      const to = !isLeaving && redirect(location.href);
      if (!to) return;
      const { protocol, href } = new URL(to, location.href);
      if (!/^https?:$/.test(protocol) || href === location.href) return;
      isLeaving = true;
      await Promise.race([flush().catch(() => {}), new Promise((resolve) => setTimeout(resolve, SENDING_MS))]);
      location.replace(href);
    },
  };
};

/**
 * The core of this file's own, and what it answers, for a plan that others refused.
 * @typedef {import('./engine.js').Core} Core
 * @typedef {ReturnType<typeof import('./engine.js').createEngine>} Engine
 * @typedef {ReturnType<typeof createGrowthBook> & {core: Core, engine: Engine, on: (engine: Engine) => Promise<Started>}} Started `on`: the same of another plan
 * @param {object} host
 * @param {(module: import('./engine.js').Core) => ReturnType<typeof import('./engine.js').createEngine>} host.create
 * @param {(exposure: Exposure) => void} host.expose
 * @param {() => import('./storage.js').Storage | null | undefined} host.storage
 * @param {(name: string) => Promise<Core>} host.load a wasm from where this file came from
 */
export const startGrowthBook = async ({ create, expose, storage, load }) => {
  const core = await load('parlour-growthbook.wasm');
  /** @param {Engine} engine @returns {Promise<Started>} */
  const on = async (engine) => {
    const growthbook = createGrowthBook(engine, { expose, storage });
    await growthbook.load();
    return { ...growthbook, core, engine, on };
  };
  return on(create(core));
};
