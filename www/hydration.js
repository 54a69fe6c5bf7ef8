// @ts-check
// Markup that a server wrote and a framework is still to take over must be as the server wrote it until then: React,
// Vue and Svelte all warn, or render anew, where a text or a node is another. Nothing before it tells such markup from
// any other, so a root says it by `data-parlour-hydrate`; those of Next.js and Nuxt are known by their names.

const ROOTS = '[data-parlour-hydrate],#__next,#__nuxt';
/** `Hydrating` among React's flags, gone when what was hydrated is committed. */
const HYDRATING = 4096;

/** A part of Vue's tree that is still to come and may be where the element is. @param {any} vnode @param {Element} element @returns {boolean} */
const isPending = (vnode, element) => {
  const { type, el, component, suspense, children } = vnode ?? {};
  if (!type || (el?.nodeType === 1 && !el.contains(element))) return false;
  const subTree = component?.subTree;
  // Until it is there, something else stands in for an async component.
  if (component && typeof (type.__asyncLoader ? subTree?.type : subTree) !== 'object') return true;
  return !!suspense?.pendingBranch || [subTree, suspense?.activeBranch].concat(children).some((child) => isPending(child, element));
};

/** False while a framework is still to find this element as the server wrote it. The root itself is the page's. @param {Element} element */
export const isHydrated = (element) => {
  const root = /** @type {any} */ (element.parentElement?.closest(ROOTS));
  if (!root) return true;
  if (root._vnode) return !isPending(root._vnode, element);
  for (let node = /** @type {any} */ (element); node; node = node.parentNode) {
    const key = Object.keys(node).find((key) => key.startsWith('__reactFiber$'));
    let fiber = key && node[key];
    // What React has no children for is not its own.
    if (!fiber || (node !== element && fiber.child)) continue;
    while (fiber && !(fiber.flags & HYDRATING)) fiber = fiber.return;
    return !fiber;
  }
  return false;
};
