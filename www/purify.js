// @ts-check
// DOMPurify, for browsers without a sanitiser of their own. Where `require-trusted-types-for 'script'` stands beside a
// `trusted-types` list, that list needs the name `parlour-html`.

import DOMPurify from 'dompurify';

/** A name can be taken once a page. @type {any} */
let policy;

/** @param {string[]} elements @param {string[]} attributes @returns {import('./html.js').Sanitiser} */
export const createPurifier = (elements, attributes) => {
  /** @type {any} */
  const { trustedTypes } = globalThis;
  // DOMPurify parses in a document of its own; this text reaches no other.
  policy ??= trustedTypes?.createPolicy('parlour-html', { createHTML: (/** @type {string} */ html) => html, createScriptURL: () => '' });
  const options = { ALLOWED_TAGS: ['#text', ...elements], ALLOWED_ATTR: attributes, KEEP_CONTENT: false, RETURN_DOM_FRAGMENT: true, ...(policy && { TRUSTED_TYPES_POLICY: policy }) };
  return (html) => /** @type {Node} */ (/** @type {unknown} */ (DOMPurify.sanitize(html, /** @type {any} */ (options))));
};
