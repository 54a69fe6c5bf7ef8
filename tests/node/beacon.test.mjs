// @ts-check
import { page } from './page.mjs';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { EVENT_NAMES, byteLength, createBeacon } from '../../www/beacon.js';

const ABOUT = { plan: '00112233445566aa', env: 'staging', sessionId: 's1', userId: 'u1' };
const make = () => createBeacon({ version: '0.1.0', tab: 't1', about: () => ABOUT });
const AT = Date.UTC(2026, 10, 21, 9, 30, 0, 125);

/** @param {any} touchpoint @param {any} [facts] */
const encode = (touchpoint, facts) => {
  const record = make().encode({ id: 'id-1', at: AT, type: 'page_view', ...touchpoint }, facts);
  assert.ok(record);
  return record;
};
/** @param {any} touchpoint @param {any} [facts] */
const event = (touchpoint, facts) => JSON.parse(encode(touchpoint, facts).text);

test('a page view is a page event with its context', () => {
  assert.deepEqual(event({}), {
    type: 'page',
    messageId: 'id-1',
    userId: 'u1',
    timestamp: '2026-11-21T09:30:00.125Z',
    context: {
      library: { name: 'parlour', version: '0.1.0' },
      page: { path: '/mugs', referrer: 'https://shop.example/', title: 'Mugs', url: 'https://shop.example/mugs?x=1' },
      sessionId: 's1',
      parlour: { plan: ABOUT.plan, tab: 't1', seq: 1, env: 'staging' },
    },
    properties: {},
  });
});

test('event names are those of the core', async () => {
  const core = await readFile(new URL('../../src/beacon/mod.rs', import.meta.url), 'utf8');
  const rows = [...core.matchAll(/\("([a-z_]+)", "([A-Z][A-Za-z ]+)"\)/g)].map(([, type, name]) => [type, name]);
  assert.ok(rows.length > 10);
  assert.deepEqual(Object.entries(EVENT_NAMES).sort(), rows.sort());
});

/** @type {[string, object, object][]} */
const WIRE = [
  ['a custom event keeps its name', { type: 'Brochure Asked' }, { type: 'track', event: 'Brochure Asked', properties: {} }],
  ['a name of an object method is only a name', { type: 'toString' }, { type: 'track', event: 'toString', properties: {} }],
  ['a search has its query', { type: 'search', properties: { query: 'mug' } }, { type: 'track', event: 'Products Searched', properties: { query: 'mug' } }],
  [
    'a product view has id and price',
    { type: 'view_item', item: 'mug-01', money: { minor: 1250, currency: 'EUR' } },
    { type: 'track', event: 'Product Viewed', properties: { product_id: 'mug-01', price: 12.5, currency: 'EUR' } },
  ],
  [
    'a purchase has order, revenue and products',
    { type: 'purchase', money: { minor: 3000, currency: 'EUR' }, items: [{ item: 'a', quantity: 2, price: { minor: 1500, currency: 'EUR' } }], properties: { order_id: 'o1', coupon: 'x' } },
    { type: 'track', event: 'Order Completed', properties: { order_id: 'o1', revenue: 30, currency: 'EUR', products: [{ product_id: 'a', quantity: 2, price: 15 }], coupon: 'x' } },
  ],
  [
    'a goal has a value',
    { type: 'goal', money: { minor: -5, currency: 'EUR' }, properties: { goal_id: 'g' } },
    { type: 'track', event: 'Goal Reached', properties: { goal_id: 'g', value: -0.05, currency: 'EUR' } },
  ],
  [
    "what the touchpoint says wins over the page's properties",
    { type: 'view_item', item: 'a', properties: { product_id: 'b', price: 3, toString: 'kept' } },
    { type: 'track', event: 'Product Viewed', properties: { product_id: 'a', price: 3, toString: 'kept' } },
  ],
  ['a user is identified with traits', { type: 'identify', properties: { plan: 'gold' } }, { type: 'identify', traits: { plan: 'gold' } }],
];
for (const [claim, touchpoint, expect] of WIRE)
  test(claim, () => {
    const { messageId, userId, timestamp, context, ...rest } = event(touchpoint);
    assert.deepEqual(rest, expect);
  });

/** @type {[number, string, string | undefined][]} */
const MONEY = [
  [1250, 'EUR', '12.50'],
  [5, 'EUR', '0.05'],
  [-5, 'EUR', '-0.05'],
  [0, 'EUR', '0.00'],
  [1200, 'JPY', '1200'],
  [1, 'KWD', '0.001'],
  [9007199254740991, 'EUR', '90071992547409.91'],
  [1.5, 'EUR', undefined],
  [NaN, 'EUR', undefined],
  [100, 'eur', undefined],
];
for (const [minor, currency, expect] of MONEY)
  test(`${minor} minor units of ${currency} are written ${expect}`, () => {
    const { text } = encode({ type: 'purchase', money: { minor, currency } });
    assert.equal(text.match(/"revenue":([^,}]+)/)?.[1], expect);
    assert.equal(/"currency"/.test(text), expect !== undefined);
  });

