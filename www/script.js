// @ts-check
// The script tag: reads its own attributes, takes over the calls made before it came, and starts.
//   <script>window.parlour=window.parlour||function(){(parlour.q=parlour.q||[]).push(arguments)}</script>
//   <script src="/parlour.iife.js" data-plan="/plan.bin" data-endpoint="/v1/batch" async></script>

import { createParlour } from './api.js';

/** @typedef {ReturnType<typeof createParlour>} Parlour */
/** @typedef {((method: string, ...args: unknown[]) => unknown) & {q?: ArrayLike<unknown>[]} & Partial<Parlour>} Global */

const page = /** @type {{parlour?: Global}} */ (/** @type {unknown} */ (globalThis));
const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);

const begin = () => {
  if (page.parlour?.start) return console.warn('parlour: the script is on this page twice: the second is ignored');
  // Whatever attribute there is, is an option.
  const { key, remember, integrity, ...given } = script?.dataset ?? {};
  const base = script?.src || location.href;
  const near = (/** @type {string} */ name) => new URL(name, base).href;
  const chunks = 'authoring signed preview hydrated redirect handover html rerank rows lists'.split(' ').map((name) => [name, near(`parlour-${name}.js`)]);
  const parlour = createParlour({ ...Object.fromEntries(chunks), wasm: near('parlour.wasm'), fallback: near('parlour-fallback.js'), growthbookModule: near('parlour-growthbook.js') });
  const queue = page.parlour?.q ?? [];

  /** @type {Global} */
  const call = (method, ...args) => {
    const action = Object.hasOwn(parlour, method) && /** @type {any} */ (parlour)[method];
    if (action) return action(...args);
    console.warn(`parlour: there is no "${method}"`);
  };
  page.parlour = Object.assign(call, parlour);
  for (const args of Array.from(queue)) call(.../** @type {[string, ...unknown[]]} */ (Array.from(args)));
  if (given.plan || given.config || given.growthbook)
    parlour.start({ ...given, keys: key, remember: remember !== 'false', integrity: integrity && JSON.parse(integrity) });
};

try {
  begin();
} catch (error) {
  console.warn('parlour:', error);
}
