// @ts-check
// GrowthBook's corpus (specification 0.12.0): payload → plan bytes → the wasm that pages with such a plan load.
// tests/growthbook.rs runs the same rows natively. Pure functions are held as far as they can be seen through a plan:
// a hash by the bucket it gives, ranges, weights and variations by what becomes of each bucket.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createGrowthBook, decrypt, queryOverride, withParameters } from '../../www/growthbook.js';
import { growthBookCorpus, growthBookHost } from './growthbook.mjs';

/** @type {Record<string, any[]>} */
let corpus;
/** @type {Awaited<ReturnType<typeof growthBookHost>>} */
let host;

before(async () => {
  [corpus, host] = await Promise.all([growthBookCorpus(), growthBookHost()]);
});

const PAYLOAD = ['features', 'experiments', 'savedGroups', 'contextualBandits', 'enabled', 'qaMode', 'stickyBuckets'];

/** A visitor of a payload who is told what the SDK's context holds. @param {any} context @param {object} [more] */
const visitor = async (context, more) => {
  const payload = Object.fromEntries(PAYLOAD.filter((name) => context[name] !== undefined).map((name) => [name, context[name]]));
  const engine = await host.engine({ ...payload, ...more });
  const growthbook = createGrowthBook(engine);
  engine.facts(context.attributes ?? {});
  growthbook.address(context.url ?? '');
  for (const [key, variation] of Object.entries(context.forcedVariations ?? {})) growthbook.force(key, variation);
  const override = (/** @type {string} */ key, /** @type {number} */ count) => {
    const variation = queryOverride(key, context.url ?? '', count);
    if (variation !== null) growthbook.force(key, variation);
  };
  return { engine, growthbook, override };
};

/** @param {any} context @param {any} experiment */
const run = async (context, experiment) => {
  const { growthbook, override } = await visitor(context, { experiments: [experiment] });
  override(experiment.key, experiment.variations.length);
  return growthbook.run(0);
};

const COPIED = ['coverage', 'weights', 'hashAttribute', 'fallbackAttribute', 'disableStickyBucketing', 'bucketVersion', 'minBucketVersion', 'namespace', 'meta', 'ranges', 'name', 'phase', 'seed', 'hashVersion', 'filters', 'condition'];

/** What their SDKs repeat of the rule, put together from the payload. @param {any} context @param {string} feature @param {any} result @param {any} key */
const repeated = (context, feature, result, key) => {
  const rule = context.features[feature].rules.find((/** @type {any} */ rule) => (rule.variations || rule.contextualVariations) && (rule.key ?? feature) === key);
  /** @type {any} */
  const experiment = { variations: rule.contextualVariations ?? rule.variations, key };
  for (const name of COPIED) if (rule[name] !== undefined) experiment[name] = rule[name];
  const bandit = context.contextualBandits?.[rule.contextualBanditRef];
  if (!bandit) return experiment;
  const leaf = bandit.contexts?.find((/** @type {any} */ one) => one.leafId === result.leafId) ?? (result.hashUsed ? undefined : bandit.contexts?.[0]);
  if (leaf) experiment.weights = leaf.weights;
  if (result.hashUsed) experiment.contextualBandit = Object.fromEntries(['leafId', 'variationWeights', 'banditVersion'].filter((name) => result[name] !== undefined).map((name) => [name, result[name]]));
  return experiment;
};

/** @param {any} context @param {string} key */
const feature = async (context, key) => {
  const { growthbook, override } = await visitor(context);
  for (const rule of context.features?.[key]?.rules ?? []) override(rule.key ?? key, (rule.variations ?? rule.contextualVariations)?.length ?? 0);
  const { by, ...answer } = growthbook.feature(key);
  return answer.experimentResult ? { ...answer, experiment: repeated(context, key, answer.experimentResult, by) } : answer;
};

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
};

/** Ids and the bucket each has by seed `k` in version 2, as the core says. @type {Map<number, string> | undefined} */
let ids;
const idsByBucket = async () => {
  if (ids) return ids;
  ids = new Map();
  const { engine, growthbook } = await visitor({}, { experiments: [{ key: 'k', hashVersion: 2, variations: [0, 1] }] });
  for (let id = 0; ids.size < 9990; id++) {
    engine.facts({ id: `${id}` });
    ids.set(/** @type {number} */ (growthbook.run(0).bucket), `${id}`);
  }
  return ids;
};

