// @ts-check
import { freshName, settled } from './page.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutbox } from '../../www/outbox.js';
import { openStorage } from '../../www/storage.js';
import { parsed, record } from './records.mjs';

const DAY_MS = 864e5;
const KEYS_OF_A_ROW = ['bytes', 'priority', 'text'];

/** @param {Partial<Parameters<typeof createOutbox>[0]> & {name?: string}} [options] */
const make = async ({ name = freshName(), ...options } = {}) => {
  const storage = await openStorage({ name });
  assert.ok(storage);
  const outbox = createOutbox({ anonymousId: () => 'visitor', ...options });
  return { outbox, storage, name };
};
/** @param {Parameters<typeof make>[0]} [options] */
const opened = async (options) => {
  const made = await make(options);
  made.outbox.open();
  made.outbox.attach(made.storage);
  return made;
};
const ids = (/** @type {{id: string}[]} */ batch) => batch.map(({ id }) => id);
/** @param {import('../../www/storage.js').Storage} storage */
const rows = async (storage) => (await storage.read('outbox', 9999)) ?? [];

test('each record is one row, written before it is sent, with the visitor id', async () => {
  const { outbox, storage } = await opened();
  const one = record();
  outbox.add(one);
  await settled();
  const [[key, row]] = /** @type {any} */ (await rows(storage));
  assert.equal(key, one.id);
  assert.deepEqual(Object.keys(row).sort(), KEYS_OF_A_ROW);
  assert.equal(JSON.parse(row.text).anonymousId, 'visitor');
  assert.equal(row.bytes, row.text.length);
});

test('where ids are forbidden none is added', async () => {
  const { outbox } = await opened({ anonymousId: () => undefined });
  outbox.add(record());
  assert.equal('anonymousId' in parsed(outbox.tail(1e5))[0], false);
});

test('while consent is unknown nothing is stored, taken or left with', async () => {
  const { outbox, storage } = await make();
  outbox.attach(storage);
  outbox.add(record());
  await settled();
  assert.deepEqual(await rows(storage), []);
  assert.deepEqual(await outbox.take(50, 1e5), []);
  assert.deepEqual(outbox.tail(1e5), []);
  assert.deepEqual([outbox.size, outbox.due], [1, 0]);
});

test('what was held is stored and sent on a grant, each once', async () => {
  const { outbox, storage } = await make();
  const held = [record(), record()];
  held.forEach(outbox.add);
  outbox.open();
  assert.deepEqual(await outbox.take(50, 1e5), [], 'the visitor id is not settled yet');
  outbox.attach(storage);
  await settled();
  assert.equal((await rows(storage)).length, 2);
  assert.deepEqual(parsed(await outbox.take(50, 1e5)).map((event) => event.anonymousId), ['visitor', 'visitor']);
});

test('a denial drops and counts what was held and what comes', async () => {
  const { outbox } = await make();
  outbox.add(record());
  outbox.add(record());
  outbox.shut();
  outbox.add(record());
  assert.deepEqual(outbox.drops, { denied: 3 });
  assert.deepEqual([outbox.size, outbox.bytes], [0, 0]);
  assert.deepEqual(outbox.tail(1e5), []);
});

test('consent taken back to unknown clears what was kept, and holds what comes', async () => {
  const { outbox } = await opened();
  outbox.add(record());
  outbox.hold();
  assert.deepEqual([outbox.size, outbox.drops], [0, { denied: 1 }]);
  const held = record();
  outbox.add(held);
  outbox.hold();
  assert.deepEqual([outbox.size, outbox.due], [1, 0]);
  outbox.open();
  outbox.attach(null);
  assert.deepEqual(ids(outbox.tail(1e5)), [held.id]);
});

test('consent withdrawn while reading takes nothing', async () => {
  const { outbox } = await opened();
  outbox.add(record());
  await settled();
  const taking = outbox.take(50, 1e5);
  outbox.shut();
  assert.deepEqual(await taking, []);
});

test('a record nothing could be made of is counted', async () => {
  const { outbox } = await opened();
  outbox.add(undefined);
  assert.deepEqual(outbox.drops, { broken: 1 });
});

test('without storage records are kept and sent from memory', async () => {
  const { outbox } = await make();
  outbox.open();
  outbox.attach(null);
  const one = record();
  outbox.add(one);
  assert.deepEqual(ids(await outbox.take(50, 1e5)), [one.id]);
  outbox.settle({ [one.id]: 'ok' });
  assert.deepEqual(await outbox.take(50, 1e5), []);
});

test('storage that breaks in mid-visit loses nothing of this page', async () => {
  const { outbox, storage } = await opened();
  const list = [record(), record()];
  outbox.add(list[0]);
  await settled();
  await storage.erase();
  outbox.add(list[1]);
  await settled();
  assert.deepEqual(ids(await outbox.take(50, 1e5)), ids(list));
});

