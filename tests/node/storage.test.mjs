// @ts-check
import './page.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { eraseStorage, openStorage } from '../../www/storage.js';
import { freshName } from './page.mjs';

/** @param {string} [name] */
const open = async (name = freshName()) => {
  const storage = await openStorage({ name });
  assert.ok(storage);
  return storage;
};
const bytes = (/** @type {number[]} */ ...values) => Uint8Array.from(values);
/** @param {import('../../www/storage.js').StoreName} store @param {string} key @param {unknown} value */
const entry = (store, key, value) => ({ store, key, value });

test('what is appended is read back in key order, up to the limit', async () => {
  const storage = await open();
  assert.equal(await storage.append([entry('outbox', 'b', 2), entry('outbox', 'a', 1), entry('outbox', 'c', 3)]), true);
  assert.deepEqual(await storage.read('outbox', 2), [['a', 1], ['b', 2]]);
  assert.deepEqual(await storage.read('journal', 2), []);
});

test('all appends of one task share one transaction', async () => {
  let transactions = 0;
  const indexedDB = new IDBFactory();
  const storage = await openStorage({ name: 'one', indexedDB });
  assert.ok(storage);
  const { prototype } = IDBDatabase;
  const original = prototype.transaction;
  prototype.transaction = function (/** @type {any} */ ...args) {
    transactions++;
    return original.apply(this, args);
  };
  try {
    const first = storage.append([entry('outbox', 'a', 1)]);
    const second = storage.append([entry('journal', 'b', bytes(1))]);
    assert.deepEqual(await Promise.all([first, second, storage.set('c', 1)]), [true, true, true]);
    assert.equal(transactions, 1);
    await storage.append([entry('outbox', 'd', 1)]);
    assert.equal(transactions, 2);
  } finally {
    prototype.transaction = original;
  }
});

test('removing takes the named keys, or all', async () => {
  const storage = await open();
  await storage.append(['a', 'b', 'c'].map((key) => entry('outbox', key, key)));
  assert.equal(await storage.remove('outbox', ['a', 'none']), true);
  assert.deepEqual(await storage.read('outbox', 9), [['b', 'b'], ['c', 'c']]);
  await storage.remove('outbox');
  assert.deepEqual(await storage.read('outbox', 9), []);
});

test('removing takes what was appended in the same task', async () => {
  const storage = await open();
  storage.append([entry('outbox', 'a', 1), entry('outbox', 'b', 1)]);
  storage.remove('outbox', ['a']);
  await storage.append([]);
  assert.deepEqual(await storage.read('outbox', 9), [['b', 1]]);
});

test('kept values are set, got and updated', async () => {
  const storage = await open();
  assert.equal(await storage.get('n'), undefined);
  await storage.set('n', 1);
  assert.equal(await storage.update('n', (old) => old + 1), 2);
  assert.equal(await storage.get('n'), 2);
  assert.equal(await storage.update('n', () => assert.fail()), undefined);
  assert.equal(await storage.get('n'), 2);
});

test('two connections updating one value lose no update', async () => {
  const name = freshName();
  const [one, two] = [await open(name), await open(name)];
  await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).update('n', (old = 0) => old + 1)));
  assert.equal(await one.get('n'), 40);
});

test('a fold takes the snapshot and every entry, and deletes what it folded', async () => {
  const storage = await open();
  await storage.append([entry('journal', '2', bytes(2)), entry('journal', '1', bytes(1))]);
  const join = (/** @type {Uint8Array | undefined} */ old, /** @type {Uint8Array[]} */ list) => bytes(...(old ?? []), ...list.flatMap((part) => [...part]));
  assert.deepEqual(await storage.fold(join), bytes(1, 2));
  assert.deepEqual(await storage.read('journal', 9), []);
  await storage.append([entry('journal', '3', bytes(3))]);
  assert.deepEqual(await storage.fold(join), bytes(1, 2, 3));
  assert.deepEqual(await storage.get('snapshot'), bytes(1, 2, 3));
});

