// @ts-check
// What the helpers for React and Vue share: which answer is shown, and when to ask again. Version 0 is what a server
// rendered and the first render in the page must equal; from 1 on the engine is asked.

/** @typedef {import('./visit.js').Answer} Answer */
/** @typedef {{on: (name: 'change', listener: () => void) => unknown, ready: () => Promise<void>, peek: (key: string) => Answer, expose: (key: string) => void, flag: (key: string, fallback?: any, options?: {expose?: boolean}) => import('./visit.js').FlagAnswer<any>}} Parlour */
/** @typedef {Record<string, {variant: string | null, values?: Record<string, unknown>, reason?: string}>} Decisions */
/**
 * @typedef {object} Given
 * @property {Parlour} [parlour] none on a server
 * @property {Decisions} [decisions] made on the server, by experiment
 * @property {Record<string, {value?: unknown}>} [flags] answered on the server, by flag
 */

const stores = /** @type {WeakMap<Parlour, {version: number, listeners: Set<() => void>}>} */ (new WeakMap());

/** @param {Parlour} [parlour] */
export const versionOf = (parlour) => (parlour && stores.get(parlour)?.version) || 0;

/** @param {Parlour | undefined} parlour @param {() => void} listener @returns {() => void} ends it */
export const subscribe = (parlour, listener) => {
  if (!parlour) return () => {};
  let store = stores.get(parlour);
  if (!store) {
    const made = (store = { version: 0, listeners: new Set() });
    stores.set(parlour, made);
    const changed = () => {
      made.version++;
      for (const each of made.listeners) each();
    };
    parlour.ready().then(() => {
      parlour.on('change', changed);
      changed();
    });
  }
  const { listeners } = store;
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The engine's answer, once it has one. @template {{reason: string}} T @param {T | undefined} own */
const settled = (own) => (own && !/^(loading|unknown|late)$/.test(own.reason) ? own : undefined);

/** @param {Given} given @param {number} version @param {string} key @returns {Answer} */
export const experimentOf = ({ parlour, decisions }, version, key) => {
  const own = version ? parlour?.peek(key) : undefined;
  return settled(own) ?? { experiment: key, variant: null, values: {}, reason: own?.reason ?? 'loading', ...decisions?.[key] };
};

/** @template T @param {Given} given @param {number} version @param {string} key @param {T} fallback @returns {T} */
export const flagOf = ({ parlour, flags }, version, key, fallback) => {
  const own = version ? parlour?.flag(key, fallback, { expose: false }) : undefined;
  const found = settled(own) ?? flags?.[key];
  return found ? /** @type {T} */ (found.value) : fallback;
};

/** The visitor meets it. @param {Given} given @param {number} version @param {string} key @param {boolean} [isFlag] */
export const meet = ({ parlour }, version, key, isFlag) => {
  if (!version) return;
  if (isFlag) parlour?.flag(key);
  else parlour?.expose(key);
};