/** Does each bucket come to the variation whose range holds it? Their ranges are rounded: at an edge either side will do. @param {object} experiment @param {[number, number][]} ranges */
const isCutAs = async (experiment, ranges) => {
  const { engine, growthbook } = await visitor({}, { experiments: [{ key: 'k', hashVersion: 2, ...experiment }] });
  for (const [n, id] of await idsByBucket()) {
    if (ranges.flat().some((edge) => Math.abs(n - edge) < 1e-7)) continue;
    engine.facts({ id });
    const { inExperiment, variationId } = growthbook.run(0);
    if ((inExperiment ? variationId : -1) !== ranges.findIndex(([start, end]) => n >= start && n < end)) return false;
  }
  return true;
};

const upTo = (/** @type {number} */ count) => Array.from({ length: Math.max(0, count) }, (_, i) => i);

/** Does the row pass? @type {Record<string, [number, (row: any) => Promise<boolean>]>} */
const KINDS = {
  evalCondition: [583, async ([, condition, attributes, expect, savedGroups = {}]) => {
    const features = { f: { defaultValue: false, rules: [{ condition, force: true }] } };
    return (await visitor({ attributes, features, savedGroups })).growthbook.feature('f').value === expect;
  }],
  run: [88, async ([, context, experiment, ...expect]) => {
    const { value, inExperiment, hashUsed } = await run(context, experiment);
    return same([value, inExperiment, hashUsed], expect);
  }],
  feature: [61, async ([, context, key, expect]) => same(await feature(context, key), expect)],
  contextualBandit: [35, async ([, context, key, expect]) => same(await feature(context, key), expect)],
  hash: [27, async ([seed, id, hashVersion, expect]) => ((await run({ attributes: { id } }, { key: seed, variations: [0, 1], hashVersion })).bucket ?? null) === expect],
  getBucketRange: [13, async ([, [count, coverage, weights], expect]) => isCutAs({ variations: upTo(count), coverage, ...(weights && { weights }) }, expect)],
  chooseVariation: [13, async ([, n, ranges, expect]) => {
    const { inExperiment, variationId } = await run({ attributes: { id: (await idsByBucket()).get(n) } }, { key: 'k', hashVersion: 2, variations: upTo(ranges.length), ranges });
    return (inExperiment ? variationId : -1) === expect;
  }],
  getQueryStringOverride: [16, async ([, key, url, count, expect]) => {
    const { inExperiment, variationId, hashUsed } = await run({ url }, { key, variations: upTo(count) });
    return !hashUsed && (inExperiment ? variationId : null) === expect && queryOverride(key, url, count) === expect;
  }],
  inNamespace: [16, async ([, id, namespace, expect]) => (await run({ attributes: { id } }, { key: 'k', variations: [0, 1], namespace })).inExperiment === expect],
  // Weights show in a bandit without any of its own, and in how they cut the buckets; fewer than none there are not.
  getEqualWeights: [6, async ([count, expect]) => {
    const features = { f: { rules: [{ contextualBanditRef: 'b', contextualVariations: upTo(count) }] } };
    const { growthbook } = await visitor({ features, contextualBandits: { b: {} } });
    const weights = growthbook.page.experiments[0].bandit?.[2] ?? [];
    if (!same(weights.map((weight) => Math.floor(weight * 1e8) / 1e8), expect)) return false;
    let sum = 0;
    return count < 2 || isCutAs({ variations: upTo(count) }, weights.map((weight) => [sum, (sum += weight)]));
  }],
  stickyBucket: [13, async ([, context, given, key, expect, kept]) => {
    const { growthbook } = await visitor(context, { stickyBuckets: true });
    growthbook.tellDocuments(Object.fromEntries(given.map((/** @type {any} */ one) => [`${one.attributeName}||${one.attributeValue}`, one])));
    const { experimentResult = null } = growthbook.feature(key);
    // Documents of others, which a service would not have answered, stay as they are.
    const documents = Object.fromEntries(Object.entries(growthbook.documents()).filter(([name, one]) => kept[name] || !given.includes(one)));
    return same(experimentResult, expect) && same(documents, kept);
  }],
  urlRedirect: [4, async ([, context, expect]) => {
    const { growthbook } = await visitor(context);
    const urlWithParams = growthbook.redirect(context.url);
    const place = context.experiments.findIndex((/** @type {any} */ _, /** @type {number} */ i) => growthbook.run(i).value?.urlRedirect);
    const { inExperiment, value } = growthbook.run(place);
    return same([{ inExperiment, urlRedirect: value.urlRedirect, urlWithParams }], expect);
  }],
  decrypt: [10, async ([, text, key, expect]) => (await decrypt(text, key).catch(() => null)) === expect],
};

