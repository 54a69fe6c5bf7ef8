// @ts-check
import { freshName, page, settled } from './page.mjs';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { createOutbox } from '../../www/outbox.js';
import { openStorage } from '../../www/storage.js';
import { createTransport } from '../../www/transport.js';
import { record } from './records.mjs';

/** @typedef {{body: any, size: number, keepalive: boolean, signal: AbortSignal}} Sent */

/** @type {AbortController[]} */
const controllers = [];
beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => {
  for (const control of controllers.splice(0)) control.abort();
  mock.timers.reset();
});

/** @param {number} ms */
const pass = async (ms) => {
  await settled();
  mock.timers.tick(ms);
  await settled();
};

const json = (/** @type {any} */ value, /** @type {ResponseInit} */ init = {}) => new Response(JSON.stringify(value), init);
/** @param {Sent} sent */
const ack = ({ body }) => json({ parlour: 1, results: Object.fromEntries(body.batch.map((/** @type {any} */ event) => [event.messageId, 'ok'])), now: 0 });
const status = (/** @type {number} */ code, headers = {}) => () => new Response(null, { status: code, headers });

/**
 * @param {((sent: Sent) => Response | Promise<Response>)[]} answers one per request, then acknowledgements
 * @param {{memory?: boolean, name?: string, tab?: string}} [options]
 */
const make = async (answers = [], { memory = false, name = freshName(), tab = 'tab-1' } = {}) => {
  const storage = memory ? null : await openStorage({ name });
  const outbox = createOutbox({ anonymousId: () => undefined });
  /** @type {Sent[]} */
  const sent = [];
  /** @type {string[]} */
  const told = [];
  const control = new AbortController();
  controllers.push(control);
  const transport = createTransport({
    outbox,
    tab,
    endpoint: '/v1/batch',
    writeKey: 'key',
    random: () => 1,
    tell: (text) => told.push(text),
    signal: control.signal,
    fetch: /** @type {any} */ (
      async (/** @type {string} */ _, /** @type {any} */ init) => {
        const one = { body: JSON.parse(init.body), size: Buffer.byteLength(init.body), keepalive: init.keepalive, signal: init.signal };
        sent.push(one);
        return (answers.shift() ?? ack)(one);
      }
    ),
  });
  outbox.open();
  outbox.attach(storage);
  const rows = async () => (await storage?.read('outbox', 9999))?.map(([id]) => id);
  return { outbox, transport, sent, told, storage, control, rows, name };
};
const counts = (/** @type {Sent[]} */ sent) => sent.map(({ body }) => body.batch.length);

test('a batch goes two seconds after the first event, with its envelope', async () => {
  const { outbox, sent, rows } = await make();
  const list = [record(), record()].map((one, i) => ({ ...one, seq: i + 1 }));
  list.forEach(outbox.add);
  await pass(1999);
  assert.equal(sent.length, 0);
  await pass(1);
  assert.equal(sent.length, 1);
  const { batch, sentAt, ...rest } = sent[0].body;
  assert.deepEqual(batch.map((/** @type {any} */ event) => event.messageId), list.map(({ id }) => id));
  assert.ok(Date.parse(sentAt) > 0);
  assert.deepEqual(rest, { writeKey: 'key', context: { parlour: { tab: 'tab-1', first: 1, last: 2, drops: {} } } });
  assert.deepEqual([outbox.size, await rows()], [0, []]);
});

test('fifty events go at once, in batches of at most fifty', async () => {
  const { outbox, sent } = await make();
  for (let i = 0; i < 120; i++) outbox.add(record());
  await settled();
  assert.deepEqual(counts(sent), [50, 50, 20]);
});

test('a body stays under 60,000 bytes', async () => {
  const { outbox, sent, transport } = await make();
  for (let i = 0; i < 20; i++) outbox.add(record({ bytes: 20_000 }));
  assert.equal(await transport.flush(), true);
  assert.equal(counts(sent).reduce((sum, n) => sum + n), 20);
  for (const { size } of sent) assert.ok(size <= 60_000, `${size}`);
});

test('without storage events are sent from memory', async () => {
  const { outbox, sent, transport } = await make([], { memory: true });
  outbox.add(record());
  assert.equal(await transport.flush(), true);
  assert.deepEqual([counts(sent), outbox.size], [[1], 0]);
});

test('what earlier pages left is sent by a flush', async () => {
  const before = await make([() => Promise.reject(new TypeError('offline'))]);
  before.outbox.add(record());
  assert.equal(await before.transport.flush(), false);
  const { transport, sent, rows } = await make([], { name: before.name });
  assert.equal(await transport.flush(), true);
  assert.deepEqual([counts(sent), await rows()], [[1], []]);
});

