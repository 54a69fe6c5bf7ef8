// @ts-check
// The visitor's side: consent, ids, session, and the journey and profile as they are kept on this device.

import { createEngine } from '../engine.js';
import { decimal } from '../money.js';
import { openState } from './bytes.js';
import { h, note, pairs, section } from './element.js';
import { CONSENT_WORDS, plural, time } from './words.js';

/** @typedef {import('./toolbar.js').Context} Context */

/** Folded by an engine of our own, so that nothing of it gets into the page's. @param {Context} context */
const kept = async ({ engine, storage, consent, visitorId }) => {
  const store = storage();
  if (!store || !consent.profileAllowed) return undefined;
  const [snapshot, entries] = await Promise.all([store.get('snapshot'), store.read('journal', 5000)]);
  const { module, plan } = engine.inner;
  const other = createEngine({ module, plan, report: () => {} });
  other.unit(0, visitorId() ?? '');
  other.consent('personalise', Date.now());
  return openState(other.fold(snapshot, (entries ?? []).map(([, value]) => value), 0, Date.now()));
};

/** @param {Context} context */
const read = async (context) => {
  const { consent, visitorId, about, engine } = context;
  return {
    consent: consent.state,
    idsAllowed: consent.idsAllowed,
    visitorId: visitorId(),
    session: about().session,
    tab: about().tab,
    currency: engine.page.currency,
    state: await kept(context).catch(() => undefined),
  };
};

const when = (/** @type {number} */ ms) => (ms ? time(ms) : 'never');

/** @param {Awaited<ReturnType<typeof read>>} seen */
const show = ({ consent, idsAllowed, visitorId, session, tab, currency, state }) => {
  const code = (/** @type {string | undefined} */ text) => (text ? h('code', {}, text) : '–');
  return [
    section('Consent', pairs([['State', h('strong', {}, consent)], ['Means', CONSENT_WORDS[consent]], ['Ids in records', idsAllowed ? 'yes' : 'no']])),
    section(
      'Session',
      pairs([
        ['Visitor', visitorId ? code(visitorId) : 'none is kept'],
        ['Session', session ? [code(session.id), ` number ${session.number}`] : '–'],
        ['So far', session ? plural(session.touchpoints, 'touchpoint') : '–'],
        ['Stage', session?.stage ?? '–'],
        ['Page load', code(tab)],
      ]),
    ),
    state
      ? section(
          'Journey',
          pairs([
            ['Visits', `${state.visits}`],
            ['Pages', `${state.pageViews}, of them ${state.sessionPageViews} in this visit`],
            ['Items viewed', `${state.itemViews}`],
            ['Items in the cart', `${state.cart}`],
            ['Last considered', when(state.considered)],
            ['Last checkout', when(state.checkout)],
          ]),
        )
      : section('Journey', note(consent === 'personalise' ? 'It cannot be read: this browser lends no storage.' : 'It is kept with consent “personalise” alone. Until then it is in this page’s memory, and no audience may ask for it.')),
    ...(state
      ? [
          section(
            'Profile',
            pairs([
              ['Orders', `${state.purchases}`],
              ['Revenue', `${decimal(state.revenue, currency)} ${currency}`],
              ['Last order', when(state.purchased)],
              ['Items owned', `${state.owned}`],
              ['Shares', `${state.shares}`],
              ['Variants met', `${state.met}`],
            ]),
          ),
        ]
      : []),
    note('All of it lies on this device.'),
  ];
};

/** @type {import('./toolbar.js').Tab} */
export const tab = { id: 'journey', title: 'Journey', read, show };
