// @ts-check
// What is kept on the device: one IndexedDB database, version 1, three stores.
//   outbox   message id → a record waiting for its acknowledgement
//   journal  UUIDv7     → bytes of a touchpoint not yet folded into the snapshot
//   keep     name       → visitor, snapshot, plan, lease …
// Nothing here rejects: what could not be done answers `undefined`, and the caller lives from memory.

/** @typedef {'outbox' | 'journal' | 'keep'} StoreName */
/** @typedef {{store: StoreName, key: string, value: unknown}} Entry */
/** @typedef {NonNullable<Awaited<ReturnType<typeof openStorage>>>} Storage */

/** @type {StoreName[]} */
const STORES = ['outbox', 'journal', 'keep'];
// One fold reads at most this many journal entries, the oldest; the next fold reads the rest.
const FOLD_ENTRIES = 5000;

/** Listens to the other tabs, where the browser can. @param {AbortSignal} [signal] */
export const openChannel = (signal) => {
  try {
    const channel = new BroadcastChannel('parlour');
    signal?.addEventListener('abort', () => channel.close());
    return channel;
  } catch {
    return undefined;
  }
};

/**
 * Deletes the database without opening it. Resolves true once it is gone. A tab that cannot close its
 * connection (frozen, say) delays that, but no longer matters when the stores were `cleared` before.
 * @param {{name?: string, indexedDB?: IDBFactory, cleared?: Promise<unknown>}} [options]
 * @returns {Promise<boolean>}
 */
export const eraseStorage = ({ name = 'parlour', indexedDB, cleared } = {}) =>
  new Promise((resolve) => {
    try {
      const request = (indexedDB ?? globalThis.indexedDB).deleteDatabase(name);
      request.onsuccess = () => resolve(true);
      request.onerror = () => resolve(false);
      request.onblocked = async () => (await cleared) && resolve(true);
    } catch {
      resolve(false);
    }
  });

/** Calls back if it is certain that nothing is stored. To be asked before the database is opened. @param {(nothing: undefined) => void} then */
export const whenUnused = async (then) => {
  try {
    if ((await indexedDB.databases()).every(({ name }) => name !== 'parlour')) then(undefined);
  } catch {
    // Denied, or a browser that does not list them.
  }
};

/**
 * Null when storage is denied, broken, written by a newer Parlour, or not open after `openMs`.
 * @param {{name?: string, indexedDB?: IDBFactory, openMs?: number}} [options]
 */
