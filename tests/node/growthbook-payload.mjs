// @ts-check
/**
 * A payload with every kind of rule, and visitors at random. Their SDK in JavaScript converts types where their
 * specification 0.12.0 does not, and counts a rollout's edge in: attributes have the type that conditions ask for, and
 * no coverage is a whole number of buckets, so that both must agree.
 */

const half = [0.5, 0.5];
const two = { variations: ['a', 'b'] };
const meta = [{ key: 'control', name: 'Control' }, { key: 'treatment', name: 'Treatment' }];

/** @param {object[]} rules */
const feature = (...rules) => ({ defaultValue: 'default', rules });
/** @param {object} condition */
const forced = (condition) => feature({ id: 'rule', condition, force: 'forced' });

export const payload = {
  savedGroups: { staff: ['u1', 'u2', 'u3', 7], vip: { type: 'list', attributeKey: 'id', values: ['u5', 'u6'] } },
  contextualBandits: {
    cb: { banditVersion: 3, contexts: [{ leafId: 1, condition: { plan: 'pro' }, weights: [0.9, 0.1] }, { leafId: 2, condition: { age: { $gte: 40 } }, weights: [0.25, 0.75] }] },
    none: { contexts: [] },
  },
  features: {
    empty: {},
    plain: { defaultValue: { any: ['shape', 1, null] } },
    off: { defaultValue: false, rules: [{}] },
    'force equal': forced({ plan: 'pro' }),
    'force number': forced({ age: 30 }),
    'force boolean': forced({ member: true }),
    'force orders': forced({ age: { $gt: 20, $lte: 60 }, score: { $lt: 0.5 } }),
    'force in': forced({ plan: { $in: ['pro', 'team'] }, country: { $nin: ['US', 'CA'] } }),
    'force any case': forced({ country: { $ini: ['us', 'De'] } }),
    'force groups': feature({ condition: { id: { $inGroup: 'staff' } }, force: 1 }, { condition: { id: { $notInGroup: 'vip' } }, force: 2 }),
    'force exists': forced({ company: { $exists: true }, 'deep.er': { $exists: false } }),
    'force path': forced({ 'deep.er': 'x' }),
    'force pattern': forced({ agent: { $regex: '^(Moz|Op).*\\d$' } }),
    'force their own pattern': forced({ agent: { $regexi: '(a).*\\1' } }),
    'force version': forced({ version: { $vgte: '1.2.0', $vlt: '2.0.0' } }),
    'force list': forced({ tags: { $elemMatch: { $eq: 'new' } } }),
    'force all': forced({ tags: { $all: ['new', 'sale'] } }),
    'force size': forced({ tags: { $size: { $gt: 1 } } }),
    'force groups of conditions': forced({ $or: [{ plan: 'free' }, { $and: [{ country: 'DE' }, { $not: { member: true } }] }], $nor: [{ age: { $lt: 25 } }] }),
    'rollout 1': feature({ force: true, coverage: 0.30005 }),
    'rollout 2': feature({ force: true, coverage: 0.70001, hashVersion: 2, seed: 'roll', hashAttribute: 'company' }),
    'rollout of a range': feature({ force: true, range: [0.2, 0.6], hashVersion: 2, condition: { member: true } }),
    'rollout of nobody': feature({ force: true, coverage: 0 }),
    'rollout by an unknown hash': feature({ force: true, coverage: 0.99995, hashVersion: 7 }),
    'rollout filtered': feature({ force: true, filters: [{ seed: 'f', ranges: [[0, 0.3], [0.5, 0.7]] }, { seed: 'g', attribute: 'company', hashVersion: 1, ranges: [[0, 0.8]] }] }),
    'experiment 1': feature({ id: 'e', ...two }),
    'experiment 2': feature({ key: 'exp-2', hashVersion: 2, ...two, meta, weights: [0.2, 0.8], coverage: 0.7, name: 'Second', phase: '1' }),
    'experiment of three': feature({ key: 'exp-3', hashVersion: 2, variations: [1, 2, 3], weights: [0.333, 0.333, 0.334], coverage: 0.1 }),
    'experiment by ranges': feature({ key: 'exp-r', seed: 's', hashVersion: 2, ...two, ranges: [[0.1, 0.4], [0.6, 0.9]] }),
    'experiment with odd weights': feature({ key: 'exp-w', ...two, weights: [0.2, 0.2], coverage: 1.5 }),
    'experiment in a namespace': feature({ key: 'exp-n', ...two, namespace: ['checkout', 0.2, 0.7] }),
    'experiment filtered': feature({ key: 'exp-f', hashVersion: 2, ...two, namespace: ['checkout', 0, 0.1], filters: [{ seed: 'x', ranges: [[0, 0.5]] }] }, { force: 'after' }),
    'experiment on a condition': feature({ key: 'exp-c', ...two, condition: { plan: { $ne: 'free' }, age: { $gte: 30 } } }, { force: 'after', condition: { country: 'US' } }),
    'experiment by company': feature({ key: 'exp-company', hashAttribute: 'company', hashVersion: 2, ...two }),
    'experiment of one': feature({ variations: ['only'] }, { force: 'after' }),
    'experiment by an unknown hash': feature({ ...two, hashVersion: 3 }),
    'experiment after a holdout': feature(
      { key: 'holdout', hashVersion: 2, ...two, ranges: [[0, 0.1], [0.1, 1]], meta: [{}, { passthrough: true }] },
      { key: 'held', hashVersion: 2, variations: ['c', 'd'], ranges: [[0, 0.5], [0.5, 1]] },
    ),
    'bandit': feature({ key: 'bandit', hashVersion: 2, contextualBanditRef: 'cb', contextualVariations: ['a', 'b'], meta, weights: half }),
    'bandit without contexts': feature({ key: 'bandit-2', contextualBanditRef: 'none', contextualVariations: [1, 2, 3] }),
    'bandit that is not there': feature({ key: 'bandit-3', contextualBanditRef: 'nowhere', contextualVariations: ['a', 'b'], weights: [0.1, 0.9] }),
    'behind a gate': feature({ parentConditions: [{ id: 'experiment 2', condition: { value: 'b' }, gate: true }] }, { force: 'behind' }),
    'beside a gate': feature({ parentConditions: [{ id: 'force orders', condition: { value: 'forced' } }], force: 'beside' }, { parentConditions: [{ id: 'experiment of three', condition: { value: { $gt: 1 } } }], ...two, key: 'exp-p' }),
    'behind two gates': feature({ parentConditions: [{ id: 'behind a gate', condition: { value: { $exists: true } }, gate: true }, { id: 'plain', condition: { 'value.any': { $size: 3 } }, gate: true }] }),
    'behind nothing': feature({ parentConditions: [{ id: 'nowhere', condition: { value: null } }], force: 'null is null' }),
    'round in circles': feature({ parentConditions: [{ id: 'round again', condition: { value: 'x' } }], force: 1 }),
    'round again': feature({ parentConditions: [{ id: 'round in circles', condition: { value: 'x' } }], force: 2 }),
    sticky: feature({ key: 'exp-s', hashVersion: 2, ...two, meta, hashAttribute: 'user', fallbackAttribute: 'id', bucketVersion: 2, minBucketVersion: 1, condition: { member: true } }),
    'sticky no more': feature({ key: 'exp-s', hashVersion: 2, ...two, meta, hashAttribute: 'user', fallbackAttribute: 'id', bucketVersion: 3, minBucketVersion: 3 }),
    'not sticky': feature({ key: 'exp-t', hashVersion: 2, ...two, meta, fallbackAttribute: 'user', disableStickyBucketing: true }),
  },
  experiments: [
    { key: 'auto', variations: [{}, { urlRedirect: '/new' }], urlPatterns: [{ type: 'simple', pattern: '*.shop.example/home*' }], weights: half },
    { key: 'auto-2', variations: [{}, {}], urlPatterns: [{ type: 'regex', pattern: '/p/\\d+' }, { type: 'simple', pattern: '/p/13', include: false }], hashVersion: 2 },
    { key: 'auto-3', variations: [{}, {}], urlPatterns: [{ type: 'simple', pattern: 'https://shop.example/search?q=mug*&sort=' }], condition: { member: true } },
    { key: 'auto-4', variations: [{}, {}], urlPatterns: [{ type: 'simple', pattern: '/exact/#top' }, { type: 'simple', pattern: 'other.example', include: false }] },
    { key: 'auto-5', variations: [{}, {}], urlPatterns: [{ type: 'simple', pattern: 'other.example', include: false }], parentConditions: [{ id: 'force boolean', condition: { value: 'forced' } }] },
    { key: 'auto-6', variations: [{}, {}], status: 'draft' },
    { key: 'auto-7', variations: [{}, {}], status: 'stopped' },
    { key: 'auto-8', variations: [{}, {}], force: 1, coverage: 0.5 },
  ],
};

