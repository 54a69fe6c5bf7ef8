// @ts-check
// What React and Vue leave on elements and roots once they have taken over what a server wrote. Other frameworks leave
// nothing: there the page takes the mark off the root.

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

/** @param {Element} element @param {any} root */
export const isHydrated = (element, root) => {
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
