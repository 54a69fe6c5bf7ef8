// @ts-check
// What a plan or a catalogue may write into a page: which elements, which attributes, which addresses.
// Allow-lists throughout. Trusted Types do not stop `javascript:` in href, so addresses are parsed and judged here.

/** Elements that run, load or configure: nothing in them is ever changed, moved or made. */
const ACTIVE = /^(script|style|i?frame(set)?|fencedframe|object|embed|applet|portal|base|link|meta|template|noscript|param)$/i;
export const INSERTABLE =
  /^(a|abbr|address|article|aside|b|blockquote|br|button|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|footer|h[1-6r]|header|i|img|ins|kbd|label|li|main|mark|meter|nav|ol|p|picture|pre|progress|q|s|section|small|source|span|strong|su[bp]|summary|table|tbody|td|tfoot|th|thead|time|tr|u|ul|video)$/;
const PLAIN =
  /^((aria|data)-[\w-]+|alt|checked|colspan|controls|datetime|dir|disabled|download|for|height|hidden|id|inert|label|lang|loading|loop|max|min|muted|open|placeholder|playsinline|readonly|rel|required|role|rowspan|scope|selected|start|tabindex|target|title|type|value|width)$/;
/** Attributes that hold an address, with the elements on which they may. @type {Record<string, RegExp>} */
const ADDRESS = { href: /^(a|area)$/, src: /^(img|source|video|audio)$/, poster: /^video$/ };

/** @param {string} what @returns {never} */
export const refuse = (what) => {
  throw Object.assign(Error(what.slice(0, 200)), { code: 'refused' });
};

/**
 * http(s), mailto, tel, and relative addresses that stay on this origin. Another host needs its scheme written out:
 * `//host`, `/\host` and `https:host` only look relative. Images may also be `data:image/…`.
 * @param {string} text
 * @param {boolean} [image]
 */
export const isAllowedUrl = (text, image) => {
  try {
    const { baseURI } = document;
    const { protocol, username, password, origin } = new URL(text, baseURI);
    if (/^https?:$/.test(protocol)) return !username && !password && (/^https?:\/\/[^/\\]/i.test(text) || origin === new URL(baseURI).origin);
    return image ? /^data:image\/[\w.+-]+[;,]/i.test(text) : /^(mailto|tel):/i.test(text);
  } catch {
    return false;
  }
};

/** Refuses an element whose content or attributes must not be changed. @param {Element} element */
export const checkElement = (element) => {
  if (ACTIVE.test(element.localName)) refuse(`<${element.localName}>`);
};

/** @param {Element} element @param {string} name @param {unknown} value */
export const checkAttribute = (element, name, value) => {
  checkElement(element);
  const address = Object.hasOwn(ADDRESS, name) && ADDRESS[name];
  // A positive tabindex takes the order of all else apart.
  if (address ? !address.test(element.localName) || (value != null && !isAllowedUrl(`${value}`, name !== 'href')) : !PLAIN.test(name) || (name === 'tabindex' && Number(value) > 0))
    refuse(`${name}="${value}"`);
};

/** null takes the attribute away. @param {Element} element @param {string} name @param {unknown} value */
export const writeAttribute = (element, name, value) =>
  value == null ? element.removeAttribute(name) : element.setAttribute(name, `${value}`);

/**
 * @typedef {object} Tree
 * @property {string} tag
 * @property {Record<string, unknown>} [attr]
 * @property {string | string[]} [class]
 * @property {string} [text]
 * @property {(Tree | string)[]} [children]
 */

/** Builds an element tree with createElement alone. At most 200 elements. @param {Tree} tree */
export const build = (tree) => {
  let left = 200;
  /** @param {Tree} tree @returns {Element} */
  const make = ({ tag, attr, class: names, text, children }) => {
    if (!INSERTABLE.test(tag) || !left--) refuse(`<${tag}>`);
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attr ?? {})) {
      checkAttribute(element, name, value);
      writeAttribute(element, name, value);
    }
    if (names) element.className = [names].flat().join(' ');
    element.append(...[text ?? [], children ?? []].flat().map((child) => (typeof child === 'object' ? make(child) : child)));
    return element;
  };
  return make(tree);
};
