// @ts-check
// Markup that a server wrote and a framework is still to take over must be as the server wrote it until then: React,
// Vue and Svelte all warn, or render anew, where a text or a node is another. Nothing before it tells such markup from
// any other, so a root says it by `data-parlour-hydrate`; those of Next.js and Nuxt are known by their names.

const ROOTS = '[data-parlour-hydrate],#__next,#__nuxt';

/** The root is the page's own, what is in it the framework's. @param {Element} element */
export const rootOf = (element) => element.parentElement?.closest(ROOTS);

/** @param {() => Promise<typeof import('./hydrated.js')>} [load] called where there is such a root */
export const createHydration = (load) => {
  /** @type {(element: Element, root: Element) => boolean} */
  let isDone = () => false;
  const start = () => {
    load?.().then((chunk) => (isDone = chunk.isHydrated), () => {});
    load = undefined;
  };
  if (document.querySelector(ROOTS)) start();
  /** False while a framework is still to find this element as the server wrote it. @param {Element} element */
  return (element) => {
    const root = rootOf(element);
    if (root) start();
    return !root || isDone(element, root);
  };
};
