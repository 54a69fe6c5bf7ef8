// @ts-check
// Who sees what, and why: experiments with their variants to choose from, flags, experiences.

import { KINDS, STEPS } from '../engine.js';
import { fold, h, named, note, section } from './element.js';
import { because, percent, plural, STEP_WORDS } from './words.js';

/** @typedef {import('./toolbar.js').Context} Context */

/** @param {Context} context */
const read = (context) => {
  const { engine, forces, applier, bytes } = context;
  const now = Date.now();
  const experiments = engine.page.experiments.map(({ key, name, unit, variants }, index) => {
    /** @type {import('./words.js').Explained | undefined} */
    const why = forces.naturally(index, () => engine.explain(index, now));
    const own = forces.naturally(index, () => engine.decide(index, false, now));
    const forced = forces.forced.get(index) ?? -1;
    // Asked for too early, or too late for the page: the engine does not know.
    const out = forces.outOf(index);
    return {
      key,
      name,
      unit: unit ?? 'visitor',
      variants: variants.map(({ key, name }) => ({ key, name })),
      forced,
      now: forced >= 0 ? forced : out ? -1 : own.variant,
      own: out ? -1 : own.variant,
      why: out && own.variant >= 0 ? /** @type {typeof why} */ ({ reason: out }) : why,
      status: bytes.experiment(key, now)?.status,
    };
  });
  const flags = Object.values(context.flags()).map(({ flag, value, variant, reason, experiment }) => ({ flag, value, variant, reason, experiment }));
  const experiences = engine.page.experiences.map(({ key, name, changes = [] }) => {
    const entry = applier.entries.get(`experience ${key}`);
    const { trigger, node, holdout, cap } = bytes.experience(key) ?? {};
    const when = [
      trigger ? `at ${KINDS[trigger]}` : '',
      cap ? `at most ${plural(cap.times, 'time')} a ${cap.per}` : '',
      holdout ? `${percent(holdout)} held out` : '',
    ];
    return { key, name, state: !entry ? 'out' : entry.changes.length || !changes.length ? 'in' : 'held', clause: node === undefined ? '' : bytes.clauses[node], when: when.filter(Boolean) };
  });
  return { experiments, flags, experiences, lasts: forces.lasts };
};

/** @param {ReturnType<typeof read>['experiments'][number]} seen */
const state = ({ now, variants }) =>
  now < 0 ? h('span', { class: 'state' }, 'Out') : h('span', { class: 'state in' }, 'In: ', variants[now]?.name ?? variants[now]?.key ?? '');

/** @param {ReturnType<typeof read>['experiments'][number]} seen @param {number} index @param {Context} context */
const choice = ({ key, name, variants, forced, own }, index, { forces, say, refresh }) => {
  const group = `of-${index}`;
  const natural = own < 0 ? 'out' : (variants[own]?.name ?? variants[own]?.key);
  /** @param {number} variant @param {...(Node | string)} label */
  const option = (variant, ...label) =>
    h(
      'label',
      {},
      h('input', {
        type: 'radio',
        name: group,
        'data-key': `${key} ${variant}`,
        checked: forced === variant,
        onchange: () => {
          forces.set(index, variant);
          say(variant < 0 ? `${key} is as decided: ${natural}.` : `${key} is forced to ${variants[variant].name ?? variants[variant].key}. Nothing is counted.`);
          refresh();
        },
      }),
      h('span', {}, ...label),
    );
  return h(
    'fieldset',
    {},
    h('legend', { class: 'unseen' }, `Variant of ${name ?? key}`),
    option(-1, 'As decided ', h('small', {}, `${natural}`)),
    ...variants.map((variant, i) => option(i, ...named(variant.key, variant.name))),
  );
};

/** @param {ReturnType<typeof read>['experiments'][number]} seen */
const reason = ({ forced, why, unit, now }) => {
  if (!why) return note('No answer: the engine stands down after two faults.');
  const [what, rest] = [because(why, unit), why.reason === 'prerequisite' ? why.requires : why.clause];
  const would = forced >= 0 ? 'Forced for this tab; nothing is counted. Otherwise: ' : '';
  return h('div', { class: `reason${now < 0 ? ' out' : ''}` }, h('p', {}, would + what), rest && /^(audience|prerequisite)$/.test(why.reason) ? h('code', { class: 'clause' }, rest) : '');
};

/** @param {ReturnType<typeof read>['experiments'][number]} seen */
const steps = ({ key, why }) => {
  if (!why?.settled) return '';
  const { settled, reason } = why;
  const at = STEPS.indexOf(settled);
  const rows = STEPS.slice(0, at + 1).map((step, i) => {
    const isIn = /^(bucketed|sticky|winner)$/.test(reason);
    const [mark, words] = i < at ? ['✓', STEP_WORDS[step]] : [isIn ? '✓' : '✗', isIn ? 'settled here' : 'settled here: out'];
    return h('li', { class: i < at ? '' : 'settled' }, h('span', { 'aria-hidden': 'true' }, mark), h('code', {}, step), h('span', {}, words));
  });
  return fold(`${key} steps`, 'Step by step', h('ol', { class: 'steps' }, rows));
};

