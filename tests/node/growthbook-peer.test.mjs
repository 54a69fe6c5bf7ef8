// @ts-check
// Their SDK and our core, side by side over visitors at random: the same value, source, rule and outcome of everything.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { GrowthBook } from '@growthbook/growthbook';
import { createGrowthBook } from '../../www/growthbook.js';
import { growthBookHost } from './growthbook.mjs';
import { payload, visitors } from './growthbook-payload.mjs';

/** @type {Awaited<ReturnType<typeof growthBookHost>>} */
let host;
before(async () => {
  // It says of odd weights, coverage and prerequisites what we say when the plan is made.
  process.env.NODE_ENV = 'production';
  console.error = () => {};
  host = await growthBookHost();
});

/** Every attribute there is, so that what one visitor has is not another's. */
const ALL = { age: undefined, score: undefined, plan: undefined, country: undefined, agent: undefined, version: undefined, tags: undefined, member: undefined, id: undefined, company: undefined, user: undefined, deep: undefined };

/** What of an answer they and we say. @param {any} answer */
const said = ({ value, on, off, source, ruleId, experimentResult }) => ({ value, on, off, source, ruleId, ...(experimentResult && { experimentResult }) });
/** @param {any} result */
const inBoth = ({ featureId: _, ...result }) => JSON.parse(JSON.stringify(result));

/** @param {boolean} sticky @param {number} count */
const compare = async (sticky, count) => {
  const engine = await host.engine({ ...payload, stickyBuckets: sticky });
  const ours = createGrowthBook(engine);
  const next = visitors(sticky ? 11 : 5);
  const seen = { features: new Map(), differences: /** @type {string[]} */ ([]) };
  /** @type {Record<string, any>} */
  let saved = {};
  for (let round = 0; round < count; round++) {
    const { attributes, url } = next();
    if (round % 25 === 0) ours.tellDocuments((saved = {}));
    engine.facts({ ...ALL, ...attributes });
    ours.address(url);
    const stickyBucketService = /** @type {any} */ ({ getAllAssignments: async () => saved, saveAssignments: async (/** @type {any} */ one) => void (saved[`${one.attributeName}||${one.attributeValue}`] = one) });
    const { experiments: _, ...rest } = payload;
    const theirs = new GrowthBook(/** @type {any} */ ({ ...rest, attributes, url, ...(sticky && { stickyBucketService, stickyBucketAssignmentDocs: structuredClone(saved) }) }));
    const check = (/** @type {string} */ what, /** @type {any} */ a, /** @type {any} */ b) => {
      const [mine, expected] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))];
      seen.features.set(what, (seen.features.get(what) ?? new Set()).add(JSON.stringify([b.value, b.inExperiment, b.variationId])));
      if (!isDeepStrictEqual(mine, expected)) seen.differences.push(`${what} of ${JSON.stringify({ attributes, url })}: ${JSON.stringify(mine)} for ${JSON.stringify(expected)}`);
    };
    for (const key of Object.keys(payload.features)) check(key, said(ours.feature(key)), said(theirs.evalFeature(key)));
    payload.experiments.forEach((experiment, place) => check(experiment.key, inBoth(ours.run(place)), inBoth(theirs.run(/** @type {any} */ (experiment)))));
    theirs.destroy();
    if (sticky) assert.deepEqual(ours.documents(), saved);
  }
  return seen;
};

test('3,000 visitors get of every kind of rule what their SDK gives them', async () => {
  const { features, differences } = await compare(false, 3000);
  assert.deepEqual(differences.slice(0, 3), []);
  // What always answers alike compares nothing.
  const constant = [...features].filter(([, values]) => values.size < 2).map(([key]) => key);
  assert.deepEqual(constant, ['empty', 'plain', 'off', 'rollout of nobody', 'rollout by an unknown hash', 'experiment of one', 'experiment by an unknown hash', 'behind nothing', 'round in circles', 'round again', 'auto-6', 'auto-7']);
});

test('1,000 visitors who come and go keep what sticky documents keep in their SDK', async () => {
  const { differences } = await compare(true, 1000);
  assert.deepEqual(differences.slice(0, 3), []);
});

test('one changed rule is seen', async () => {
  const changed = structuredClone(payload);
  Object.assign(changed.features['experiment of three'].rules[0], { coverage: 0.11 });
  const engine = await host.engine(changed);
  const ours = createGrowthBook(engine);
  const next = visitors(5);
  let differences = 0;
  for (let round = 0; round < 3000; round++) {
    const { attributes } = next();
    engine.facts({ ...ALL, ...attributes });
    const theirs = new GrowthBook(/** @type {any} */ ({ features: payload.features, attributes }));
    differences += Number(ours.feature('experiment of three').value !== theirs.evalFeature('experiment of three').value);
  }
  assert.ok(differences > 0);
});
