// @ts-check
// The shop's own script: tells Parlour what happens, asks for consent, and runs the cart and the gift finder.

import { CURRENCY, showCart, showCheckout, showCount } from './cart.js';
import { quantityOf, read, setQuantity, write } from './keep.js';

/** @type {any} */
const page = window;
// Calls made before Parlour has loaded wait in a queue.
page.parlour ||= function () {
  (page.parlour.q ||= []).push(arguments);
};

/** @param {string} type @param {object} properties */
const track = (type, properties) => page.parlour('track', type, properties);

const consent = () => {
  const banner = /** @type {HTMLElement} */ (document.querySelector('#consent'));
  const known = read().consent;
  if (known) page.parlour('consent', known);
  banner.hidden = !!known;
  for (const button of banner.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      const answer = /** @type {import('./keep.js').Answer} */ (button.dataset.consent);
      write({ consent: answer });
      page.parlour('consent', answer);
      banner.hidden = true;
      say('Thank you, noted.');
    });
  }
  document.querySelector('[data-consent-open]')?.addEventListener('click', () => {
    banner.hidden = false;
    banner.querySelector('button')?.focus();
  });
};

/** For those who do not see the page. @param {string} text */
const say = (text) => {
  const status = document.querySelector('[data-status]');
  if (status) status.textContent = text;
};

/** @param {HTMLElement} main */
const product = ({ dataset: { item, price, category } }) => {
  if (!item) return;
  const seen = { item, price, currency: CURRENCY, category };
  track('view_item', seen);
  const form = document.querySelector('[data-buy]');
  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (form.querySelector('input'));
    const before = quantityOf(item);
    const after = Math.min(before + Number(field.value), Number(field.max));
    setQuantity(item, after);
    if (after > before) track('add_to_cart', { ...seen, quantity: after - before });
    showCount();
    document.querySelector('[data-added]')?.removeAttribute('hidden');
    say(`${document.querySelector('h1')?.textContent} is in your cart.`);
  });
};

const main = /** @type {HTMLElement} */ (document.querySelector('main'));
consent();
showCount();
product(main);
const { search, results, page: name } = main.dataset;
if (search) track('search', { query: search, results: Number(results) });
if (name === 'cart') showCart(track);
if (name === 'checkout') showCheckout(track);
if (name === 'gift-finder') {
  const place = /** @type {HTMLElement} */ (document.querySelector('[data-quiz]'));
  import('./gift-finder.js').then((quiz) => quiz.start(place, track));
}
const refresh = () => (name === 'cart' ? showCart(track) : showCount());
// A cart changed in another tab, or while this page waited in the back-forward cache.
addEventListener('storage', refresh);
addEventListener('pageshow', (event) => event.persisted && refresh());
