// @ts-check
// The few browser globals the data modules touch, for tests of their logic. What a browser does with them is tested
// in tests/browser.

import 'fake-indexeddb/auto';

const events = new EventTarget();
/** @type {Map<string, string>} */
const kept = new Map();

export const page = {
  document: { visibilityState: 'visible', title: 'Mugs', referrer: 'https://shop.example/', cookie: '' },
  location: { pathname: '/mugs', href: 'https://shop.example/mugs?x=1', hostname: 'shop.example', protocol: 'https:' },
  navigator: { onLine: true, globalPrivacyControl: /** @type {boolean | undefined} */ (undefined) },
  localStorage: {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
    clear: () => kept.clear(),
  },
  /** @param {string} type @param {object} [more] */
  fire: (type, more) => events.dispatchEvent(Object.assign(new Event(type), more)),
};

for (const name of /** @type {const} */ (['document', 'location', 'navigator', 'localStorage']))
  Object.defineProperty(globalThis, name, { value: page[name], configurable: true, writable: true });
globalThis.addEventListener = /** @type {any} */ (events.addEventListener.bind(events));
globalThis.removeEventListener = /** @type {any} */ (events.removeEventListener.bind(events));
// No frame is ever painted.
Object.assign(globalThis, { top: { document: page.document }, scrollX: 0, scrollY: 0, requestAnimationFrame: () => 0, getSelection: () => ({ anchorNode: null }) });

let databases = 0;
/** A database name no other test uses. */
export const freshName = () => `test-${++databases}`;

/** Lets promises and IndexedDB, which takes a turn of the loop per request, come to rest. */
export const settled = async () => {
  for (let i = 0; i < 400; i++) await new Promise((resolve) => setImmediate(resolve));
};