/** @param {string} text */
const quote = (text) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** @param {ReturnType<typeof read>['experiments'][number]} seen @param {Context} context */
const link = ({ key, variants, forced }, { engine, say }) => {
  const { origin, pathname, search } = location;
  const page = origin + pathname + search.replace(/([?&])parlour-(devtools|preview)(=[^&]*)?&?/, '$1').replace(/[?&]$/, '');
  const command = (/** @type {string} */ variant) => ['parlour preview', `--experiment ${key}`, `--variant ${quote(variant)}`, `--url ${quote(page)}`, '--for 7d', '--key parlour.preview-key'].join(' \\\n  ');
  const chosen = variants[forced >= 0 ? forced : variants.length - 1]?.key;
  const text = h('code', { class: 'command', tabindex: '0', 'data-key': `${key} command` }, command(chosen));
  const select = h(
    'select',
    { 'data-key': `${key} link`, onchange: () => (text.textContent = command(select.value)) },
    variants.map((variant) => h('option', { value: variant.key, selected: variant.key === chosen }, variant.name ?? variant.key)),
  );
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text.textContent ?? '');
      say('The command is copied.');
      button.textContent = 'Copied';
    } catch {
      getSelection()?.selectAllChildren(text);
      say('The command is selected: copy it from there.');
      button.textContent = 'Selected';
    }
  };
  const button = h('button', { type: 'button', class: 'plain', 'data-key': `${key} copy`, onclick: copy }, 'Copy');
  return fold(
    `${key} preview`,
    'Preview link',
    engine.page.previewKey
      ? note('A link must be signed, and the key is not in the page. Run this where the key lies: ', h('code', {}, 'parlour serve'), ' prints its place at start, as ', h('code', {}, '--key'), '.')
      : note('This plan names no ', h('code', {}, 'previewKey'), ', so that no link would be taken. ', h('code', {}, 'parlour serve --config'), ' adds its own; else see docs/signing.md.'),
    h('div', { class: 'row' }, h('label', {}, 'Variant ', select), button),
    text,
  );
};

/** @param {ReturnType<typeof read>} seen @param {Context} context */
const show = ({ experiments, flags, experiences, lasts }, context) => {
  const cards = experiments.map((one, index) =>
    h(
      'article',
      { 'aria-label': one.name ?? one.key },
      h('div', { class: 'head' }, h('h4', {}, named(one.key, one.name)), state(one)),
      reason(one),
      choice(one, index, context),
      h('div', { class: 'folds' }, steps(one), link(one, context)),
    ),
  );
  const values = flags.map(({ flag, value, variant, reason, experiment }) =>
    h('article', { 'aria-label': flag }, h('div', { class: 'head' }, h('h4', {}, named(flag)), h('code', { class: 'value' }, value === undefined ? 'fallback' : JSON.stringify(value).slice(0, 60))),
      h('p', { class: 'reason' }, experiment ? `Decided by the experiment ${experiment}${variant ? `: ${variant}` : ''}. ` : '', because({ reason })),
    ),
  );
  const STATES = /** @type {Record<string, [string, string]>} */ ({
    in: ['In', 'Shown in this page view.'],
    held: ['Held out', 'Its moment came and its audience fits, but the visitor is in its holdout: nothing is changed.'],
    out: ['Out', 'Not shown in this page view: its audience does not fit, its moment has not come, or it was shown as often as it may be.'],
  });
  const shown = experiences.map(({ key, name, state, clause, when }) =>
    h('article', { 'aria-label': name ?? key }, h('div', { class: 'head' }, h('h4', {}, named(key, name)), h('span', { class: `state${state === 'in' ? ' in' : ''}` }, STATES[state][0])),
      h('p', { class: 'reason' }, STATES[state][1]),
      clause ? h('code', { class: 'clause' }, clause) : '',
      when.length ? h('p', { class: 'when' }, `${when.join(', ').replace(/^./, (letter) => letter.toUpperCase())}.`) : '',
    ),
  );
  return [
    section('Experiments', ...(cards.length ? cards : [note('The plan has none.')])),
    lasts ? note('What you choose lasts for this tab, over its pages. Code that asks for values sees it from the next page load.') : note('What you choose lasts for this page: without consent nothing is kept.'),
    ...(values.length ? [section('Flags', ...values)] : []),
    ...(shown.length ? [section('Experiences', ...shown)] : []),
  ];
};

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'experiments', title: 'Experiments', read, show };
