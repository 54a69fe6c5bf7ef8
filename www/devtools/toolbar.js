// @ts-check
// The preview toolbar: what Parlour does on this page and why, and other variants at a click. Loaded on request alone
// (see preview.js). It lives in a shadow root with a constructed style sheet, so that neither the page's rules nor ours
// cross, and strict policies allow it. Nothing it does is counted or captured.

import { h, icon } from './element.js';
import { createForces } from './force.js';
import { openPlan } from './bytes.js';
import { STYLE } from './style.js';
import * as experiments from './experiments.js';
import * as facts from './facts.js';
import * as journey from './journey.js';
import * as outbox from './outbox.js';
import * as plan from './plan.js';
import * as shares from './shares.js';

/**
 * What the toolbar may see and do of a visit.
 * @typedef {object} Inside
 * @property {Promise<void>} started
 * @property {ReturnType<typeof import('../engine.js').createEngine>} engine
 * @property {ReturnType<typeof import('../apply.js').createApplier>} applier
 * @property {ReturnType<typeof import('../outbox.js').createOutbox>} outbox
 * @property {ReturnType<typeof import('../consent.js').createConsent>} consent
 * @property {Record<string, unknown>} facts the site's own
 * @property {Set<string>} told problems, as the console has them
 * @property {import('../visit.js').Options} options
 * @property {AbortSignal} signal
 * @property {() => void} evaluate
 * @property {(problem: {key?: string, code: string, detail: string}) => void} report
 * @property {() => import('../storage.js').Storage | null} storage
 * @property {() => Map<string, 'loading' | 'late'>} outs experiments that are out of this page view
 * @property {() => void} mark what is recorded from now on is a preview's
 * @property {(key: string, how: 'peek') => import('../visit.js').Answer} decide
 * @property {() => Record<string, import('../visit.js').FlagAnswer>} flags
 * @property {() => {plan?: string, version?: number, environment: string, tab: string, session?: {id: string, number: number, touchpoints: number, stage: string}}} about
 * @property {() => string | undefined} visitorId
 *
 * @typedef {Inside & {forces: ReturnType<typeof createForces>, bytes: import('./bytes.js').OpenPlan, say: (text: string) => void, refresh: () => void}} Context
 *
 * @typedef {object} Tab
 * @property {string} id
 * @property {string} title
 * @property {(context: Context) => object | Promise<object>} read all that is shown, as data
 * @property {(seen: any, context: Context) => (Node | string)[]} show
 */

const NAME = 'parlour-toolbar';
const REFRESH_MS = 1000;
/** @type {Tab[]} */
const TABS = [experiments, facts, journey, outbox, plan, shares].map(({ tab }) => tab);
const LOGO = 'M3 13V3h6a3.5 3.5 0 0 1 0 7H6';
/** Of these the page hears nothing. */
const OURS = ['click', 'dblclick', 'pointerdown', 'pointerup', 'mousedown', 'mouseup', 'touchstart', 'touchend', 'keydown', 'keyup', 'keypress', 'input', 'focusin', 'focusout', 'wheel'];

