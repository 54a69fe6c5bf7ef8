// @ts-check
// What leaves the device: waiting, acknowledged, and dropped by reason.

import { h, note, pairs, section } from './element.js';
import { clock, DROP_WORDS, plural } from './words.js';

/** @typedef {import('./toolbar.js').Context} Context */

/** Shown at most; the rest is counted. */
const MOST = 50;

/** @param {string} text an event as it is sent */
const eventOf = (text) => {
  try {
    const { type, event, timestamp, messageId, properties, context } = JSON.parse(text);
    const what = properties?.experiment_id ? `${properties.experiment_id}: ${properties.variation_id}` : (properties?.goal_id ?? properties?.product_id ?? '');
    return { id: messageId, name: event ?? type, what: `${what}`, at: Date.parse(timestamp), env: context?.parlour?.env };
  } catch {
    return { id: '', name: 'unreadable', what: '', at: 0, env: undefined };
  }
};

/** @param {Context} context */
const read = async ({ outbox, options, storage, consent }) => {
  const own = [...outbox.own.values()];
  const stored = (await storage()?.read('outbox', 1000))?.length;
  const { denied = 0, full = 0, refused = 0 } = outbox.drops;
  return {
    endpoint: options.endpoint,
    consent: consent.state,
    made: outbox.last,
    sent: Math.max(0, outbox.last - own.length - denied - full - refused),
    waiting: own.length,
    bytes: outbox.bytes,
    isHeld: !outbox.due && own.length > 0,
    stored,
    drops: Object.entries(outbox.drops).filter(([, n]) => n),
    records: own.slice(-MOST).reverse().map(({ text }) => eventOf(text)),
  };
};

/** @param {Awaited<ReturnType<typeof read>>} seen */
const show = ({ endpoint, consent, made, sent, waiting, bytes, isHeld, stored, drops, records }) => {
  if (!endpoint) return [section('Records', note('This page has no endpoint: nothing is sent.'))];
  const dropped = drops.reduce((sum, [, n]) => sum + n, 0);
  const figure = (/** @type {string} */ name, /** @type {number} */ n) => h('div', { class: 'figure' }, h('dd', {}, n.toLocaleString('en')), h('dt', {}, name));
  return [
    section(
      'Records of this page',
      h('dl', { class: 'figures' }, figure('made', made), figure('acknowledged', sent), figure('waiting', waiting), figure('dropped', dropped)),
      pairs([
        ['Collector', h('code', {}, endpoint)],
        ['Waiting', isHeld ? `held in memory: consent is “${consent}”` : waiting ? plural(bytes, 'byte') : 'nothing'],
        ...(stored === undefined ? [] : [/** @type {[string, string]} */ (['On this device', `${plural(stored, 'record')}, those of other tabs included`])]),
        ...drops.map(([reason, n]) => /** @type {[string, string]} */ ([`Dropped: ${reason}`, `${n}, because ${DROP_WORDS[reason] ?? reason}`])),
      ]),
    ),
    section(
      'Waiting',
      records.length
        ? h('table', {}, h('caption', { class: 'unseen' }, 'Records waiting'), h('thead', {}, h('tr', {}, ['Time', 'Record', 'About'].map((title) => h('th', { scope: 'col' }, title)))),
            h('tbody', {}, records.map(({ name, what, at, env }) => h('tr', {}, h('td', { class: 'soft' }, clock(at)), h('td', {}, name, env ? h('span', { class: 'tag' }, env) : ''), h('td', {}, what)))))
        : note('Everything is acknowledged.'),
      waiting > records.length ? note(`and ${waiting - records.length} older ones`) : '',
    ),
  ];
};

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'outbox', title: 'Outbox', read, show };
