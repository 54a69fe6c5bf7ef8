// @ts-check
// The kinds of change a plan can make to an element, each as operations that know how to
// hold (is it as we wanted?), write (again, if the page took it back) and undo (the page's own, exactly).
// All is DOM and CSSOM calls: no markup, no style text, so strict CSP and Trusted Types have nothing to refuse.

import { build, checkAttribute, checkElement, refuse, writeAttribute } from './allowed.js';
import { swap } from './focus.js';
import { giveBack, isLent, isThere, lend, unlend } from './parents.js';

/**
 * @typedef {object} Change
 * @property {string | string[]} [select] in order of preference; none where no element is changed
 * @property {boolean} [all] every match instead of the first
 * @property {number} [wait] ms for the element to appear
 * @property {string} [text]
 * @property {Record<string, unknown>} [attr]
 * @property {{add?: string | string[], remove?: string | string[]}} [class]
 * @property {Record<string, string>} [css]
 * @property {boolean} [hide]
 * @property {boolean} [show]
 * @property {{src: string, alt?: string}} [image]
 * @property {{place?: Place, element: import('./allowed.js').Tree}} [insert]
 * @property {{to: string, place?: Place}} [move]
 * @property {string} [html]
 * @property {string} [redirect]
 *
 * @typedef {'before' | 'after' | 'first' | 'last'} Place
 *
 * @typedef {object} Operation
 * @property {() => boolean} holds
 * @property {() => void} write
 * @property {() => void} undo after which it may be written again
 * @property {Element} [made] what was built
 * @property {Node[]} [needs] of what moves nodes: those without which it no longer makes sense
 */

/**
 * Entries at wanted values. The page's own value of each is kept as of the last time it was not ours. While nobody
 * else touched the attribute `whole`, its very text comes back, whitespace and all.
 * @template K, V
 * @param {Element} element
 * @param {[K, V][]} entries
 * @param {(key: K) => V} get
 * @param {(key: K, value: V) => void} set
 * @param {'class' | 'style'} [whole]
 * @returns {Operation}
 */
const keep = (element, entries, get, set, whole) => {
  const theirs = /** @type {Map<K, V>} */ (new Map());
  const ours = /** @type {Map<K, V>} */ (new Map());
  const { style } = /** @type {HTMLElement} */ (element);
  /** @type {[before: string | null, css: string, after: string | null] | undefined} */
  let text;
  const lost = () => entries.filter(([key]) => !ours.has(key) || get(key) !== ours.get(key));
  const attribute = () => element.getAttribute(/** @type {string} */ (whole));

  return {
    holds: () => !lost().length,
    write() {
      const writing = lost();
      const before = whole && writing.length === entries.length ? attribute() : undefined;
      const css = style?.cssText;
      for (const [key, value] of writing) {
        theirs.set(key, get(key));
        set(key, value);
        ours.set(key, get(key));
      }
      text = before === undefined ? undefined : [before, css, attribute()];
    },
    undo() {
      if (whole && text && text[2] === attribute()) {
        // cssText is exempt from CSP, so styles come back under any policy; the attribute only if its spelling differs.
        if (whole === 'style') style.cssText = text[1];
        if (attribute() !== text[0]) writeAttribute(element, whole, text[0]);
      } else for (const [key, value] of ours) if (get(key) === value) set(key, /** @type {V} */ (theirs.get(key)));
      ours.clear();
    },
  };
};

/** @param {Element} element @param {Record<string, unknown>} values unchecked */
const kept = (element, values) =>
  keep(
    element,
    Object.entries(values),
    (name) => /** @type {unknown} */ (element.getAttribute(name)),
    (name, value) => writeAttribute(element, name, value),
  );

/** @param {Element} element @param {Record<string, unknown>} values */
const attributes = (element, values) => {
  for (const [name, value] of Object.entries(values)) checkAttribute(element, name, value);
  return kept(element, values);
};

/** @param {Element} element @param {Record<string, string>} values may end in `!important` */
const css = (element, values) => {
  const { style } = /** @type {HTMLElement} */ (element);
  return keep(
    element,
    Object.entries(values),
    (name) => style.getPropertyValue(name) + '!' + style.getPropertyPriority(name),
    (name, value) => {
      const [, text, priority] = /** @type {string[]} */ (/^(.*?)\s*(?:!\s*(important)?)?$/is.exec(`${value}`));
      style.setProperty(name, text, priority);
    },
    'style',
  );
};

/**
 * Where an element has only text, its text node stays and only its data changes, so that a framework that holds the
 * node still finds it. Child elements are set aside and come back.
 * @param {Element} element @param {unknown} value @returns {Operation}
 */
const text = (element, value) => {
  const wanted = `${value}`;
  const ours = /** @type {WeakMap<Node, string>} */ (new WeakMap());
  const theirs = /** @type {WeakMap<Node, string | Node[]>} */ (new WeakMap());
  /** @param {Node} node */
  const restore = (node) => {
    const own = theirs.get(node);
    if (own === undefined || ours.get(node) !== node.nodeValue) return;
    theirs.delete(node);
    if (typeof own === 'string') node.nodeValue = own;
    else {
      // Not what has been taken from there meanwhile.
      const back = own.filter(isLent);
      /** @type {Text} */ (node).replaceWith(...back);
      back.forEach(restore);
    }
  };
  return {
    holds: () => element.textContent === wanted,
    write() {
      const nodes = [...element.childNodes];
      let rest = wanted;
      if (element.firstElementChild || !nodes.some((node) => node.nodeType === 3)) {
        const mine = document.createTextNode(wanted);
        const away = element.firstElementChild ? nodes : [];
        theirs.set(mine, away);
        ours.set(mine, wanted);
        lend(element, ours, away, mine);
        element.append(mine);
        for (const node of away) node.remove();
      } else
        for (const node of nodes)
          if (node.nodeType === 3) {
            if (node.nodeValue !== rest) {
              if (ours.get(node) !== node.nodeValue) theirs.set(node, /** @type {string} */ (node.nodeValue));
              node.nodeValue = rest;
            }
            ours.set(node, rest);
            rest = '';
          }
    },
    undo() {
      [...element.childNodes].forEach(restore);
      giveBack(element, ours);
    },
    needs: [],
  };
};

