// @ts-check
// Carries the outbox to the collector. At least once: a record leaves the outbox only when the answer names it and
// carries the acknowledgement token `"parlour":1` (or is a Segment-compatible `{"success":true}`), so that a captive
// portal's page, an empty 204 or a login after a redirect acknowledges nothing. The server removes duplicates by id.

/** @typedef {ReturnType<typeof import('./outbox.js').createOutbox>} Outbox */
/** @typedef {import('./outbox.js').Waiting} Waiting */

import { whenHidden } from './when.js';

const BATCH_EVENTS = 50;
// Engines take 60,000 bytes of keepalive body and refuse 70,000; 1,000 are left for the envelope.
const BATCH_BYTES = 59_000;
// A small batch is sent with keepalive in any case and so survives a navigation; a large one would use up the
// browser's keepalive allowance (64 KB for all requests in flight) that leaving needs.
const KEEPALIVE_BYTES = 20_000;
const WAIT_MS = 2000;
const REQUEST_MS = 20_000;
// Longer than one request: whoever holds the turn longer is frozen, and its turn is taken.
const TURN_MS = 25_000;
const BACKOFF_MS = 1000;
const BACKOFF_MAX_MS = 300_000;
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * @param {object} options
 * @param {Outbox} options.outbox
 * @param {string} options.endpoint
 * @param {string} options.tab id of this page load
 * @param {string} [options.writeKey]
 * @param {typeof globalThis.fetch} [options.fetch]
 * @param {() => number} [options.random]
 * @param {(text: string) => void} [options.tell] the console, once
 * @param {AbortSignal} [options.signal]
 */
