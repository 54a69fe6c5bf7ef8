// @ts-check
// Elements without markup: the page may forbid strings that become markup (Trusted Types), and inline styles.

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * An element with attributes (`onclick` and the like are listeners; false, null and undefined are left out) and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : `${value}`);
  for (const child of children.flat()) if (child || child === 0) element.append(typeof child === 'number' ? `${child}` : child);
  return element;
};

const SVG = 'http://www.w3.org/2000/svg';

/** A line drawing of 16 by 16. @param {string} path @param {string} [name] its class */
export const icon = (path, name = 'icon') => {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', name);
  svg.append(line);
  return svg;
};

/** What a key is to be read as: `code` beside its name, or alone. @param {string} key @param {string} [name] */
export const named = (key, name) => (name && name !== key ? [h('span', { class: 'name' }, name), ' ', h('code', {}, key)] : [h('code', { class: 'name' }, key)]);

/** Rows of name and value. @param {[Child, Child | Child[]][]} rows */
export const pairs = (rows) => h('dl', {}, rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));

/** @param {string} title @param {...(Child | Child[])} content */
export const section = (title, ...content) => h('section', { 'aria-label': title }, h('h3', {}, title), ...content);

/** @param {...(Child | Child[])} text */
export const note = (...text) => h('p', { class: 'note' }, ...text);

/** A fold that stays open over renderings by its key. @param {string} key @param {string} title @param {...(Child | Child[])} content */
export const fold = (key, title, ...content) => h('details', { 'data-key': key }, h('summary', { 'data-key': `${key} summary` }, title), ...content);