const ADDRESSES = [
  'https://www.shop.example/home', 'https://shop.example/home', 'http://a.shop.example/home/sale?x=1', 'https://shop.example/p/12', 'https://shop.example/p/13?p/14',
  'https://shop.example/search?q=mugs&sort=', 'https://shop.example/search/?q=mug&sort=price', 'https://shop.example/exact#top', 'https://other.example/', 'https://shop.example/EXACT/#TOP',
];

/** Visitors in an order that a seed gives. @param {number} seed */
export const visitors = (seed) => {
  const next = () => (seed = (seed * 48271) % 2147483647);
  const chance = (/** @type {number} */ share) => next() % 1000 < share * 1000;
  /** @template T @param {T[]} list @returns {T} */
  const one = (list) => list[next() % list.length];
  const ids = () => one([`u${next() % 40}`, `${next()}`, next() % 1000, 'é', '用户', '😀😀', next() / 1000, '']);
  return () => {
    /** @type {Record<string, unknown>} */
    const attributes = {
      age: next() % 80,
      score: (next() % 1000) / 1000,
      plan: one(['free', 'pro', 'team']),
      country: one(['US', 'CA', 'DE', 'us', 'de']),
      agent: one(['Mozilla 5', 'Opera', 'Opera 9', 'curl', 'banana']),
      version: one(['1.2.0', '1.10.3', '2.0.0-beta', '0.9', 'v1.5.0+build', '2.0.0']),
      tags: one([[], ['new'], ['new', 'sale'], ['old', 'sale', 'x'], ['NEW']]),
      member: one([true, false]),
    };
    if (chance(0.9)) attributes.id = ids();
    if (chance(0.4)) attributes.company = ids();
    if (chance(0.4)) attributes.user = ids();
    if (chance(0.3)) attributes.deep = one([{ er: 'x' }, { er: 'y' }, {}]);
    return { attributes, url: one(ADDRESSES) };
  };
};
