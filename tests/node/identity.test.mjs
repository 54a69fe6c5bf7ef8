// @ts-check
import { freshName, page } from './page.mjs';
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createIdentity, randomId, uuidv7 } from '../../www/identity.js';
import { openStorage } from '../../www/storage.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([47])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const DAY_MS = 864e5;

/** A cookie jar that takes cookies for shop.example and below, and knows `example` for a public suffix. */
const jar = () => {
  /** @type {Map<string, string>} */
  const cookies = new Map();
  /** @type {string[]} */
  const written = [];
  /** @type {string[]} */
  const tried = [];
  Object.defineProperty(page.document, 'cookie', {
    configurable: true,
    get: () => [...cookies.values()].join('; '),
    set: (/** @type {string} */ text) => {
      tried.push(text);
      const domain = text.match(/;domain=([^;]+)/)?.[1] ?? '';
      if (domain === 'example' || (domain && !`.${page.location.hostname}`.endsWith(`.${domain}`))) return;
      written.push(text);
      if (/max-age=0/.test(text)) cookies.delete(domain);
      else cookies.set(domain, /** @type {string} */ (text.split(';')[0]));
    },
  });
  return { cookies, written, tried };
};

beforeEach(() => {
  page.location.hostname = 'www.shop.example';
  jar();
});

test('ids are UUIDs of their version, and differ', () => {
  assert.equal(randomId().match(UUID)?.[1], '4');
  assert.equal(uuidv7().match(UUID)?.[1], '7');
  assert.equal(new Set(Array.from({ length: 1000 }, randomId)).size, 1000);
});

test('UUIDv7 carries its time and rises, whatever the clock does', () => {
  const future = Date.UTC(2030, 0, 1);
  const ids = [uuidv7(future), ...Array.from({ length: 10_000 }, () => uuidv7(future)), uuidv7(future - 1e9), uuidv7(future + 1e6)];
  assert.equal(parseInt(/** @type {string} */ (ids[0]).replace('-', '').slice(0, 12), 16), future);
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, UUID);
});

test('a new visitor gets a cookie on the widest domain that takes it, for 13 months, and no other', () => {
  const { written } = jar();
  const id = createIdentity().id();
  assert.deepEqual(written, [`parlour_id=${id};path=/;max-age=34128000;samesite=lax;domain=shop.example;secure`]);
});

for (const host of ['localhost', 'example', '127.0.0.1', '[::1]'])
  test(`on ${host} the cookie has no domain`, () => {
    page.location.hostname = host;
    const { cookies, tried } = jar();
    createIdentity().id();
    assert.deepEqual([...cookies.keys()], ['']);
    assert.equal(tried.length, 1);
  });

test('a known visitor keeps the id, and the cookie is not renewed', async () => {
  const { cookies, written } = jar();
  cookies.set('', 'a=1; parlour_id=from-server; b=2');
  const identity = createIdentity();
  assert.equal(identity.id('page-id'), 'from-server');
  assert.equal(await identity.settle(await openStorage({ name: freshName() })), 'from-server');
  assert.deepEqual(written, []);
});

for (const value of ['', '"><script>', 'x'.repeat(65), 'a b'])
  test(`a cookie of ${value.slice(0, 12) || 'nothing'} is no id`, () => {
    jar().cookies.set('', `parlour_id=${value}`);
    assert.equal(createIdentity().id('wanted'), 'wanted');
  });

test("granting keeps the page view's id", () => {
  const { cookies } = jar();
  assert.equal(createIdentity().id('page-id'), 'page-id');
  assert.deepEqual([...cookies.values()], ['parlour_id=page-id']);
});

test('of two tabs on a first visit the first to settle wins, the other adopts, cookie and all', async () => {
  const name = freshName();
  const [one, two] = [createIdentity(), createIdentity()];
  one.id('a');
  jar();
  two.id('b');
  const { cookies } = jar();
  cookies.set('shop.example', 'parlour_id=b');
  const storages = [await openStorage({ name }), await openStorage({ name })];
  assert.equal(await one.settle(storages[0] ?? null), 'a');
  assert.equal(await two.settle(storages[1] ?? null), 'a');
  assert.equal(two.id(), 'a');
  assert.equal(cookies.get('shop.example'), 'parlour_id=a');
});

test('a lost cookie is restored from the mirror for what is left of its 13 months', async () => {
  const name = freshName();
  let now = Date.UTC(2026, 0, 1);
  const first = createIdentity({ now: () => now });
  const id = first.id();
  await first.settle(await openStorage({ name }));
  now += 100 * DAY_MS;
  const { written } = jar();
  const later = createIdentity({ now: () => now });
  later.id();
  assert.equal(await later.settle(await openStorage({ name })), id);
  assert.match(written.at(-1) ?? '', new RegExp(`^parlour_id=${id};path=/;max-age=${295 * 86400};`));
});

test('after 13 months the visitor is a new one', async () => {
  const name = freshName();
  let now = Date.UTC(2026, 0, 1);
  const first = createIdentity({ now: () => now });
  const id = first.id();
  await first.settle(await openStorage({ name }));
  now += 396 * DAY_MS;
  jar();
  const later = createIdentity({ now: () => now });
  const next = later.id();
  assert.notEqual(next, id);
  assert.equal(await later.settle(await openStorage({ name })), next);
});

test('a mirror made from a cookie of unknown age does not outlive the cookie', async () => {
  const name = freshName();
  jar().cookies.set('', 'parlour_id=from-server');
  const first = createIdentity();
  first.id();
  await first.settle(await openStorage({ name }));
  jar();
  const later = createIdentity();
  const next = later.id();
  assert.equal(await later.settle(await openStorage({ name })), next);
  assert.notEqual(next, 'from-server');
});

test('without cookies and without storage the id lasts for the page', async () => {
  Object.defineProperty(page.document, 'cookie', { configurable: true, get: () => { throw new Error('denied'); }, set: () => { throw new Error('denied'); } });
  const identity = createIdentity();
  const id = identity.id();
  assert.match(id ?? '', UUID);
  assert.equal(await identity.settle(null), id);
});

test('a damaged mirror is replaced', async () => {
  const name = freshName();
  const storage = await openStorage({ name });
  await storage?.set('visitor', { id: 7 });
  const identity = createIdentity();
  const id = identity.id();
  assert.equal(await identity.settle(storage), id);
  assert.equal((await storage?.get('visitor')).id, id);
});

test('erasing removes the cookie from every domain', () => {
  const { cookies } = jar();
  const identity = createIdentity();
  const id = identity.id();
  cookies.set('', 'parlour_id=other').set('www.shop.example', 'parlour_id=another');
  identity.erase();
  assert.equal(cookies.size, 0);
  assert.notEqual(identity.id(), id);
});
