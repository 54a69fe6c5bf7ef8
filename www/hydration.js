// @ts-check
// Markup that a server wrote and a framework is still to take over must be as the server wrote it until then: React,
// Vue and Svelte all warn, or render anew, where a text or a node is another. Nothing before it tells such markup from
// any other, so a root says it by `data-parlour-hydrate`; those of Next.js and Nuxt are known by their names.

const ROOTS = '[data-parlour-hydrate],#__next,#__nuxt';

/** @param {string} [address] of parlour-hydrated.js, fetched where there is such a root */
export const createHydration = (address) => {
  /** @type {(element: Element, root: Element) => boolean} */
  let isDone = () => false;
  /** @type {Promise<void> | undefined} */
  let loading;
  const load = () => {
    loading ??= import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}`).then((chunk) => void (isDone = chunk.isHydrated), () => {});
  };
  if (document.querySelector(ROOTS)) load();
  /** False while a framework is still to find this element as the server wrote it. The root itself is the page's. @param {Element} element */
  return (element) => {
    const root = element.parentElement?.closest(ROOTS);
    if (root) load();
    return !root || isDone(element, root);
  };
};
