// @ts-check
// Which plan this page runs, what its changes came to, and what went wrong.

import { h, note, pairs, section } from './element.js';
import { CHANGE_WORDS, plural, time } from './words.js';

/** @typedef {import('./toolbar.js').Context} Context */

/** @param {Context} context */
const read = ({ engine, bytes, about, options, applier, told }) => {
  const { environment, plan, version } = about();
  const problems = [...told].map((text) => text.replace(/^parlour: /, ''));
  const changes = [...applier.entries].flatMap(([key, { states }]) =>
    states.map(({ change, selectors, on, off }) => {
      const isFrozen = off === 'dead' && problems.some((text) => text.startsWith(`${key}: frozen`));
      const { select, ...kinds } = change;
      return { key, select: [select ?? selectors].flat().join(', '), kind: Object.keys(kinds).join(', '), on: on.size, state: isFrozen ? 'frozen' : off || (on.size ? 'placed' : 'waiting') };
    }),
  );
  return {
    hash: plan,
    version,
    issued: bytes.issued,
    expires: bytes.expires,
    isKilled: bytes.isKilled,
    signatures: bytes.signatures,
    isChecked: !!options.keys,
    site: engine.page.site,
    environment,
    source: typeof options.plan === 'string' ? options.plan : options.config ? 'compiled in this page from data-config' : options.growthbook ? 'compiled in this page' : 'bytes',
    stands: engine.stands,
    problems,
    changes,
  };
};

/** @param {ReturnType<typeof read>} seen */
const show = ({ hash, version, issued, expires, isKilled, signatures, isChecked, site, environment, source, stands, problems, changes }) => [
  section(
    'Plan',
    pairs([
      ['Version', `${version}`],
      ['Hash', h('code', {}, hash)],
      ['Issued', issued ? time(issued) : 'not said'],
      ['Expires', expires ? `${time(expires)}${expires <= Date.now() ? ': it is over' : ''}` : 'never'],
      ['Signatures', `${signatures || 'none'}${isChecked ? ', checked by this page' : signatures ? ', not checked: the page names no key' : ''}`],
      ['From', h('code', {}, source)],
      ['For', site.join(', ')],
      ['This host', environment === '' ? 'the site itself: what is recorded counts' : environment === 'preview' ? 'previewed: what is recorded is marked and left out' : `${environment}: what is recorded is marked and left out`],
      ...(isKilled ? [/** @type {[string, string]} */ (['Stopped', 'the whole plan is stopped'])] : []),
      ...(stands ? [] : [/** @type {[string, string]} */ (['Engine', 'stands down after two faults: the page is as its author made it'])]),
    ]),
  ),
  section(
    'Problems',
    problems.length ? h('ul', { class: 'problems' }, problems.map((text) => h('li', {}, text))) : note('None.'),
  ),
  section(
    'Changes on this page',
    changes.length
      ? h('table', {}, h('caption', { class: 'unseen' }, 'Changes on this page'), h('thead', {}, h('tr', {}, ['Selector', 'Kind', 'State'].map((title) => h('th', { scope: 'col' }, title)))),
          h('tbody', {}, changes.map(({ key, select, kind, on, state }) =>
            h('tr', {}, h('td', {}, h('code', {}, select), h('span', { class: 'soft line' }, key)), h('td', {}, kind), h('td', { class: /frozen|missing|dead/.test(state) ? 'bad' : '' }, CHANGE_WORDS[state], on > 1 ? `, ${plural(on, 'element')}` : '')))))
      : note('None: the visitor sees the originals.'),
  ),
];

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'plan', title: 'Plan', read, show };