export const openStorage = async ({ name = 'parlour', indexedDB, openMs = 3000 } = {}) => {
  /** @type {IDBDatabase | null} */
  const db = await new Promise((resolve) => {
    let late = false;
    const timer = setTimeout(() => resolve(((late = true), null)), openMs);
    const answer = (/** @type {IDBDatabase | null} */ value) => (clearTimeout(timer), resolve(value));
    try {
      const request = (indexedDB ?? globalThis.indexedDB).open(name, 1);
      request.onupgradeneeded = () => STORES.forEach((store) => request.result.createObjectStore(store));
      request.onsuccess = () => (late ? request.result.close() : answer(request.result));
      request.onerror = () => answer(null);
    } catch {
      answer(null);
    }
  });
  if (!db) return null;
  // Another tab erases: make way. From here on every method answers undefined.
  db.onversionchange = () => db.close();

  /**
   * One transaction; answers what `work` passed to `give` once it is committed, else undefined.
   * @template T
   * @param {StoreName[]} stores
   * @param {IDBTransactionMode} mode
   * @param {(tx: IDBTransaction, give: (value: T) => void) => void} work
   * @returns {Promise<T | undefined>}
   */
  const run = (stores, mode, work) =>
    new Promise((resolve) => {
      /** @type {IDBTransaction | undefined} */
      let tx;
      /** @type {T | undefined} */
      let result;
      // WebKitGTK 2.50 never ends a transaction whose page went away between two of its steps, and everyone else's
      // then wait for it. What is committed already cannot be aborted.
      const leave = () => abort(tx);
      const over = (/** @type {T | undefined} */ value) => {
        globalThis.removeEventListener?.('pagehide', leave);
        resolve(value);
      };
      globalThis.addEventListener?.('pagehide', leave);
      try {
        tx = db.transaction(stores, mode);
        tx.oncomplete = () => over(result);
        tx.onabort = () => over(undefined);
        work(tx, (value) => (result = value));
      } catch {
        abort(tx);
        over(undefined);
      }
    });

  /** @type {{entries: Entry[], done: Promise<true | undefined>} | undefined} */
  let pending;

  /**
   * Everything appended in one task goes in one transaction. True once it is committed.
   * @param {Entry[]} list
   */
  const append = (list) => {
    if (!pending) {
      /** @type {Entry[]} */
      const entries = [];
      const done = Promise.resolve().then(() => {
        pending = undefined;
        return run([...new Set(entries.map((entry) => entry.store))], 'readwrite', (tx, /** @type {(v: true) => void} */ give) => {
          for (const { store, key, value } of entries) tx.objectStore(store).put(value, key);
          give(true);
          // No round trip through a page that may be leaving.
          tx.commit?.();
        });
      });
      pending = { entries, done };
    }
    pending.entries.push(...list);
    return pending.done;
  };

  /** After the appends of this task, whose transaction is queued as a microtask. @type {typeof run} */
  const later = async (stores, mode, work) => {
    await pending;
    return run(stores, mode, work);
  };

  /**
   * Reads, changes and writes one kept value with no other tab in between. `change` may answer undefined to
   * write nothing; throwing leaves all as it was.
   * @param {string} key
   * @param {(old: any) => unknown} change
   * @returns {Promise<any>} what is kept afterwards
   */
  const update = (key, change) =>
    later(['keep'], 'readwrite', (tx, give) => {
      const keep = tx.objectStore('keep');
      const request = keep.get(key);
      request.onsuccess = () => {
        try {
          const value = change(request.result);
          if (value !== undefined) keep.put(value, key);
          give(value);
        } catch {
          abort(tx);
        }
      };
    });

  return {
    append,
    update,

    /**
     * The first `limit` entries in key order; undefined when they cannot be read.
     * @param {StoreName} store
     * @param {number} limit
     * @returns {Promise<[string, any][] | undefined>}
     */
    read: (store, limit) =>
      later([store], 'readonly', (tx, give) => {
        const keys = tx.objectStore(store).getAllKeys(null, limit);
        const values = tx.objectStore(store).getAll(null, limit);
        values.onsuccess = () => give(values.result.map((value, i) => [String(keys.result[i]), value]));
      }),

    /** Removes these keys, or all. True once committed. @param {StoreName} store @param {string[]} [keys] */
    remove: (store, keys) =>
      later([store], 'readwrite', (tx, /** @type {(v: true) => void} */ give) => {
        if (keys) for (const key of keys) tx.objectStore(store).delete(key);
        else tx.objectStore(store).clear();
        give(true);
        tx.commit?.();
      }),

    /** @param {string} key @returns {Promise<any>} */
    get: (key) =>
      later(['keep'], 'readonly', (tx, give) => {
        const request = tx.objectStore('keep').get(key);
        request.onsuccess = () => give(request.result);
      }),

    /** @param {string} key @param {unknown} value */
    set: (key, value) => append([{ store: 'keep', key, value }]),

    /**
     * Folds the journal into the snapshot in one transaction, so that each entry counts once however many tabs
     * fold. `fold` runs synchronously; throwing leaves snapshot and journal as they were.
     * @param {(snapshot: Uint8Array | undefined, entries: Uint8Array[]) => Uint8Array} fold
     * @returns {Promise<Uint8Array | undefined>}
     */
    fold: (fold) =>
      later(['journal', 'keep'], 'readwrite', (tx, give) => {
        const journal = tx.objectStore('journal');
        const keep = tx.objectStore('keep');
        const snapshot = keep.get('snapshot');
        const keys = journal.getAllKeys(null, FOLD_ENTRIES);
        const entries = journal.getAll(null, FOLD_ENTRIES);
        entries.onsuccess = () => {
          try {
            const next = fold(snapshot.result, entries.result);
            keep.put(next, 'snapshot');
            for (const key of keys.result) journal.delete(key);
            give(next);
          } catch {
            abort(tx);
          }
        };
      }),

    /** Empties and deletes the database, queued in this task. Resolves true once the keys are gone. */
    erase: () => {
      const cleared = run(STORES, 'readwrite', (tx, give) => {
        for (const store of STORES) tx.objectStore(store).clear();
        give(true);
        tx.commit?.();
      });
      db.close();
      return eraseStorage({ name, indexedDB, cleared });
    },

    close: () => db.close(),
  };
};

/** @param {IDBTransaction} [tx] */
const abort = (tx) => {
  try {
    tx?.abort();
  } catch {
    // Already over.
  }
};
