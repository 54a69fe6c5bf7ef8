// @ts-check
// The change kind `html`, for files that opt in. Fetched only where a change of that kind meets its element. Markup comes
// into the page through the browser's own sanitiser where it has one, else through DOMPurify, a chunk of its own; what
// either lets through is judged once more by the rules of every other change. Nothing is parsed in the page's document.

import { checkAttribute, checkElement, INSERTABLE, refuse } from './allowed.js';

/** What is asked of the sanitiser; what is left is asked again of allowed.js. */
const ELEMENTS = 'a abbr address article aside b blockquote br button cite code dd del details div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li main mark meter nav ol p picture pre progress q s section small source span strong sub summary sup table tbody td tfoot th thead time tr u ul video'.split(' ');
const ATTRIBUTES = 'href src poster class alt checked colspan controls datetime dir disabled download for height hidden id label lang loading loop max min muted open placeholder playsinline rel required role rowspan scope selected start tabindex target title type value width aria-label aria-labelledby aria-describedby aria-hidden aria-current aria-expanded aria-controls aria-live aria-level aria-haspopup aria-pressed'.split(' ');
/** As of `build` in allowed.js. */
const MOST_ELEMENTS = 200;

/** @typedef {(html: string, context: string) => Node} Sanitiser */

/** The browser's own; undefined where there is none, or one that does not know this configuration. @returns {Sanitiser | undefined} */
const native = () => {
  const options = { sanitizer: { elements: ELEMENTS, attributes: ATTRIBUTES, comments: false, dataAttributes: true } };
  const inert = document.implementation.createHTMLDocument('');
  const parse = (/** @type {string} */ html, /** @type {string} */ context) => {
    const holder = inert.createElement(context);
    /** @type {any} */ (holder).setHTML(html, options);
    return holder;
  };
  try {
    // One that does not keep to it is none.
    return parse('<b title="x" onclick="x">y</b><script>x</script><x>z</x>', 'div').textContent === 'y' ? parse : undefined;
  } catch {
    return undefined;
  }
};

/** Takes out what no change may put in. @param {Node} content */
const judge = (content) => {
  const walker = document.createTreeWalker(content, 1);
  const elements = [];
  while (walker.nextNode()) elements.push(/** @type {Element} */ (walker.currentNode));
  if (elements.length > MOST_ELEMENTS) refuse(`html of ${elements.length} elements, more than ${MOST_ELEMENTS}`);
  for (const element of elements) {
    // Names of inputs may hide what a form has of its own, but no form is let in.
    if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml' || !INSERTABLE.test(element.localName)) element.remove();
    else
      for (const { name, value } of [...element.attributes])
        try {
          if (name !== 'class') checkAttribute(element, name, value);
        } catch {
          element.removeAttribute(name);
        }
  }
};

/** @typedef {(element: Element, html: string) => import('./change.js').Operation[]} Markup */

/** @param {(name: string) => Promise<any>} load a chunk beside this one @returns {Promise<Markup>} */
export const createMarkup = async (load) => {
  const sanitise = native() ?? /** @type {Sanitiser} */ ((await load('./parlour-purify.js')).createPurifier(ELEMENTS, ATTRIBUTES));
  return (element, html) => {
    checkElement(element);
    if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml') refuse(`html on <${element.localName}>`);
    const content = sanitise(`${html}`, element.localName);
    judge(content);
    const ours = /** @type {ChildNode[]} */ ([...content.childNodes]).map((node) => document.adoptNode(node));
    // Something to find the place by.
    if (!ours[0]) ours.push(document.createTextNode(''));
    /** @type {Set<ChildNode>} */
    let theirs = new Set();
    const isThere = (/** @type {Node} */ node) => node.parentNode === element;
    return [
      {
        holds: () => ours.every(isThere) && ![...theirs].some(isThere),
        write() {
          const others = [...element.childNodes].filter((node) => !ours.includes(node));
          // What the page has put in since is what comes back.
          if (others[0] || !ours.some(isThere)) theirs = new Set(others);
          element.replaceChildren(...ours);
        },
        undo() {
          const last = ours.filter(isThere).pop();
          if (!last) return;
          last.after(...theirs);
          for (const node of ours) if (isThere(node)) node.remove();
        },
      },
    ];
  };
};