const METHODS = /** @type {const} */ ({ before: 'before', after: 'after', first: 'prepend', last: 'append' });

/** @param {Element} node @param {Element} anchor @param {Place} [place] */
const placed = (node, anchor, place = 'last') => {
  const method = Object.hasOwn(METHODS, place) ? METHODS[place] : refuse(place);
  const outside = /^[ab]/.test(place);
  if (!outside) checkElement(anchor);
  return {
    // Not "next to": another change may stand in between.
    holds: () =>
      node.parentNode === (outside ? anchor.parentNode : anchor) &&
      (!outside || !!(anchor.compareDocumentPosition(node) & (place === 'after' ? 4 : 2))),
    write: (/** @type {Node} */ it = node) => anchor[method](it),
    undo() {
      unlend(node);
      node.remove();
    },
    needs: [],
    made: node,
  };
};

/** @param {Element} element @param {Element} anchor @param {Place} [place] @returns {Operation} */
const moved = (element, anchor, place) => {
  const mark = document.createComment('');
  const { holds, write } = placed(element, anchor, place);
  /** @type {Node | null} */
  let home = null;
  /** @type {Node | null} */
  let parent = null;
  return {
    holds,
    write() {
      if (element.contains(anchor)) refuse('move into itself');
      const there = document.createComment('');
      // Where our changes push each other about, its home stays where it was.
      if (element.parentNode !== parent || !mark.parentNode) {
        element.before(mark);
        if (home) giveBack(home, mark);
        home = mark.parentNode;
        if (home) lend(home, mark, [element], mark);
      }
      write(there);
      swap(there, element);
      parent = element.parentNode;
    },
    undo() {
      if (!parent) return;
      parent = null;
      // Without its mark its home is gone. Away while its new place still stands: the page took it away.
      if (!isThere(mark)) element.remove();
      else if (isThere(element) || !isThere(anchor)) swap(mark, element);
      for (const node of [element, mark]) unlend(node);
      mark.remove();
      if (home) giveBack(home, mark);
    },
    needs: [anchor, mark],
  };
};

/** @param {Element} element @param {{src: string, alt?: string}} value @returns {Operation[]} */
const image = (element, { src, alt }) => {
  if (element.localName !== 'img') refuse(`image on <${element.localName}>`);
  const parent = /** @type {Element} */ (element.parentNode);
  // Any of these would win over src.
  const rivals = [element, ...(parent.localName === 'picture' ? parent.querySelectorAll('source') : [])].filter((each) => each.hasAttribute('srcset'));
  return [attributes(element, { src, ...(alt != null && { alt }) }), ...rivals.map((each) => kept(each, { srcset: null }))];
};

/** @param {Element} element @returns {Operation} */
const show = (element) => {
  // Shown to everyone: what only hides from assistive technology and keyboard goes, too.
  const unhide = kept(element, { hidden: null, inert: null, 'aria-hidden': null });
  // `revert` gives an element back the display of its kind, whatever the site's sheets say.
  const reveal = css(element, { display: 'revert!important' });
  let concealed = false;
  return {
    holds: () => unhide.holds() && (!concealed || reveal.holds()),
    write() {
      unhide.write();
      concealed ||= getComputedStyle(element).display === 'none';
      if (concealed) reveal.write();
    },
    undo() {
      reveal.undo();
      unhide.undo();
      concealed = false;
    },
  };
};

/**
 * The operations of one change on one element, nothing written yet. Refuses by throwing.
 * @param {Element} element
 * @param {Change} change
 * @param {(selector: string) => Element | null} find
 * @param {(element: Element, change: Change) => Operation[] | undefined} [more] kinds whose code is elsewhere
 * @returns {Operation[] | undefined} undefined while another element it needs, or code, is not there
 */
export const operationsOf = (element, change, find, more) => {
  checkElement(element);
  const { class: classes, move, insert } = change;
  // Nobody means the whole page.
  if (/^(html|head|body)$/.test(element.localName) && (change.text != null || change.hide || move)) refuse(`<${element.localName}>`);
  const anchor = move && find(move.to);
  if (move && !anchor) return undefined;
  const operations = more ? more(element, change) : [];
  if (!operations) return undefined;
  if (change.text != null) operations.push(text(element, change.text));
  if (change.attr) operations.push(attributes(element, change.attr));
  if (classes) {
    const entries = /** @type {[string, boolean][]} */ ([
      ...[classes.add ?? []].flat().map((name) => [name, true]),
      ...[classes.remove ?? []].flat().map((name) => [name, false]),
    ]);
    operations.push(
      keep(
        element,
        entries,
        (name) => element.classList.contains(name),
        (name, on) => element.classList.toggle(name, on),
        'class',
      ),
    );
  }
  if (change.css) operations.push(css(element, change.css));
  if (change.hide) operations.push(css(element, { display: 'none!important' }));
  if (change.show) operations.push(show(element));
  if (change.image) operations.push(...image(element, change.image));
  if (insert) operations.push(placed(build(insert.element), element, insert.place));
  if (anchor) operations.push(moved(element, anchor, move?.place));
  return operations;
};
