// @ts-check
// Sample ratio: what the plan shares out, and, where the collector is `parlour serve` on this site and you are logged in
// there, what it counted. A device alone knows one visitor.

import { h, named, note, section } from './element.js';
import { ratio } from './ratio.js';
import { percent, plural } from './words.js';

/** @typedef {import('./toolbar.js').Context} Context */
/** @typedef {{experiment: string, variant: string, env: string | null, visitors: number}} Counted */

const REFRESH_MS = 10_000;
/** Below it too few were counted to tell. */
const ENOUGH = 100;
/** What is reported as a mismatch. */
const UNLIKELY = 0.001;

/** @type {{at: number, answer: Promise<{counted?: Counted[], why?: string}>} | undefined} */
let last;

/** @param {string | undefined} endpoint @returns {Promise<{counted?: Counted[], why?: string}>} */
const ask = async (endpoint) => {
  if (!endpoint) return { why: 'This page has no collector.' };
  const url = new URL('/_parlour/state', new URL(endpoint, location.href));
  if (url.origin !== location.origin) return { why: `The collector is on another host (${url.host}), which a page may not ask as you. Open its /_parlour there.` };
  try {
    const response = await fetch(url, { credentials: 'same-origin' });
    if (response.status === 401) return { why: 'You are not logged in to the collector in this browser: open the admin address that “parlour serve” printed at start, then look here again.' };
    if (!response.ok) return { why: `The collector shows no counts here: it answered ${response.status}.` };
    return { counted: (await response.json()).counts.variants };
  } catch {
    return { why: 'The collector shows no counts here.' };
  }
};

/** @param {Context} context */
const read = async ({ engine, bytes, options }) => {
  const now = Date.now();
  if (!last || now - last.at > REFRESH_MS) last = { at: now, answer: ask(options.endpoint) };
  const { counted, why } = await last.answer;
  const experiments = engine.page.experiments.map(({ key, name, variants }) => {
    const row = bytes.experiment(key, now);
    const visitors = counted && variants.map((variant) => counted.filter((one) => one.experiment === key && one.variant === variant.key && !one.env).reduce((sum, one) => sum + one.visitors, 0));
    return { key, name, variants: variants.map(({ key, name }) => name ?? key), ...row, visitors, test: visitors && row && ratio(visitors, row.shares) };
  });
  return { why, experiments };
};

/** @param {{total: number, chance?: number}} test */
const verdict = ({ total, chance }) => {
  if (chance === undefined || total < ENOUGH) return note(`${plural(total, 'visitor')} so far: too few to tell.`);
  const p = chance < 0.0001 ? 'less than 0.0001' : chance.toFixed(4);
  return chance < UNLIKELY
    ? h('p', { class: 'note bad' }, h('strong', {}, 'Mismatch. '), `By chance this would be seen with a probability of ${p}: some visitors are lost or counted twice. Do not trust the result before it is found.`)
    : note(`As expected: a difference this large is seen by chance with a probability of ${p}.`);
};

/** @param {Awaited<ReturnType<typeof read>>} seen */
const show = ({ why, experiments }) => [
  why ? note(why, ' Below is what the plan shares out. How many visitors got what, one device cannot know.') : note('Counted by the collector of this site, previews and other environments left out.'),
  section('Experiments', experiments.length ? experiments.map(({ key, name, variants, shares = [], traffic = 0, layer, status, visitors, test }) => {
    const head = ['Variant', 'Planned', ...(visitors ? ['Visitors', 'Counted'] : [])];
    const total = visitors?.reduce((sum, n) => sum + n, 0) ?? 0;
    const part = [{ running: 'Running', paused: 'Paused', ended: 'Ended' }[`${status}`] ?? 'Unknown', `${percent(traffic)} of the audience takes part`, ...(layer === undefined ? [] : [`${percent(layer)} of its layer`])];
    return h(
      'article',
      { 'aria-label': name ?? key },
      h('div', { class: 'head' }, h('h4', {}, named(key, name))),
      h('p', { class: 'reason' }, `${part.join(', ')}.`),
      h(
        'table',
        { class: 'numbers' },
        h('caption', { class: 'unseen' }, `Shares of ${name ?? key}`),
        h('thead', {}, h('tr', {}, head.map((title) => h('th', { scope: 'col' }, title)))),
        h('tbody', {}, variants.map((variant, i) => h('tr', {}, h('th', { scope: 'row' }, variant), h('td', {}, percent(shares[i] ?? 0)), ...(visitors ? [h('td', {}, visitors[i].toLocaleString('en')), h('td', {}, total ? percent(visitors[i] / total) : '–')] : [])))),
      ),
      test ? verdict(test) : '',
    );
  }) : note('The plan has none.')),
];

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'shares', title: 'Ratio', read, show };