/** @type {[string, (sent: Sent) => Response | Promise<Response>][]} */
const NO_ACK = [
  ['a page of a captive portal', () => new Response('<!doctype html>Log in', { headers: { 'content-type': 'text/html' } })],
  ['an empty 204', status(204)],
  ['JSON without the token', () => json({ ok: true })],
  ['JSON null', () => json(null)],
  ['results without the token', async (sent) => json({ ...(await ack(sent).json()), parlour: undefined })],
  ['results with another token', async (sent) => json({ ...(await ack(sent).json()), parlour: '1' })],
  ['the token without results', () => json({ parlour: 1 })],
  ['results for others', () => json({ parlour: 1, results: { other: 'ok' } })],
  ['an acknowledgement with status 500', () => json({ success: true }, { status: 500 })],
  ['success that is not true', () => json({ success: 'true' })],
  ['a redirect', status(302)],
  ['an opaque answer', () => Response.error()],
  ['no answer', () => Promise.reject(new TypeError('failed'))],
  ['408', status(408)],
  ['429', status(429)],
  ['500', status(500)],
  ['503', status(503)],
];
for (const [what, answer] of NO_ACK)
  test(`${what} acknowledges nothing; the event is sent again and once stored, gone`, async () => {
    const { outbox, transport, sent, rows } = await make([answer, answer]);
    const one = record();
    outbox.add(one);
    assert.equal(await transport.flush(), false);
    assert.deepEqual(await rows(), [one.id]);
    await pass(999);
    assert.equal(sent.length, 1);
    await pass(1);
    assert.equal(sent.length, 2);
    await pass(2000);
    assert.deepEqual([sent.length, outbox.size, await rows(), outbox.drops], [3, 0, [], {}]);
  });

test('one line in the console says where and what, however often it fails', async () => {
  const { outbox, told } = await make([status(503), status(500), status(502)]);
  outbox.add(record());
  for (let i = 0; i < 3; i++) await pass(10_000);
  assert.deepEqual(told, ['parlour: /v1/batch: no acknowledgement (503): events are kept and sent again']);
});

test('a Segment-compatible success acknowledges the whole batch', async () => {
  const { outbox, transport } = await make([() => json({ success: true })]);
  outbox.add(record());
  outbox.add(record());
  assert.equal(await transport.flush(), true);
  assert.equal(outbox.size, 0);
});

test('of partial results only what was settled goes, the rest is sent again', async () => {
  const [a, b, c, d] = [record(), record(), record(), record()];
  const { outbox, transport, sent, told } = await make([() => json({ parlour: 1, results: { [a.id]: 'ok', [b.id]: 'retry', [c.id]: 'drop' } })]);
  [a, b, c, d].forEach(outbox.add);
  assert.equal(await transport.flush(), false);
  await pass(1000);
  assert.deepEqual(sent[1].body.batch.map((/** @type {any} */ event) => event.messageId), [b.id, d.id]);
  assert.deepEqual([outbox.size, told], [0, []]);
});

for (const code of [413, 400])
  test(`${code} splits until the event at fault stands alone, which is set aside and counted`, async () => {
    const list = Array.from({ length: 50 }, () => record());
    const poison = list[33].id;
    const answer = (/** @type {Sent} */ one) => (one.body.batch.some((/** @type {any} */ event) => event.messageId === poison) ? new Response(null, { status: code }) : ack(one));
    const { outbox, transport, sent, rows, told } = await make(Array(99).fill(answer));
    list.forEach(outbox.add);
    assert.equal(await transport.flush(), true);
    assert.deepEqual([outbox.size, await rows(), outbox.drops, told], [0, [], { refused: 1 }, []]);
    assert.ok(sent.length < 20, `${sent.length} requests`);
  });

test('an endpoint that refuses every event loses one per back-off, not all at once', async () => {
  const { outbox, transport, sent, told } = await make(Array(99).fill(status(400)));
  for (let i = 0; i < 40; i++) outbox.add(record());
  assert.equal(await transport.flush(), false);
  assert.deepEqual(outbox.drops, { refused: 4 });
  const requests = sent.length;
  await pass(7999);
  assert.equal(sent.length, requests);
  await pass(1);
  assert.deepEqual([sent.length, outbox.drops], [requests + 1, { refused: 5 }]);
  assert.deepEqual(told, ['parlour: /v1/batch: no acknowledgement (400): events are set aside']);
});

for (const code of [401, 403, 404])
  test(`${code} stops the sending with one message and keeps the events`, async () => {
    const { outbox, transport, sent, told, rows } = await make([status(code)]);
    const one = record();
    outbox.add(one);
    await transport.flush();
    outbox.add(record());
    page.fire('online');
    page.fire('pagehide');
    assert.equal(await transport.flush(), false);
    await pass(1e9);
    assert.deepEqual([sent.length, (await rows())?.length], [1, 2]);
    assert.deepEqual(told, [`parlour: /v1/batch: no acknowledgement (${code}): events are kept, sending stops`]);
  });