export const createTransport = ({ outbox, endpoint, tab, writeKey, fetch, random = Math.random, tell = console.warn, signal }) => {
  const keepalive = 'keepalive' in Request.prototype;
  /** @type {Set<AbortController>} */
  const flying = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let failures = 0;
  let most = BATCH_EVENTS;
  let busy = 0;
  let told = false;
  let stopped = false;
  /** The collector asked to be left alone until the timer runs out. */
  let resting = false;
  /** @type {Promise<unknown>} */
  let queue = Promise.resolve();

  const over = () => stopped || signal?.aborted;

  /** @param {number} status @param {string} fate */
  const once = (status, fate) => {
    if (!told) tell(`parlour: ${endpoint}: no acknowledgement (${status || 'unreachable'}): events are ${fate}`);
    told = true;
  };

  /** @param {number} ms */
  const arm = (ms) => {
    if (!over()) timer ??= setTimeout(() => ((resting = false), flush()), ms);
  };

  const disarm = () => {
    clearTimeout(timer);
    timer = undefined;
  };

  /** @param {Waiting[]} batch */
  const bodyOf = (batch) => {
    const { first, last, drops } = outbox;
    const rest = { sentAt: new Date().toISOString(), writeKey, context: { parlour: { tab, first, last, drops } } };
    return `{"batch":[${batch.map((record) => record.text)}],${JSON.stringify(rest).slice(1)}`;
  };

  /**
   * Sends in this very task, settles what is acknowledged, and says how to go on.
   * @param {Waiting[]} batch @param {boolean} [leaving]
   * @returns {Promise<'more' | 'later' | 'stop'>}
   */
  const send = async (batch, leaving) => {
    const body = bodyOf(batch);
    const survive = keepalive && (leaving || body.length < KEEPALIVE_BYTES);
    if (survive) for (const record of batch) record.leaving = true;
    const control = new AbortController();
    const limit = setTimeout(() => control.abort(), REQUEST_MS);
    flying.add(control);
    let status = 0;
    let after;
    let answer;
    try {
      if (leaving && !survive) throw 0;
      const response = await (fetch ?? globalThis.fetch)(endpoint, { method: 'POST', body, keepalive: survive, signal: control.signal });
      status = response.status;
      after = response.headers.get('retry-after');
      if (response.ok) answer = await response.json();
    } catch {
      // Unreachable, too slow, aborted, or not JSON: no acknowledgement. Nor is what sendBeacon answers.
      if (leaving && !status) navigator.sendBeacon?.(endpoint, body);
    }
    clearTimeout(limit);
    flying.delete(control);

    const named = answer?.parlour === 1 && answer.results;
    const tooMuch = status === 413 || status === 400;
    /** @type {import('./outbox.js').Results} */
    const results = {};
    for (const { id } of batch) results[id] = answer?.success === true ? 'ok' : tooMuch && !batch[1] ? 'refused' : named?.[id];
    const left = outbox.settle(results);
    // Halves until the one at fault stands alone, then grows again. An endpoint that refuses one after the other is
    // more likely wrong than they are: it is asked ever more rarely.
    most = tooMuch ? Math.min(batch.length, BATCH_EVENTS) >> 1 || 1 : Math.min(BATCH_EVENTS, most * 2);
    if (tooMuch && (batch[1] || failures < 3)) {
      if (!batch[1]) failures++;
      return 'more';
    }
    if (!left && !tooMuch) {
      failures = 0;
      return 'more';
    }
    failures++;
    if (/^40[134]$/.test(`${status}`)) {
      stopped = true;
      once(status, 'kept, sending stops');
      return 'stop';
    }
    // A request cut off by a navigation is no news; a second failure is.
    if (!named && (status || failures > 1)) once(status, tooMuch ? 'set aside' : 'kept and sent again');
    const wait = retryAfterMs(after);
    resting = wait > 0;
    disarm();
    arm(wait || random() * Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (failures - 1)));
    return 'later';
  };

  /** One batch, if it is this tab's turn. @returns {Promise<'more' | 'later' | 'stop' | 'empty'>} */
  const step = async () => {
    const batch = await outbox.take(most, BATCH_BYTES);
    return batch.length && !over() ? send(batch) : 'empty';
  };

  const drain = async () => {
    let how;
    do how = over() || resting ? 'stop' : await turn(step, outbox, tab);
    while (how === 'more');
    return how;
  };

  /** Sends what can be sent now. True when nothing is left to send. @returns {Promise<boolean>} */
  const flush = () => {
    busy++;
    if (!resting) disarm();
    const done = queue
      .then(drain)
      .catch(() => 'stop')
      .then((how) => {
        busy--;
        if (how === 'busy') arm(WAIT_MS);
        else if (how === 'empty') outbox.wake();
        return how === 'empty';
      });
    queue = done;
    return done;
  };

  const leave = () => {
    if (over()) return;
    const batch = outbox.tail(BATCH_BYTES).filter((record) => !resting || !record.stored);
    if (batch.length) send(batch, true).then(outbox.wake);
  };

  const halt = () => {
    disarm();
    for (const control of flying) control.abort();
  };

  outbox.wake = () => {
    if (busy || !outbox.due) return;
    if (failures || (outbox.due < BATCH_EVENTS && outbox.bytes < BATCH_BYTES)) arm(WAIT_MS);
    else flush();
  };
  whenHidden(leave, signal);
  addEventListener('online', flush, { signal });
  signal?.addEventListener('abort', halt);

  return {
    flush,
    /** Aborts what is in flight: consent was withdrawn. */
    halt,
  };
};

/** @param {string | null | undefined} text seconds or a date; 0 when it says nothing usable */
const retryAfterMs = (text) => {
  const ms = text ? (isNaN(+text) ? Date.parse(text) - Date.now() : +text * 1000) : 0;
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : 0;
};

/**
 * One sender across tabs: a Web Lock, or a lease in storage where there are none (insecure origins, older WebKit).
 * A holder that is frozen loses its turn; the worst that follows is a duplicate, which the server removes.
 * @template T
 * @param {() => Promise<T>} work @param {Outbox} outbox @param {string} tab
 * @returns {Promise<T | 'busy'>}
 */
const turn = async (work, outbox, tab) => {
  const { locks } = navigator;
  if (!locks) {
    if (!(await outbox.lease(tab, TURN_MS))) return 'busy';
    try {
      return await work();
    } finally {
      outbox.lease(tab, 0);
    }
  }
  const patience = new AbortController();
  const limit = setTimeout(() => patience.abort(), TURN_MS);
  let mine = false;
  const start = () => {
    mine = true;
    clearTimeout(limit);
    return work();
  };
  try {
    return await locks.request('parlour', { signal: patience.signal }, start);
  } catch {
    // Taken from us while working: the other tab goes on.
    if (mine) return 'busy';
    clearTimeout(limit);
    return patience.signal.aborted ? locks.request('parlour', { steal: true }, start).catch(() => 'busy') : work();
  }
};