test("every row of GrowthBook's corpus answers as theirs in the wasm", async () => {
  let sum = 0;
  /** @type {string[]} */
  const wrong = [];
  for (const [kind, [count, passes]] of Object.entries(KINDS)) {
    assert.equal(corpus[kind].length, count, kind);
    for (const row of corpus[kind]) {
      sum++;
      if (!(await passes(row).catch((error) => (console.error(error), false)))) wrong.push(`${kind}: ${JSON.stringify(row).slice(0, 400)}`);
    }
  }
  assert.equal(sum, 885);
  assert.deepEqual(wrong, []);
});

/** Kind, row and one thing in it changed: each must then fail. @type {[string, number, (row: any) => void][]} */
const CHANGES = [
  ['evalCondition', 0, (row) => (row[3] = !row[3])],
  ['run', 0, (row) => (row[2].hashVersion = 2)],
  ['run', 18, (row) => (row[2].coverage = 1)],
  ['feature', 20, (row) => (row[1].features.feature.rules[0].seed = 'x')],
  ['feature', 4, (row) => (row[1].features.feature.rules[0].force = 3)],
  ['contextualBandit', 1, (row) => row[1].contextualBandits['cb-bandit'].contexts.reverse()],
  ['hash', 0, (row) => (row[0] = 'x')],
  ['getBucketRange', 0, (row) => (row[1][1] = 0.99)],
  ['chooseVariation', 0, (row) => row[2].reverse()],
  ['getQueryStringOverride', 6, (row) => (row[1] = 'other')],
  ['inNamespace', 0, (row) => (row[2][2] = 1)],
  ['getEqualWeights', 3, (row) => (row[0] = 3)],
  ['stickyBucket', 2, (row) => (row[2][0].assignments['feature-exp__0'] = '1')],
  ['urlRedirect', 0, (row) => (row[1].experiments[0].urlPatterns[0].include = false)],
  ['decrypt', 0, (row) => (row[2] = row[2].replace('Z', 'A'))],
];

test('a row fails when one thing in it is changed', async () => {
  for (const [kind, place, change] of CHANGES) {
    const row = structuredClone(corpus[kind][place]);
    const [, passes] = KINDS[kind];
    assert.equal(await passes(structuredClone(row)), true, `${kind} ${place}`);
    change(row);
    assert.equal(await passes(row).catch(() => false), false, `${kind} ${place}, changed`);
  }
});

test('ids are hashed by code units, lone surrogates and long ones too', async () => {
  const { GrowthBook } = await import('@growthbook/growthbook');
  for (const id of ['\ud800', 'a\udc00b', '😀'.repeat(3000), 'é'.repeat(5000), 1e21, 1.5e-7, -0.1, NaN]) {
    const experiment = { key: 'k', hashVersion: 2, variations: /** @type {[number, number]} */ ([0, 1]) };
    const theirs = new GrowthBook({ attributes: { id } }).run(/** @type {any} */ (experiment));
    assert.equal((await run({ attributes: { id } }, experiment)).bucket, theirs.bucket, String(id).slice(0, 9));
  }
});

test('parameters of the old address are kept where the new one lacks them', () => {
  assert.equal(withParameters('https://a.example/x?a=1&b=2', 'https://b.example/?b=3'), 'https://b.example/?b=3&a=1');
});
