// @ts-check
// parlour-rows.js, fetched only for plans with `rows`: rows of items on pages that carry none, from files that hold a share
// of all items each (`parlour rows MODEL --out FILE --shards N`). A row is only ever a hint: the engine passes over what is
// damaged or of another model.

/** Items of one page that are asked for. */
const MOST = 100;

/** FNV-1a of UTF-8, 32 bits: which file has an item. @param {string} item @param {number} shards */
const shardOf = (item, shards) => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(item)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % shards;
};

/**
 * Answers a function that takes up an item's row, once; '' stands for everyone's favourites.
 * @param {{url: string, shards?: number}} where
 * @param {object} options
 * @param {(url: string) => Promise<any>} options.fetchJson
 * @param {(text: string, file: any, item: string) => void} options.read
 * @param {(problem: {code: string, detail: string}) => void} options.report
 */
export const createRows = ({ url, shards = 1 }, { fetchJson, read, report }) => {
  /** @type {Map<string, Promise<any>>} */
  const files = new Map();
  /** @type {Map<string, Promise<void>>} */
  const taken = new Map();

  /** @param {string} item */
  const take = async (item) => {
    const address = url.replace('{shard}', `${shardOf(item, shards)}`);
    try {
      const file = files.get(address) ?? fetchJson(address);
      files.set(address, file);
      const { rows } = await file;
      if (Object.hasOwn(rows, item)) read(rows[item], await file, item);
    } catch (error) {
      report({ code: 'rows', detail: `${address}: ${error}` });
    }
  };

  return (/** @type {string} */ item) => {
    const row = taken.get(item) ?? (taken.size < MOST ? take(item) : Promise.resolve());
    taken.set(item, row);
    return row;
  };
};
