// @ts-check
// Records waiting for their acknowledgement. Each is written ahead to IndexedDB, one entry per event, and kept
// ready-serialised in memory for the moment the page is left. Without storage it lives in memory alone.
// Every record that leaves without an acknowledgement is counted in `drops` by reason:
//   denied   consent was refused or withdrawn      full     the caps were reached
//   refused  the collector refused that one event  old      waited longer than the collector knows duplicates
//   corrupt  what was stored is not a record       broken   nothing could be made of it

/** @typedef {import('./storage.js').Storage} Storage */
/** @typedef {import('./beacon.js').OutboxRecord} OutboxRecord */
/** @typedef {{id: string, text: string, bytes: number, priority: number, seq?: number, named?: boolean, stored?: boolean, leaving?: boolean}} Waiting `leaving`: in a request that survives the page */
/** @typedef {Record<string, string | undefined>} Results message id → ok, drop, warning, refused; anything else is retried */

import { byteLength } from './beacon.js';

const OLD_MS = 30 * 864e5;

/**
 * @param {object} options
 * @param {() => string | undefined} options.anonymousId undefined where consent or the plan keeps ids out of events
 * @param {BroadcastChannel} [options.channel]
 * @param {number} [options.maxEvents]
 * @param {number} [options.maxBytes] UTF-8
 */