test('an exposure carries version and reason, and goes first', () => {
  const record = encode({ type: 'exposure', properties: { experiment_id: 'x' } }, { experiment_version: 3, reason: 'bucketed' });
  assert.deepEqual(JSON.parse(record.text).context.parlour, { plan: ABOUT.plan, tab: 't1', seq: 1, env: 'staging', experiment_version: 3, reason: 'bucketed' });
  assert.equal(record.priority, 0);
  assert.equal(encode({ type: 'purchase' }).priority, 0);
  assert.equal(encode({ type: 'view_item' }).priority, 1);
});

test('sequence numbers count the events made', () => {
  const beacon = make();
  const touchpoint = { id: 'a', type: 'x', at: AT };
  assert.deepEqual([1, 2, 3].map(() => beacon.encode(touchpoint)?.seq), [1, 2, 3]);
  assert.equal(beacon.encode(/** @type {any} */ (null)), undefined);
  assert.equal(beacon.encode(touchpoint)?.seq, 4);
});

for (const at of [NaN, Infinity, 9e15, undefined, 'yesterday'])
  test(`a time of ${at} becomes now`, () => {
    const before = Date.now();
    const { timestamp } = event({ at });
    assert.ok(Date.parse(timestamp) >= before && Date.parse(timestamp) <= Date.now());
  });

const circular = /** @type {any} */ ({ name: 'c' });
circular.self = circular;
const deep = JSON.parse('['.repeat(10_000) + ']'.repeat(10_000));
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** @type {[string, any, any?][]} */
const HOSTILE = [
  ['circular', circular],
  ['10,000 levels deep', { deep }],
  ['10,000 keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]))],
  ['a million characters', { text: 'x'.repeat(1e6) }],
  ['many long texts', Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, '\u0001'.repeat(1000)]))],
  ['wide and deep', Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => Array(200).fill([])))],
  ['BigInt', { n: 12345678901234567890n }, { n: '12345678901234567890' }],
  ['a throwing getter', { get bad() { throw new Error('no'); }, good: 1 }, { good: 1 }],
  ['a throwing order id', { get order_id() { throw new Error('no'); }, good: 1 }, { good: 1 }],
  ['a revoked proxy', { proxy: revoked.proxy, good: 1 }, { good: 1 }],
  ['a revoked proxy alone', revoked.proxy],
  ['a proxy that lies', new Proxy({}, { ownKeys: () => { throw new Error('no'); } })],
  ['lone surrogates', { '\ud800k': 'a\udc00b\ud83d', pair: '😀' }, { '\ufffdk': 'a\ufffdb\ufffd', pair: '😀' }],
  ['__proto__', JSON.parse('{"__proto__":{"polluted":1},"constructor":2}')],
  ['functions, symbols, undefined', { f() {}, s: Symbol('x'), u: undefined, n: null }, { n: null }],
  ['NaN and infinities', { a: NaN, b: Infinity, c: -0 }, { a: null, b: null, c: 0 }],
  ['dates', { good: new Date(AT), bad: new Date(NaN) }, { good: '2026-11-21T09:30:00.125Z' }],
  ['a text', 'abc'],
  ['null', null, {}],
  ['a toJSON that throws', { x: { toJSON() { throw new Error('no'); } } }, { x: {} }],
];
for (const [what, properties, expect] of HOSTILE)
  for (const type of ['custom', 'purchase', 'identify'])
    test(`${what} as properties of ${type} makes a bounded, well-formed event`, () => {
      const record = make().encode({ id: 'id-1', at: AT, type, properties });
      assert.ok(record);
      assert.equal(record.bytes, byteLength(record.text));
      assert.ok(record.bytes < 24_050, `${record.bytes}`);
      assert.doesNotMatch(record.text, /[[{]{8}/);
      const parsed = JSON.parse(record.text);
      assert.equal(parsed.messageId, 'id-1');
      assert.equal(/\\u[dD][89a-fA-F]/.test(record.text), false);
      if (expect) assert.deepEqual(parsed.properties ?? parsed.traits, expect);
    });

/** @type {[string, any][]} */
const ITEMS = [
  ['not a list', 7],
  ['with holes', [null, { item: 'a' }]],
  ['with a throwing line', [{ get item() { throw new Error('no'); } }]],
  ['5,000 long', Array.from({ length: 5000 }, (_, i) => ({ item: `item-${i}`, quantity: 1, price: { minor: 100, currency: 'EUR' } }))],
];
for (const [what, items] of ITEMS)
  test(`items ${what} leave order and revenue as they are`, () => {
    const { properties } = event({ type: 'purchase', money: { minor: 100, currency: 'EUR' }, items, properties: { order_id: 'o1' } });
    assert.equal(properties.order_id, 'o1');
    assert.equal(properties.revenue, 1);
  });

test('page context is cut, not refused', () => {
  const { title } = page.document;
  page.document.title = '長'.repeat(5000);
  try {
    assert.equal(event({}).context.page.title.length, 1000);
  } finally {
    page.document.title = title;
  }
});