/** @param {Inside} inside @param {{collapsed?: boolean, lasts?: boolean}} [how] `lasts`: opens on the tab's next pages, too */
export const open = (inside, { collapsed = false, lasts = true } = {}) => {
  const { engine, signal } = inside;
  if (signal.aborted) return;
  const old = document.querySelector(NAME);
  if (old) return void old.dispatchEvent(new Event('parlour-open'));
  if (!engine) throw Error('there is no plan to look at');

  const host = document.createElement(NAME);
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  for (const type of OURS) host.addEventListener(type, (event) => event.stopPropagation(), { passive: true });

  const spoken = h('p', { class: 'unseen', role: 'status' });
  const badge = h('button', { class: 'badge', type: 'button', onclick: () => toggle(true, true) });
  const strip = h('div', { class: 'strip' });
  const body = h('div', { class: 'body', role: 'tabpanel', id: 'body', tabindex: '0', 'aria-labelledby': 'tab-experiments' });
  const tabs = TABS.map(({ id, title }, index) =>
    h('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': 'body', onclick: () => choose(index) }, title),
  );
  const list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'What to look at', onkeydown: (/** @type {KeyboardEvent} */ event) => walk(event) }, tabs);
  const { hostname } = location;
  const panel = h(
    'div',
    { class: 'panel' },
    h(
      'header',
      {},
      icon(LOGO, 'logo'),
      h('h2', {}, 'Parlour'),
      h('span', { class: 'where' }, hostname),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Collapse the toolbar', title: 'Collapse (Escape)', onclick: () => toggle(false, true) }, icon('M4 6l4 4 4-4')),
      h('button', { type: 'button', class: 'tool', 'aria-label': 'Close the toolbar, and end what is forced', title: 'Close, and end what is forced', onclick: () => end() }, icon('M4 4l8 8M12 4l-8 8')),
    ),
    strip,
    list,
    body,
  );
  const frame = h('section', { class: 'frame', 'aria-label': 'Parlour preview toolbar', onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && !panel.hidden && toggle(false, true) }, badge, panel, spoken);
  root.append(frame);

  let chosen = 0;
  let seen = '';
  let turn = 0;
  const forces = createForces(inside, lasts);
  /** @type {Context} */
  const context = {
    ...inside,
    forces,
    bytes: openPlan(
      engine.inner.plan,
      engine.page.experiments.map(({ key }) => key),
    ),
    say: (text) => (spoken.textContent = text),
    refresh: () => void refresh(),
  };

  const marks = () => {
    const shown = [...forces.forced].map(([index, variant]) => {
      const { key, variants } = engine.page.experiments[index];
      return `${key}: ${variants[variant]?.key}`;
    });
    const text = shown.length > 1 ? `${shown.length} variants forced` : (shown[0] ?? '');
    frame.classList.toggle('forced', !!text);
    if (badge.dataset.text === text) return;
    badge.dataset.text = text;
    badge.replaceChildren(icon(LOGO, 'logo'), h('span', { class: 'unseen' }, 'Open the preview toolbar. '), h('span', { class: 'text' }, text || 'Parlour'));
    strip.replaceChildren(
      h('p', {}, h('strong', {}, text), '. Nothing is counted.'),
      h('button', { type: 'button', class: 'plain', onclick: () => release() }, 'Undo'),
    );
    strip.hidden = !text;
  };

  /** Shows what is so now. What has focus, is unfolded or scrolled stays so. */
  const refresh = async () => {
    marks();
    if (panel.hidden) return;
    const tab = TABS[chosen];
    const mine = ++turn;
    const found = await tab.read(context);
    const text = tab.id + JSON.stringify(found);
    if (mine !== turn || text === seen || signal.aborted) return;
    const isNew = !seen.startsWith(tab.id);
    seen = text;
    const focused = root.activeElement?.getAttribute('data-key');
    const unfolded = new Set([...body.querySelectorAll('details[open]')].map((one) => one.getAttribute('data-key')));
    const { scrollTop } = body;
    body.replaceChildren(...tab.show(found, context));
    if (isNew) return void (body.scrollTop = 0);
    for (const one of body.querySelectorAll('details')) one.open = unfolded.has(one.getAttribute('data-key'));
    body.scrollTop = scrollTop;
    if (focused) /** @type {HTMLElement | undefined} */ ([...body.querySelectorAll('[data-key]')].find((one) => one.getAttribute('data-key') === focused))?.focus({ preventScroll: true });
  };

  const choose = (/** @type {number} */ index) => {
    chosen = index;
    tabs.forEach((tab, i) => {
      tab.setAttribute('aria-selected', `${i === index}`);
      tab.tabIndex = i === index ? 0 : -1;
    });
    body.setAttribute('aria-labelledby', tabs[index].id);
    tabs[index].scrollIntoView({ block: 'nearest', inline: 'nearest' });
    refresh();
  };

  const walk = (/** @type {KeyboardEvent} */ event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: -1 });
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    choose((steps[event.key] + tabs.length) % tabs.length);
    tabs[chosen].focus();
  };

  const toggle = (/** @type {boolean} */ isOpen, focuses = false) => {
    panel.hidden = !isOpen;
    badge.hidden = isOpen;
    forces.collapse(!isOpen);
    seen = '';
    refresh();
    if (focuses) (isOpen ? tabs[chosen] : badge).focus();
  };

  const release = () => {
    for (const index of [...forces.forced.keys()]) forces.set(index, -1);
    context.say('Nothing is forced any more.');
    refresh();
    tabs[chosen].focus();
  };

  const remove = () => {
    clearInterval(timer);
    host.remove();
  };
  const end = () => {
    forces.end();
    remove();
  };

  // Beside the body, which frameworks take to be theirs.
  document.documentElement.append(host);
  host.addEventListener('parlour-open', () => toggle(true, true));
  const timer = setInterval(refresh, REFRESH_MS);
  signal.addEventListener('abort', remove);
  choose(0);
  toggle(!collapsed);
};