test('the urgent go first, then the older', async () => {
  const { outbox } = await opened();
  const list = [record(), record({ priority: 0 }), record(), record({ priority: 0 })];
  list.forEach(outbox.add);
  const expect = [1, 3, 0, 2].map((i) => list[i].id);
  assert.deepEqual(ids(outbox.tail(1e5)), expect);
  assert.deepEqual(ids(await outbox.take(50, 1e5)), expect);
});

/** @type {[number, number, number][]} */
const LIMITS = [
  [3, 1e5, 3],
  [50, 1000, 4],
  [50, 1, 1],
];
for (const [count, size, expect] of LIMITS)
  test(`a batch of at most ${count} records and ${size} bytes takes ${expect} of 10`, async () => {
    const { outbox } = await opened({ anonymousId: () => undefined });
    for (let i = 0; i < 10; i++) outbox.add(record({ bytes: 200 }));
    assert.equal((await outbox.take(count, size)).length, expect);
  });

test('earlier pages leave their records to this one', async () => {
  const before = await opened();
  const left = [record(), record({ priority: 0 })];
  left.forEach(before.outbox.add);
  await settled();
  const { outbox, storage } = await opened({ name: before.name });
  const mine = record();
  outbox.add(mine);
  await settled();
  const batch = await outbox.take(50, 1e5);
  assert.deepEqual(ids(batch), [left[1].id, left[0].id, mine.id]);
  for (const { text, bytes } of batch) assert.deepEqual([text.split('anonymousId').length, text.length], [2, bytes]);
  assert.equal(outbox.settle(Object.fromEntries(left.map(({ id }) => [id, 'ok']))), 0);
  await settled();
  assert.deepEqual((await rows(storage)).map(([key]) => key), [mine.id]);
});

test('what another tab delivered is not sent again', async () => {
  const one = await opened();
  const two = await opened({ name: one.name });
  const mine = record();
  one.outbox.add(mine);
  await settled();
  two.outbox.settle({ [mine.id]: 'ok' });
  await settled();
  assert.deepEqual(await one.outbox.take(50, 1e5), []);
  assert.equal(one.outbox.size, 0);
});

test('other tabs hear of an acknowledgement', async () => {
  const channels = [new BroadcastChannel('o'), new BroadcastChannel('o')];
  try {
    const one = await opened({ channel: channels[0] });
    const two = await opened({ name: one.name, channel: channels[1] });
    const mine = record();
    one.outbox.add(mine);
    await settled();
    two.outbox.settle({ [mine.id]: 'ok' });
    const end = Date.now() + 5000;
    while (one.outbox.size && Date.now() < end) await settled();
    assert.deepEqual(one.outbox.tail(1e5), []);
  } finally {
    for (const channel of channels) channel.close();
  }
});

/** @type {[any, boolean][]} */
const RESULTS = [
  ['ok', false],
  ['drop', false],
  ['warning', false],
  ['refused', false],
  ['retry', true],
  [undefined, true],
  ['unknown', true],
  [7, true],
  ['okay', true],
];
for (const [result, stays] of RESULTS)
  test(`a record answered ${result} ${stays ? 'stays' : 'goes'}`, async () => {
    const { outbox, storage } = await opened();
    const one = record();
    outbox.add(one);
    await settled();
    assert.equal(outbox.settle({ [one.id]: result }), Number(stays));
    await settled();
    assert.deepEqual([outbox.size, (await rows(storage)).length], stays ? [1, 1] : [0, 0]);
    assert.deepEqual(outbox.drops, result === 'refused' ? { refused: 1 } : {});
  });

test('a duplicate acknowledgement is harmless', async () => {
  const { outbox } = await opened();
  const [one, two] = [record(), record()];
  outbox.add(one);
  outbox.add(two);
  outbox.settle({ [one.id]: 'ok' });
  outbox.settle({ [one.id]: 'ok', 'never-sent': 'ok' });
  assert.deepEqual([outbox.size, outbox.drops], [1, {}]);
  assert.ok(outbox.bytes > 0);
});

test('over the cap the oldest of the least urgent is evicted and counted', async () => {
  const { outbox, storage } = await opened({ maxEvents: 4 });
  const list = [record({ priority: 0 }), record(), record(), record(), record({ priority: 0 }), record()];
  for (const one of list) {
    outbox.add(one);
    await settled();
  }
  assert.deepEqual(outbox.drops, { full: 2 });
  const kept = [0, 3, 4, 5].map((i) => list[i].id).sort();
  assert.deepEqual((await rows(storage)).map(([key]) => key), kept);
  assert.deepEqual(ids(await outbox.take(50, 1e5)).sort(), kept);
});

test('while more urgent records fill the outbox a lesser one does not enter', async () => {
  const { outbox, storage } = await opened({ maxEvents: 2 });
  const list = [record({ priority: 0 }), record({ priority: 0 }), record()];
  for (const one of list) {
    outbox.add(one);
    await settled();
  }
  assert.deepEqual(ids(outbox.tail(1e5)), ids(list.slice(0, 2)));
  await settled();
  assert.deepEqual((await rows(storage)).map(([key]) => key), ids(list.slice(0, 2)));
});

