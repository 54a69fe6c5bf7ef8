// @ts-check
// The cart as the cart and checkout pages show it, with its sums. Amounts are whole cents.

import { quantityOf, read, setQuantity, write } from './keep.js';

export const CURRENCY = 'EUR';
const SHIPPING = 490;
const FREE_FROM = 6000;

/** @typedef {{ item: string, title: string, price: string, currency: string, image: string, url: string, category: string, stock: number }} Card */
/** @typedef {{ card: Card, quantity: number }} Row */
/** @typedef {(type: string, properties: object) => void} Track */

/** Prices in the catalogue have two decimals. @param {string} price */
const cents = (price) => Number(price.replace('.', ''));
/** @param {number} amount */
export const decimal = (amount) => `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
/** @param {number} amount */
const euros = (amount) => `€${decimal(amount)}`;

/** @type {Promise<Map<string, Card>> | undefined} */
let loading;

const cards = () =>
  (loading ??= fetch('/cards.json')
    .then((answer) => answer.json())
    .then((/** @type {{ items: Record<string, Card> }} */ shard) => new Map(Object.values(shard.items).map((card) => [card.item, card]))));

/** Lines whose item the shop still has. */
export const rows = async () => {
  const known = await cards();
  return read().cart.flatMap(({ item, quantity }) => {
    const card = known.get(item);
    return card ? [{ card, quantity }] : [];
  });
};

/** @param {Row[]} list */
export const sums = (list) => {
  const goods = list.reduce((sum, { card, quantity }) => sum + cents(card.price) * quantity, 0);
  const shipping = goods >= FREE_FROM ? 0 : SHIPPING;
  return { goods, shipping, total: goods + shipping };
};

/** @param {Row[]} list */
export const products = (list) => list.map(({ card, quantity }) => ({ item: card.item, quantity, price: card.price }));

export const showCount = () => {
  const count = read().cart.reduce((sum, line) => sum + line.quantity, 0);
  for (const badge of document.querySelectorAll('[data-cart-count]')) badge.textContent = String(count);
};

/** @param {string} selector @param {string} text */
const say = (selector, text) => {
  for (const element of document.querySelectorAll(selector)) element.textContent = text;
};

/** @param {Row[]} list */
const showSums = (list) => {
  const { goods, shipping, total } = sums(list);
  say('[data-goods]', euros(goods));
  say('[data-shipping]', shipping ? euros(shipping) : 'Free');
  say('[data-total]', euros(total));
  say('[data-hint]', shipping ? `${euros(FREE_FROM - goods)} more and shipping is free.` : 'Shipping is on the house.');
  for (const empty of document.querySelectorAll('[data-cart-empty]')) empty.toggleAttribute('hidden', list.length > 0);
  for (const full of document.querySelectorAll('[data-cart]')) full.toggleAttribute('hidden', list.length === 0);
};

/** @param {Row} row @param {Track} track @param {() => void} changed */
const line = ({ card, quantity }, track, changed) => {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('#line'));
  const item = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (item.querySelector(selector));
  for (const link of item.querySelectorAll('a')) link.href = card.url;
  find('img').setAttribute('src', card.image);
  find('[data-link]').setAttribute('aria-label', card.title);
  find('[data-title]').textContent = card.title;
  find('[data-price]').textContent = `€${card.price}`;
  find('[data-sum]').textContent = euros(cents(card.price) * quantity);
  const input = /** @type {HTMLInputElement} */ (find('input'));
  input.value = String(quantity);
  input.max = String(Math.max(card.stock, quantity));
  /** @param {number} wanted */
  const change = (wanted) => {
    const before = quantityOf(card.item);
    if (wanted === before) return;
    setQuantity(card.item, wanted);
    const step = { item: card.item, quantity: Math.abs(wanted - before), price: card.price, currency: CURRENCY, category: card.category };
    track(wanted > before ? 'add_to_cart' : 'remove_from_cart', step);
    changed();
  };
  input.addEventListener('change', () => {
    if (input.checkValidity()) change(Number(input.value));
    else input.reportValidity();
  });
  const remove = find('[data-remove]');
  remove.setAttribute('aria-label', `Remove ${card.title}`);
  remove.addEventListener('click', () => change(0));
  return item;
};

/** @param {Track} track */
export const showCart = async (track) => {
  const list = await rows();
  const redraw = () => showCart(track);
  document.querySelector('[data-cart-lines]')?.replaceChildren(...list.map((row) => line(row, track, redraw)));
  showSums(list);
  showCount();
};

/** @param {Track} track */
export const showCheckout = async (track) => {
  const list = await rows();
  showSums(list);
  const short = list.map(({ card, quantity }) => {
    const item = document.createElement('li');
    item.textContent = `${quantity} × ${card.title}`;
    return item;
  });
  document.querySelector('[data-cart-short]')?.replaceChildren(...short);
  if (list.length === 0) return;
  track('begin_checkout', { value: decimal(sums(list).total), currency: CURRENCY, products: products(list) });
  document.querySelector('[data-pay]')?.addEventListener('submit', (event) => {
    event.preventDefault();
    const order = `HH-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36).toUpperCase().padStart(7, '0')}`;
    track('purchase', { order_id: order, revenue: decimal(sums(list).total), currency: CURRENCY, products: products(list) });
    write({ cart: [] });
    location.assign(`/thanks?order=${order}`);
  });
};
