// @ts-check
import { page } from './page.mjs';
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createConsent } from '../../www/consent.js';

const KEY = 'parlour_consent';
const stored = () => page.localStorage.getItem(KEY);
/** @type {AbortController[]} */
const controllers = [];

/** @param {Partial<Parameters<typeof createConsent>[0]>} [options] */
const make = (options) => {
  const control = new AbortController();
  controllers.push(control);
  return createConsent({ signal: control.signal, ...options });
};

afterEach(() => {
  for (const control of controllers.splice(0)) control.abort();
  page.localStorage.clear();
  page.navigator.globalPrivacyControl = undefined;
});

/** @type {[import('../../www/consent.js').ConsentState, boolean, boolean][]} */
const TABLE = [
  ['unknown', false, false],
  ['denied', false, false],
  ['measure', true, false],
  ['personalise', true, true],
];
for (const [state, allowed, profile] of TABLE)
  test(`${state} ${allowed ? 'keeps and sends' : 'keeps and sends nothing'}, ${profile ? 'with' : 'without'} a profile`, () => {
    const consent = make({ initial: state });
    assert.deepEqual([consent.state, consent.allowed, consent.profileAllowed, consent.idsAllowed], [state, allowed, profile, allowed]);
    assert.equal(stored(), null);
  });

test('a choice is remembered and wins over the initial state; unknown is not remembered', async () => {
  await make().set('measure');
  assert.equal(stored(), 'measure');
  const later = make({ initial: 'unknown' });
  assert.equal(later.state, 'measure');
  await later.set('unknown');
  assert.equal(stored(), null);
  assert.equal(make().state, 'unknown');
});

test('where the host remembers, nothing is written or read', async () => {
  page.localStorage.setItem(KEY, 'personalise');
  const consent = make({ remember: false });
  assert.equal(consent.state, 'unknown');
  page.localStorage.clear();
  await consent.set('denied');
  assert.equal(stored(), null);
});

test('what is no state is ignored, remembered or set', async () => {
  page.localStorage.setItem(KEY, 'everything');
  const consent = make({ initial: /** @type {any} */ ('yes') });
  assert.equal(consent.state, 'unknown');
  await consent.set(/** @type {any} */ ('granted'));
  assert.equal(consent.state, 'unknown');
});

test('a revocation is remembered before anything is erased, and settles after', async () => {
  /** @type {unknown[]} */
  const seen = [];
  const consent = make({ initial: 'personalise', erase: async () => void seen.push(['erase', consent.state, stored()]) });
  consent.onChange((state, before) => void seen.push([before, state, stored()]));
  await consent.set('denied');
  assert.deepEqual(seen, [['personalise', 'denied', 'denied'], ['erase', 'denied', 'denied']]);
});

test('a return to unknown counts as denied until all is erased', async () => {
  /** @type {unknown[]} */
  const seen = [];
  const consent = make({ initial: 'measure', erase: async () => void seen.push(stored()) });
  await consent.set('unknown');
  assert.deepEqual([...seen, stored()], ['denied', null]);
});

test('a revocation cut short is finished at the next boot', async () => {
  let erased = 0;
  void make({ initial: 'measure', erase: () => new Promise(() => {}) }).set('denied');
  const next = make({ initial: 'measure', erase: async () => void erased++ });
  assert.equal(next.state, 'denied');
  await next.ready;
  assert.equal(erased, 1);
});

test('unknown erases nothing: a host may grant on every page', async () => {
  let erased = 0;
  const consent = make({ erase: async () => void erased++ });
  await consent.set('unknown');
  await consent.ready;
  assert.equal(erased, 0);
  await consent.set('denied');
  assert.equal(erased, 1);
});

test('an erase that fails still denies', async () => {
  const consent = make({ initial: 'measure', erase: () => Promise.reject(new Error('quota')) });
  await consent.set('denied');
  assert.equal(consent.state, 'denied');
  assert.equal(stored(), 'denied');
});

test('a listener that throws does not keep the others from hearing', async () => {
  const consent = make();
  let heard = 0;
  consent.onChange(() => { throw new Error('no'); });
  consent.onChange(() => void heard++);
  await consent.set('measure');
  assert.equal(heard, 1);
});

/** @type {[any, string, string, boolean][]} */
const GPC = [
  [undefined, 'personalise', 'personalise', false],
  ['none', 'personalise', 'personalise', true],
  ['measure', 'personalise', 'measure', false],
  ['denied', 'personalise', 'denied', false],
  ['measure', 'unknown', 'unknown', false],
];
for (const [gpc, chosen, state, ids] of GPC)
  test(`with Global Privacy Control and a plan that says ${gpc}, ${chosen} is ${state} ${ids ? 'with' : 'without'} ids`, async () => {
    page.navigator.globalPrivacyControl = true;
    const consent = make({ gpc });
    await consent.set(/** @type {any} */ (chosen));
    assert.deepEqual([consent.state, consent.idsAllowed], [state, ids]);
  });

test('other tabs hear of a change and erase too, without answering', async () => {
  const channels = [new BroadcastChannel('c'), new BroadcastChannel('c'), new BroadcastChannel('c')];
  try {
    let erased = 0;
    let messages = 0;
    const here = make({ initial: 'measure', channel: channels[0] });
    const there = make({ initial: 'measure', channel: channels[1], erase: async () => void erased++ });
    /** @type {BroadcastChannel} */ (channels[2]).onmessage = () => void messages++;
    const heard = new Promise((resolve) => there.onChange(resolve));
    await here.set('denied');
    assert.equal(await heard, 'denied');
    assert.equal(erased, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(messages, 1);
  } finally {
    for (const channel of channels) channel.close();
  }
});

test('a page that comes back from the cache reads what was chosen meanwhile', async () => {
  const consent = make({ initial: 'measure' });
  page.localStorage.setItem(KEY, 'denied');
  page.fire('pageshow', { persisted: false });
  assert.equal(consent.state, 'measure');
  page.fire('pageshow', { persisted: true });
  assert.equal(consent.state, 'denied');
});