test('a fold that throws changes nothing', async () => {
  const storage = await open();
  await storage.set('snapshot', bytes(7));
  await storage.append([entry('journal', '1', bytes(1))]);
  assert.equal(await storage.fold(() => { throw new Error('trap'); }), undefined);
  assert.deepEqual(await storage.get('snapshot'), bytes(7));
  assert.equal((await storage.read('journal', 9))?.length, 1);
});

test('a value that cannot be cloned stores nothing of its task and rejects nothing', async () => {
  const storage = await open();
  assert.equal(await storage.append([entry('outbox', 'a', 1), entry('outbox', 'b', () => {})]), undefined);
  assert.deepEqual(await storage.read('outbox', 9), []);
  assert.equal(await storage.append([entry('outbox', 'a', 1)]), true);
});

test('erasing closes the other connections and leaves no database', async () => {
  const indexedDB = new IDBFactory();
  const [one, two] = [await openStorage({ name: 'x', indexedDB }), await openStorage({ name: 'x', indexedDB })];
  assert.ok(one && two);
  await one.set('visitor', 'v');
  assert.equal(await one.erase(), true);
  assert.deepEqual(await indexedDB.databases(), []);
  for (const storage of [one, two]) {
    assert.equal(await storage.append([entry('outbox', 'a', 1)]), undefined);
    assert.equal(await storage.read('outbox', 9), undefined);
    assert.equal(await storage.get('visitor'), undefined);
  }
  const again = await openStorage({ name: 'x', indexedDB });
  assert.equal(await again?.get('visitor'), undefined);
  assert.deepEqual(await again?.read('outbox', 9), []);
});

test('a connection that will not close delays the deletion, not the emptying', async () => {
  const indexedDB = new IDBFactory();
  const storage = await openStorage({ name: 'x', indexedDB });
  assert.ok(storage);
  await storage.set('visitor', 'v');
  const stuck = await new Promise((resolve) => {
    const request = indexedDB.open('x');
    request.onsuccess = () => resolve(request.result);
  });
  assert.equal(await storage.erase(), true);
  const left = await new Promise((resolve) => {
    const request = stuck.transaction('keep').objectStore('keep').getAllKeys();
    request.onsuccess = () => resolve(request.result);
  });
  assert.deepEqual(left, []);
  stuck.close();
});

test('leftovers are erased without opening the database', async () => {
  const indexedDB = new IDBFactory();
  const storage = await openStorage({ name: 'x', indexedDB });
  await storage?.set('visitor', 'v');
  storage?.close();
  assert.equal(await eraseStorage({ name: 'x', indexedDB }), true);
  assert.deepEqual(await indexedDB.databases(), []);
});

/** @type {[string, () => any][]} */
const BROKEN = [
  ['throws', () => ({ open: () => { throw new Error('denied'); }, deleteDatabase: () => { throw new Error('denied'); } })],
  ['answers with an error', () => {
    const fail = () => {
      const request = { onerror: () => {} };
      setTimeout(() => request.onerror());
      return request;
    };
    return { open: fail, deleteDatabase: fail };
  }],
];
for (const [how, make] of BROKEN)
  test(`storage that ${how} is null and cannot be erased`, async () => {
    assert.equal(await openStorage({ indexedDB: make() }), null);
    assert.equal(await eraseStorage({ indexedDB: make() }), false);
  });

test('storage that opens too late is null and is closed again', async () => {
  let closed = false;
  const request = { onsuccess: () => {}, result: { close: () => (closed = true) } };
  const indexedDB = /** @type {any} */ ({ open: () => request });
  assert.equal(await openStorage({ indexedDB, openMs: 1 }), null);
  request.onsuccess();
  assert.equal(closed, true);
});

test('a database of a newer version is left alone', async () => {
  const indexedDB = new IDBFactory();
  await new Promise((resolve) => {
    const request = indexedDB.open('x', 2);
    request.onsuccess = () => resolve(request.result.close());
  });
  assert.equal(await openStorage({ name: 'x', indexedDB }), null);
  assert.deepEqual(await indexedDB.databases(), [{ name: 'x', version: 2 }]);
});