/** @type {[string, number][]} */
const RETRY_AFTER = [
  ['7', 7000],
  ['1000000000', 3_600_000],
  ['1e999', 3_600_000],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 3_600_000],
  ['0', 1000],
  ['-5', 1000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 1000],
  ['soon', 1000],
];
for (const [header, waitMs] of RETRY_AFTER)
  test(`Retry-After: ${header} waits ${waitMs} ms`, async () => {
    const { outbox, sent, transport } = await make([status(429, { 'retry-after': header })]);
    outbox.add(record());
    await transport.flush();
    if (waitMs > 1000) assert.equal(await transport.flush(), false, 'not even when asked');
    await pass(waitMs - 1);
    assert.equal(sent.length, 1);
    await pass(1);
    assert.deepEqual([sent.length, outbox.size], [2, 0]);
  });

test('Retry-After as a date waits until then', async () => {
  const { outbox, sent, transport } = await make([status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() })]);
  outbox.add(record());
  await transport.flush();
  await pass(55_000);
  assert.equal(sent.length, 1);
  await pass(6_000);
  assert.equal(sent.length, 2);
});

test('back-off doubles from one second to five minutes', async () => {
  const { outbox, sent, transport } = await make(Array(12).fill(status(500)));
  outbox.add(record());
  await transport.flush();
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    const before = sent.length;
    await pass(seconds * 1000 - 1);
    assert.equal(sent.length, before);
    await pass(1);
    assert.equal(sent.length, before + 1);
  }
});

test('an acknowledgement starts the back-off anew', async () => {
  const { outbox, sent, transport } = await make([status(500), status(500), ack, status(500)]);
  outbox.add(record());
  await transport.flush();
  await pass(1000);
  await pass(2000);
  assert.equal(outbox.size, 0);
  outbox.add(record());
  await transport.flush();
  await pass(1000);
  assert.deepEqual([sent.length, outbox.size], [5, 0]);
});

test('new events do not shorten a back-off, nor does anything get stuck after one', async () => {
  const { outbox, sent, transport } = await make([status(500), status(500)]);
  outbox.add(record());
  await transport.flush();
  for (let i = 0; i < 60; i++) outbox.add(record());
  await pass(999);
  assert.equal(sent.length, 1);
  await pass(1);
  await pass(2000);
  assert.equal(outbox.size, 0);
  outbox.add(record());
  await pass(2000);
  assert.equal(outbox.size, 0);
});

test('an event another tab delivered in the back-off leaves the next one its turn', async () => {
  const one = await make([status(500)]);
  const mine = record();
  one.outbox.add(mine);
  await one.transport.flush();
  await one.storage?.remove('outbox', [mine.id]);
  await pass(1000);
  assert.equal(one.outbox.size, 0);
  one.outbox.add(record());
  await pass(2000);
  assert.deepEqual(counts(one.sent), [1, 1]);
});

test('a request that takes longer than 20 s is aborted and tried again', async () => {
  const hang = (/** @type {Sent} */ { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { outbox, sent } = await make([/** @type {any} */ (hang)]);
  outbox.add(record());
  await pass(2000);
  await pass(19_999);
  assert.equal(sent[0].signal.aborted, false);
  await pass(1);
  assert.equal(sent[0].signal.aborted, true);
  await pass(1000);
  assert.deepEqual([sent.length, outbox.size], [2, 0]);
});

test('an answer that never ends is aborted', async () => {
  const endless = (/** @type {Sent} */ { signal }) =>
    new Response(new ReadableStream({ start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)) }));
  const { outbox, sent } = await make([endless]);
  outbox.add(record());
  await pass(2000);
  await pass(20_000);
  await pass(1000);
  assert.deepEqual([sent.length, outbox.size], [2, 0]);
});

test('leaving sends in the same task, with keepalive, once', async () => {
  const { outbox, sent } = await make();
  outbox.add(record());
  page.document.visibilityState = 'hidden';
  page.fire('visibilitychange');
  page.document.visibilityState = 'visible';
  page.fire('pagehide');
  assert.deepEqual(sent.map(({ keepalive, body }) => [keepalive, body.batch.length]), [[true, 1]]);
  await settled();
  assert.equal(outbox.size, 0);
});

test('what leaving could not deliver is sent again', async () => {
  const { outbox, sent } = await make([() => Promise.reject(new TypeError('cut'))]);
  outbox.add(record());
  page.fire('pagehide');
  await pass(2000);
  assert.deepEqual([sent.length, outbox.size], [2, 0]);
});

