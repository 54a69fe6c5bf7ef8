// @ts-check
// The gift finder: three questions and their answers, each with an address of its own, without loading a page.

/** @typedef {{ id: string, title: string, price: string, gifts: string[], mood: string, stock: number, brand: string }} Product */
/** @typedef {'who' | 'mood' | 'budget'} Key */

/** @type {{ key: Key, question: string, choices: [string, string, string][] }[]} */
const STEPS = [
  {
    key: 'who',
    question: 'Who is it for?',
    choices: [
      ['cook', 'Someone who cooks', 'pan-01'],
      ['reader', 'Someone who reads', 'lamp-03'],
      ['garden', 'Someone with green fingers', 'can-01'],
      ['host', 'Someone with guests', 'jug-01'],
      ['home', 'Someone who has just moved', 'basket-01'],
    ],
  },
  {
    key: 'mood',
    question: 'What do their rooms feel like?',
    choices: [
      ['calm', 'Calm and pale', 'vase-02'],
      ['natural', 'Wood and wool', 'stool-01'],
      ['bright', 'Bright and a little loud', 'lamp-02'],
    ],
  },
  {
    key: 'budget',
    question: 'What would you like to spend?',
    choices: [
      ['25', 'Up to €25', 'mug-03'],
      ['60', 'Up to €60', 'throw-02'],
      ['300', 'A little more', 'chair-02'],
    ],
  },
];

/** @type {Promise<Product[]> | undefined} */
let loading;
const catalogue = () =>
  (loading ??= fetch('/catalogue.json')
    .then((answer) => answer.json())
    .then((file) => file.products));

/** @param {string} tag @param {Record<string, string>} attributes @param {(string | Node)[]} children */
const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** @param {string} image */
const picture = (image) => make('img', { src: `/pictures/${image}.svg`, alt: '', width: '400', height: '400' });

/** @param {string} step @param {URLSearchParams} answers */
const address = (step, answers) => `/gift-finder/${step}${String(answers) && `?${answers}`}`;

/** The nearest to all three answers first; what is sold out or beyond the budget is not offered. @param {Product[]} products @param {URLSearchParams} answers */
const ideas = (products, answers) => {
  const most = Number(answers.get('budget'));
  /** @param {Product} product */
  const fit = (product) => (product.gifts.includes(answers.get('who') ?? '') ? 2 : 0) + (product.mood === answers.get('mood') ? 1 : 0);
  return products
    .filter((product) => product.stock > 0 && Number(product.price) <= most && fit(product) >= 2)
    .sort((a, b) => fit(b) - fit(a) || Number(b.price) - Number(a.price))
    .slice(0, 8);
};

/** @param {HTMLElement} place @param {(type: string, properties: object) => void} track */
export const start = (place, track) => {
  /** @param {string} url */
  const go = (url) => {
    history.pushState(null, '', url);
    show(true);
  };

  /** @param {number} at @param {URLSearchParams} answers */
  const question = (at, answers) => {
    const { key, question, choices } = STEPS[at];
    const next = STEPS[at + 1]?.key ?? 'ideas';
    const list = choices.map(([value, label, image]) => {
      const following = new URLSearchParams(answers);
      following.set(key, value);
      const link = make(
        'a',
        { href: address(next, following), 'data-parlour-click': `gift-${key}-${value}` },
        picture(image),
        make('span', {}, label),
      );
      return make('li', {}, link);
    });
    return [
      make('p', { class: 'step' }, `Question ${at + 1} of ${STEPS.length}`),
      make('h1', { tabindex: '-1' }, question),
      make('ul', { class: 'options' }, ...list),
      ...(at > 0 ? [make('p', {}, make('a', { href: address(STEPS[at - 1].key, answers) }, 'Back'))] : []),
    ];
  };

  /** @param {URLSearchParams} answers */
  const result = async (answers) => {
    const found = ideas(await catalogue(), answers);
    track('gift_found', { who: answers.get('who'), mood: answers.get('mood'), budget: answers.get('budget'), ideas: found.length });
    const list = found.map(({ id, title, price, brand }) => {
      const parts = [
        picture(id),
        make('span', { class: 'title' }, title),
        make('span', { class: 'price' }, `€${price}`),
        make('small', {}, brand),
      ];
      return make('li', { class: 'card' }, make('a', { href: `/product/${id}` }, ...parts));
    });
    const heading = list.length ? 'These would go down well' : 'Nothing quite fits';
    return [
      make('p', { class: 'step' }, 'Your ideas'),
      make('h1', { tabindex: '-1' }, heading),
      make('ul', { class: 'grid' }, ...list),
      make('p', {}, make('a', { href: '/gift-finder' }, 'Start again')),
    ];
  };

  /** A later call wins over an earlier one that still loads. */
  let turn = 0;
  /** @param {boolean} moved */
  const show = async (moved) => {
    const mine = ++turn;
    const answers = new URLSearchParams(location.search);
    const step = location.pathname.split('/')[2] ?? '';
    const unanswered = STEPS.findIndex(({ key, choices }) => !choices.some(([value]) => value === answers.get(key)));
    const named =
      step === 'ideas'
        ? STEPS.length
        : Math.max(
            0,
            STEPS.findIndex(({ key }) => key === step),
          );
    const at = unanswered < 0 ? named : Math.min(named, unanswered);
    const parts = at < STEPS.length ? question(at, answers) : await result(answers);
    if (mine !== turn) return;
    place.replaceChildren(...parts);
    const heading = place.querySelector('h1');
    document.title = `${heading?.textContent} · Hearth & Hall`;
    if (moved) heading?.focus();
  };

  place.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest('a');
    if (!link?.pathname.startsWith('/gift-finder') || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.href);
  });
  addEventListener('popstate', () => show(true));
  show(false);
};