export const createOutbox = ({ anonymousId, channel, maxEvents = 1000, maxBytes = 1e6 }) => {
  /** This page's records, oldest first. @type {Map<string, Waiting>} */
  const own = new Map();
  /** @type {Record<string, number>} */
  const drops = {};
  let bytes = 0;
  let last = 0;
  /** held: in memory until consent; open: kept and sent; shut: dropped. @type {'held' | 'open' | 'shut'} */
  let mode = 'held';
  /** Undefined until it is known whether there is one. @type {Storage | null | undefined} */
  let storage;

  /** @param {string} reason @param {number} n */
  const count = (reason, n) => n && (drops[reason] = (drops[reason] ?? 0) + n);

  /** @param {string} id */
  const forget = (id) => {
    bytes -= own.get(id)?.bytes ?? 0;
    own.delete(id);
  };

  /** @param {string[]} ids */
  const remove = (ids) => {
    ids.forEach(forget);
    if (ids.length) storage?.remove('outbox', ids);
  };

  /** @param {string} reason @param {string[]} ids */
  const drop = (reason, ids) => {
    count(reason, ids.length);
    remove(ids);
  };

  /** @param {Waiting} record */
  const name = (record) => {
    if (record.named) return;
    record.named = true;
    const id = anonymousId();
    if (id === undefined) return;
    const field = `{"anonymousId":${JSON.stringify(id)},`;
    record.text = field + record.text.slice(1);
    bytes += byteLength(field) - 1;
    record.bytes += byteLength(field) - 1;
  };

  const sendable = () => mode === 'open' && storage !== undefined;

  /** Names the records if they may be sent, makes room, and stores what is left of them. @param {Waiting[]} records */
  const admit = (records) => {
    if (sendable()) records.forEach(name);
    drop('full', overflow(own.values(), maxEvents, maxBytes));
    if (sendable())
      for (const record of records) {
        const { id, text, bytes, priority } = record;
        if (own.has(id)) storage?.append([{ store: 'outbox', key: id, value: { text, bytes, priority } }]).then((done) => (record.stored = done));
      }
    outbox.wake();
  };

  channel?.addEventListener('message', ({ data }) => data?.acked?.forEach(forget));

  const outbox = {
    drops,
    own,
    /** Called after each add. The transport listens here. */
    wake: () => {},
    /** Records of this page, held ones included. */
    get size() {
      return own.size;
    },
    /** Of those, how many may be sent now. */
    get due() {
      return sendable() ? own.size : 0;
    },
    get bytes() {
      return bytes;
    },
    /** The last sequence number given out in this page. */
    get last() {
      return last;
    },
    /** The first sequence number of this page that is not settled; `last` + 1 when all are. */
    get first() {
      for (const { seq } of own.values()) if (seq) return seq;
      return last + 1;
    },

    /** One without sequence number is of another page. @param {Waiting | undefined} record */
    add: (record) => {
      if (record?.seq) last = record.seq;
      if (!record || mode === 'shut') return count(record ? 'denied' : 'broken', 1);
      const waiting = { ...record };
      forget(record.id);
      own.set(record.id, waiting);
      bytes += record.bytes;
      admit([waiting]);
    },

    /** The storage, once open and the visitor's id settled; null where there is none. @param {Storage | null} next */
    attach: (next) => {
      storage = next;
      admit([...own.values()]);
    },

    /** Consent given: what was held goes out. */
    open: () => {
      mode = 'open';
      admit([...own.values()]);
    },
    /** Consent unknown: what comes is held in memory. What was there under consent goes as if it were refused. */
    hold: () => {
      if (mode === 'open') outbox.shut();
      mode = 'held';
    },
    /** Consent refused: what is here, and what comes, is dropped and counted. Erasing the storage is the caller's. */
    shut: () => {
      mode = 'shut';
      storage = undefined;
      count('denied', own.size);
      own.clear();
      bytes = 0;
    },

    /**
     * The next batch, of this page and of pages gone: by priority, then age. At least one record if there is any.
     * @param {number} maxCount
     * @param {number} maxSize UTF-8 bytes of the records, with a comma each
     * @returns {Promise<Waiting[]>}
     */
    take: async (maxCount, maxSize) => {
      if (!sendable()) return [];
      const stored = [...own.values()].filter((record) => record.stored);
      const rows = await storage?.read('outbox', 2 * maxEvents);
      // Withdrawn while reading.
      if (!sendable()) return [];
      /** @type {Map<string, Waiting>} */
      const all = new Map();
      if (rows) {
        const corrupt = [];
        const old = [];
        for (const [id, row] of rows)
          if (typeof row?.text !== 'string' || !row.text.includes(id) || !(row.bytes >= row.text.length)) corrupt.push(id);
          else if (Date.now() - parseInt(id.slice(0, 8) + id.slice(9, 13), 16) > OLD_MS) old.push(id);
          else all.set(id, { id, text: row.text, bytes: row.bytes, priority: +row.priority || 0, named: true });
        // Acknowledged to another tab.
        for (const { id } of stored) if (!all.has(id)) forget(id);
        const evicted = overflow(all.values(), maxEvents, maxBytes);
        for (const id of evicted) all.delete(id);
        drop('corrupt', corrupt);
        drop('old', old);
        drop('full', evicted);
      }
      for (const [id, record] of own) all.set(id, record);
      return fill(all.values(), maxCount, maxSize);
    },

    /**
     * For the moment of leaving: this page's records, synchronously, without those on their way already.
     * @param {number} maxSize
     */
    tail: (maxSize) => (mode === 'open' ? fill(own.values(), maxEvents, maxSize) : []),

    /** @param {Results} results one entry per record sent @returns {number} how many stay, to be sent again */
    settle: (results) => {
      const done = [];
      const sent = Object.entries(results);
      for (const [id, result] of sent) {
        const record = own.get(id);
        if (record) record.leaving = false;
        if (result === 'refused') count(result, 1);
        if (/^(ok|drop|warning|refused)$/.test(result ?? '')) done.push(id);
      }
      remove(done);
      if (done.length) channel?.postMessage({ acked: done });
      return sent.length - done.length;
    },

    /**
     * True when no other tab is sending, for browsers without Web Locks.
     * @param {string} tab @param {number} ms how long to hold it; 0 gives it back
     */
    lease: async (tab, ms) => {
      const now = Date.now();
      const lease = await storage?.update('lease', (old) =>
        old && old.tab !== tab && old.until > now && old.until < now + 6e4 ? old : { tab, until: now + ms },
      );
      return !lease || lease.tab === tab;
    },
  };

  /** @param {Iterable<Waiting>} records @param {number} maxCount @param {number} maxSize */
  const fill = (records, maxCount, maxSize) => {
    const batch = [];
    for (const record of [...records].filter((one) => !one.leaving).sort(by(1))) {
      name(record);
      maxSize -= record.bytes + 1;
      if (batch.length && (batch.length >= maxCount || maxSize < 0)) break;
      batch.push(record);
    }
    return batch;
  };
  return outbox;
};

/** By priority, the urgent first for `sign` 1 and last for -1; then by age. @param {1 | -1} sign */
const by = (sign) => (/** @type {Waiting} */ a, /** @type {Waiting} */ b) => sign * (a.priority - b.priority) || (a.id < b.id ? -1 : 1);

/**
 * Ids to evict so that the rest fits: the least urgent, the oldest of them first.
 * @param {Iterable<Waiting>} records @param {number} maxEvents @param {number} maxBytes
 */
const overflow = (records, maxEvents, maxBytes) => {
  const all = [...records];
  let size = all.reduce((sum, record) => sum + record.bytes, 0);
  if (all.length <= maxEvents && size <= maxBytes) return [];
  all.sort(by(-1));
  let n = 0;
  while (n < all.length && (all.length - n > maxEvents || size > maxBytes)) size -= /** @type {Waiting} */ (all[n++]).bytes;
  return all.slice(0, n).map((record) => record.id);
};
