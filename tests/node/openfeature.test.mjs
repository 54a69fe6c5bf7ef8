// @ts-check
// The OpenFeature scenarios over the provider, the SDK, a whole visit and the wasm that visitors load;
// tests/browser/openfeature.test.mjs runs the same in a browser.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { page } from './page.mjs';
import { plans, scenarios } from '../openfeature/features.mjs';

const file = (/** @type {string} */ name) => readFile(new URL(`../../${name}`, import.meta.url));

class Watcher {
  observe() {}
  unobserve() {}
  disconnect() {}
}
Object.assign(globalThis, { MutationObserver: Watcher, IntersectionObserver: Watcher, history: { pushState() {}, replaceState() {} }, screen: {}, innerWidth: 1000 });
Object.assign(page.document, { readyState: 'complete', documentElement: {}, addEventListener() {}, querySelectorAll: () => [], querySelector: () => null });
Object.assign(page.navigator, { language: 'en', userAgent: 'Mozilla/5.0' });

/** @type {import('../openfeature/steps.mjs').Host} */
let host;
/** @type {typeof import('../openfeature/steps.mjs')} */
let steps;
/** @type {Awaited<ReturnType<typeof scenarios>>} */
let found;

before(async () => {
  const compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(await file('dist/parlour-authoring.wasm'));
  const bytes = await plans(compiler);
  const data = (/** @type {Uint8Array} */ bytes, type = 'application/wasm') => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
  const wasm = data(await file('dist/parlour.wasm'));
  const theirs = globalThis.fetch;
  globalThis.fetch = async (url, options) => (`${url}`.startsWith('data:') ? theirs(url, options) : new Response('', { status: 404 }));
  host = { wasm, missing: '/missing.bin', plan: (name) => bytes[name] };
  steps = await import('../openfeature/steps.mjs');
  found = await scenarios();
});

test('every scenario that concerns a provider holds', async (t) => {
  assert.deepEqual({ run: found.run.length, leftOut: found.leftOut.length }, { run: 96, leftOut: 255 });
  for (const scenario of found.run) await t.test(`${scenario.uri}: ${scenario.name}`, () => steps.runScenario(scenario, host));
});

/** A Parlour whose one flag answers for this reason. @param {() => string} reason @returns {any} */
const answering = (reason) => {
  const flag = () => ({ flag: 'one', value: reason() === 'expired' || reason() === 'unknown' ? undefined : 'a', variant: null, reason: reason() });
  return { on: () => () => {}, ready: async () => {}, explain: () => ({ plan: '1' }), set() {}, identify() {}, flag, flags: () => ({ one: flag() }) };
};

/** The provider's answers and events while its flag goes through these reasons. @param {string[]} reasons */
const through = async (reasons) => {
  const [first, ...later] = reasons;
  let reason = first;
  const provider = new (await import('../../www/openfeature.js')).ParlourProvider(answering(() => reason));
  /** @type {string[]} */
  const events = [];
  for (const type of ['PROVIDER_STALE', 'PROVIDER_ERROR']) provider.events.addHandler(/** @type {any} */ (type), () => void events.push(type));
  await provider.initialize();
  return [first, ...later].map((next) => {
    reason = next;
    const { value, reason: told, errorCode } = provider.resolveStringEvaluation('one', 'otherwise');
    return [value, told, errorCode, events.splice(0)];
  });
};

test('after its last day a plan answers nothing, and the provider is stale once', async () => {
  assert.deepEqual(await through(['static', 'expired', 'expired']), [
    ['a', 'STATIC', undefined, []],
    ['otherwise', 'STALE', undefined, ['PROVIDER_STALE']],
    ['otherwise', 'STALE', undefined, []],
  ]);
});

test('an engine that has stopped is an error, not a missing flag', async () => {
  assert.deepEqual((await through(['static', 'unknown']))[1], ['otherwise', 'ERROR', 'GENERAL', ['PROVIDER_ERROR']]);
});

test('every reason of ours has a word of theirs', async () => {
  const { REASONS } = await import('../../www/engine.js');
  const outs = ['paused', 'not-started', 'ended', 'consent', 'no-unit', 'holdout', 'layer', 'audience', 'traffic', 'bot', 'prerequisite', 'version', 'unknown'];
  for (const reason of REASONS.filter((reason) => !outs.includes(reason))) assert.notEqual((await through([reason]))[0][1], 'UNKNOWN', reason);
});

test('a scenario that does not hold is noticed', async () => {
  const scenario = found.run.find(({ name }) => name === 'Resolve values');
  assert.ok(scenario);
  const wrong = scenario.steps.map((step) => ({ ...step, text: step.text.replace('should be "true"', 'should be "false"') }));
  await assert.rejects(steps.runScenario({ ...scenario, steps: wrong }, host), /value: true instead of false/);
});