test('where fetch is patched to throw, leaving falls back to sendBeacon, which acknowledges nothing', async () => {
  const { outbox, storage } = await make([], {});
  const control = new AbortController();
  controllers.push(control);
  createTransport({ outbox, endpoint: '/b', tab: 't', tell: () => {}, signal: control.signal, fetch: () => { throw new Error('patched'); } });
  controllers[0].abort();
  /** @type {any[]} */
  const beacons = [];
  Object.assign(page.navigator, { sendBeacon: (/** @type {any[]} */ ...args) => beacons.push(args) > 0 });
  try {
    outbox.add(record());
    page.fire('pagehide');
    await settled();
    assert.equal(beacons[0][0], '/b');
    assert.equal(JSON.parse(beacons[0][1]).batch.length, 1);
    assert.deepEqual([outbox.size, (await storage?.read('outbox', 9))?.length], [1, 1]);
  } finally {
    Object.assign(page.navigator, { sendBeacon: undefined });
  }
});

test('while told to wait, leaving sends only what is not stored', async () => {
  const wait = status(429, { 'retry-after': '60' });
  const kept = await make([wait]);
  kept.outbox.add(record());
  await kept.transport.flush();
  page.fire('pagehide');
  assert.equal(kept.sent.length, 1);
  const memory = await make([wait], { memory: true });
  memory.outbox.add(record());
  await memory.transport.flush();
  page.fire('pagehide');
  assert.equal(memory.sent.length, 2);
});

test('withdrawn consent aborts what is in flight and sends no more', async () => {
  const hang = (/** @type {Sent} */ { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { outbox, transport, sent, told } = await make([/** @type {any} */ (hang)]);
  outbox.add(record());
  await pass(2000);
  outbox.shut();
  transport.halt();
  assert.equal(sent[0].signal.aborted, true);
  outbox.add(record());
  page.fire('pagehide');
  await pass(1e6);
  assert.deepEqual([sent.length, told, outbox.drops], [1, [], { denied: 2 }]);
});

/** An event that stays, consent withdrawn and given again, another event. @param {Pick<Awaited<ReturnType<typeof make>>, 'outbox' | 'transport' | 'storage'>} parts */
const withdrawAndGrant = async ({ outbox, transport, storage }) => {
  outbox.add(record());
  await transport.flush();
  outbox.shut();
  transport.halt();
  outbox.open();
  outbox.attach(storage);
  outbox.add(record());
  await pass(2000);
};

test('consent given again sends again', async () => {
  const { outbox, transport, sent, storage } = await make([status(500)]);
  await withdrawAndGrant({ outbox, transport, storage });
  assert.equal(outbox.size, 0);
  assert.equal(sent.length, 2);
});

test('consent given again is not held up by an earlier Retry-After', async () => {
  const { outbox, transport, sent, storage } = await make([status(429, { 'retry-after': '3600' })]);
  await withdrawAndGrant({ outbox, transport, storage });
  assert.deepEqual([sent.length, outbox.size], [2, 0]);
});

test('stopping aborts what is in flight', async () => {
  const hang = (/** @type {Sent} */ { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { outbox, control, sent, told, rows } = await make([/** @type {any} */ (hang)]);
  outbox.add(record());
  await pass(2000);
  control.abort();
  assert.equal(sent[0].signal.aborted, true);
  await pass(1e6);
  assert.deepEqual([sent.length, told, (await rows())?.length], [1, [], 1]);
});

test('stopping removes timers and listeners', async () => {
  const { outbox, control, sent } = await make();
  outbox.add(record());
  control.abort();
  page.fire('pagehide');
  page.fire('online');
  await pass(1e6);
  assert.deepEqual([sent.length, outbox.size], [0, 1]);
});

test('coming online tries at once', async () => {
  const { outbox, sent, transport } = await make([() => Promise.reject(new TypeError('offline'))]);
  outbox.add(record());
  await transport.flush();
  page.fire('online');
  await settled();
  assert.deepEqual([sent.length, outbox.size], [2, 0]);
});

test('without Web Locks one tab sends at a time, and the next takes what is left', async () => {
  /** @type {(response: Response) => void} */
  let answer = () => {};
  const one = await make([() => new Promise((resolve) => (answer = resolve))]);
  const two = await make([], { name: one.name, tab: 'tab-2' });
  one.outbox.add(record());
  await pass(2000);
  two.outbox.add(record());
  await pass(2000);
  assert.deepEqual([one.sent.length, two.sent.length], [1, 0]);
  answer(ack(one.sent[0]));
  await settled();
  await pass(2000);
  assert.deepEqual([counts(one.sent).concat(counts(two.sent)).reduce((a, b) => a + b), await one.rows()], [2, []]);
  two.outbox.add(record());
  await pass(2000);
  assert.deepEqual([two.outbox.size, two.sent.length > 0], [0, true]);
});
