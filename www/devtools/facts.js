// @ts-check
// What audiences can ask: what the page knows, what the site told, and which of it the plan asks for.

import { pageFacts } from '../capture.js';
import { h, note, section } from './element.js';

/** @typedef {import('./toolbar.js').Context} Context */

/** Enough to see, however much the site tells. */
const MOST = 200;

const text = (/** @type {unknown} */ value) => {
  try {
    return (JSON.stringify(value) ?? 'absent').slice(0, 200);
  } catch {
    return 'cannot be shown';
  }
};

/** @param {Context} context */
const read = ({ engine, facts }) => {
  const asked = engine.page.facts.flatMap((row) => (row ? [typeof row === 'string' ? row : row[0]] : []));
  const isAsked = (/** @type {string} */ name) => asked.some((path) => path === name || path.startsWith(`${name}.`));
  const rows = (/** @type {Record<string, unknown>} */ known) =>
    Object.entries(known)
      .slice(0, MOST)
      .map(([name, value]) => ({ name, value: text(value), isAsked: isAsked(name) }));
  const page = pageFacts();
  const known = { ...page, ...facts };
  const has = (/** @type {string} */ path) => path.split('.').some((_, i, parts) => Object.hasOwn(known, parts.slice(0, i + 1).join('.')));
  return { page: rows(page), site: rows(facts), missing: asked.filter((path) => !path.startsWith('$') && !has(path)) };
};

/** @param {ReturnType<typeof read>['page']} rows @param {string} caption */
const table = (rows, caption) =>
  h(
    'table',
    {},
    h('caption', { class: 'unseen' }, caption),
    h('thead', { class: 'unseen' }, h('tr', {}, h('th', { scope: 'col' }, 'Fact'), h('th', { scope: 'col' }, 'Value'))),
    h('tbody', {}, rows.map(({ name, value, isAsked }) => h('tr', {}, h('th', { scope: 'row' }, h('code', {}, name), isAsked ? h('span', { class: 'tag' }, 'asked') : ''), h('td', {}, h('code', {}, value))))),
  );

/** @param {ReturnType<typeof read>} seen */
const show = ({ page, site, missing }) => [
  section('Of the page', table(page, 'Facts of the page')),
  section('Told by the site', site.length ? table(site, 'Facts told by the site') : note('None: a site tells its own by ', h('code', {}, 'parlour.set({…})'), '.')),
  ...(missing.length ? [section('Asked for and absent', note('Conditions on what is absent do not hold, but for “is not”.'), h('ul', {}, missing.map((path) => h('li', {}, h('code', {}, path)))))] : []),
  note('“asked” marks what an audience of this plan looks at. Facts of the journey are in the next tab.'),
];

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'facts', title: 'Facts', read, show };
