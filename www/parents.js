// @ts-check
// A framework asks the parent to which it gave a node for it back, and names it where another is to come before it.
// Where the node is elsewhere, both throw, and React takes its whole page down. So a parent from which a change took
// nodes answers as if they were there, until they are.

/** What has the place of a node that a change took from its parent. */
const standIns = /** @type {WeakMap<Node, Node>} */ (new WeakMap());
const takers = /** @type {WeakMap<Node, Set<object>>} */ (new WeakMap());

/** @param {Node} node false once its parent was told to remove it */
export const isLent = (node) => standIns.has(node);

/** It is elsewhere for good. @param {Node} node */
export const unlend = (node) => standIns.delete(node);

/** On the page, or where it comes back to once texts are undone, one inside the other. @param {Node} node @returns {boolean} */
export const isThere = (node) => {
  for (let depth = 0; depth < 9 && !node.isConnected; depth++) {
    const standIn = standIns.get(node.getRootNode());
    if (standIn?.nodeType !== 3) return false;
    node = standIn;
  }
  return node.isConnected;
};

/** @param {any} parent @param {object} taker @param {Node[]} nodes @param {Node} standIn */
export const lend = (parent, taker, nodes, standIn) => {
  for (const node of nodes) standIns.set(node, standIn);
  takers.set(parent, (takers.get(parent) ?? new Set()).add(taker));
  const { removeChild, insertBefore } = Node.prototype;
  parent.removeChild = (/** @type {ChildNode} */ node) => {
    if (node.parentNode !== parent && standIns.delete(node)) node.remove();
    else removeChild.call(parent, node);
    return node;
  };
  parent.insertBefore = (/** @type {Node} */ node, /** @type {Node | null} */ next) => {
    while (next && next.parentNode !== parent && isLent(next)) next = /** @type {Node} */ (standIns.get(next));
    return insertBefore.call(parent, node, next);
  };
};

/** @param {any} parent @param {object} taker */
export const giveBack = (parent, taker) => {
  const all = takers.get(parent);
  if (!all?.delete(taker) || all.size) return;
  delete parent.removeChild;
  delete parent.insertBefore;
};