test('a record added twice counts once', async () => {
  const { outbox } = await opened();
  const one = record();
  outbox.add(one);
  const { bytes } = outbox;
  outbox.add(one);
  assert.deepEqual([outbox.size, outbox.bytes], [1, bytes]);
});

test('whatever is added, the outbox stays within its caps and every record is explained', async () => {
  const { outbox, storage } = await opened({ maxEvents: 40, maxBytes: 9000 });
  let random = 7;
  const next = (/** @type {number} */ n) => (random = (random * 48271) % 2147483647) % n;
  let acked = 0;
  for (let i = 1; i <= 400; i++) {
    outbox.add(record({ priority: next(2), bytes: 100 + next(900) }));
    assert.ok(outbox.size <= 40 && outbox.bytes <= 9000);
    if (i % 50 === 0) {
      const batch = outbox.tail(2000);
      outbox.settle(Object.fromEntries(batch.map(({ id }) => [id, 'ok'])));
      acked += batch.length;
    }
  }
  await settled();
  assert.equal(outbox.size + acked + outbox.drops.full, 400);
  assert.equal((await rows(storage)).length, outbox.size);
  assert.equal(outbox.bytes, outbox.tail(1e6).reduce((sum, { bytes }) => sum + bytes, 0));
});

test('a record added and evicted in one task is not stored', async () => {
  const { outbox, storage } = await opened({ maxEvents: 2 });
  const list = [record(), record(), record(), record()];
  list.forEach(outbox.add);
  await settled();
  assert.deepEqual((await rows(storage)).map(([key]) => key), ids(list.slice(2)));
});

test('what many pages left behind is cut to the caps, and counted', async () => {
  const { storage, name } = await make();
  await storage.append(Array.from({ length: 30 }, () => record()).map(({ id, text, bytes, priority }) => ({ store: 'outbox', key: id, value: { text, bytes, priority } })));
  const { outbox } = await opened({ name, maxEvents: 20 });
  assert.equal((await outbox.take(50, 1e6)).length, 20);
  assert.deepEqual(outbox.drops, { full: 10 });
  await settled();
  assert.equal((await rows(storage)).length, 20);
});

test('records older than the server remembers ids are dropped and counted', async () => {
  const { storage, name } = await make();
  const list = [record({ at: Date.now() - 31 * DAY_MS }), record({ at: Date.now() - 29 * DAY_MS }), record({ at: Date.now() + 3650 * DAY_MS })];
  await storage.append(list.map(({ id, text, bytes, priority }) => ({ store: 'outbox', key: id, value: { text, bytes, priority } })));
  const { outbox } = await opened({ name });
  assert.deepEqual(ids(await outbox.take(50, 1e5)), ids(list.slice(1)));
  assert.deepEqual(outbox.drops, { old: 1 });
});

test('stored rows that are no records are dropped and counted', async () => {
  const { storage, name } = await make();
  const good = record();
  const { id, text } = record();
  const bad = [null, 7, {}, { text: 7, bytes: 9, priority: 1 }, { text, bytes: 1, priority: 1 }, { text: '{"messageId":"other"}', bytes: 99, priority: 1 }, { text, priority: 1 }];
  for (const value of bad) {
    await storage.append([{ store: 'outbox', key: id, value }, { store: 'outbox', key: good.id, value: { ...good, priority: 'high', leaving: true } }]);
    const { outbox } = await opened({ name });
    assert.deepEqual(ids(await outbox.take(50, 1e5)), [good.id]);
    assert.deepEqual(outbox.drops, { corrupt: 1 });
    await settled();
    assert.equal((await rows(storage)).length, 1);
  }
});

test('sequence: the first not settled and the last given out', async () => {
  const { outbox } = await opened();
  const list = [1, 2, 3].map((seq) => ({ ...record(), seq }));
  list.forEach(outbox.add);
  assert.deepEqual([outbox.first, outbox.last], [1, 3]);
  outbox.settle({ [list[0].id]: 'ok' });
  assert.deepEqual([outbox.first, outbox.last], [2, 3]);
  outbox.settle({ [list[1].id]: 'ok', [list[2].id]: 'ok' });
  assert.deepEqual([outbox.first, outbox.last], [4, 3]);
});

test('the lease is held by one tab, given back, and lost when it runs out or lies in the far future', async () => {
  const { outbox, storage } = await opened();
  assert.equal(await outbox.lease('a', 1000), true);
  assert.equal(await outbox.lease('b', 1000), false);
  assert.equal(await outbox.lease('a', 0), true);
  assert.equal(await outbox.lease('b', 1000), true);
  await storage.set('lease', { tab: 'gone', until: Date.now() - 1 });
  assert.equal(await outbox.lease('a', 1000), true);
  await storage.set('lease', { tab: 'gone', until: Date.now() + 3650 * DAY_MS });
  assert.equal(await outbox.lease('b', 1000), true);
  outbox.attach(null);
  assert.equal(await outbox.lease('c', 1000), true);
});
