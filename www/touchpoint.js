// @ts-check
// What a page says of a contact, in its own words and numbers → a touchpoint.

import { uuidv7 } from './identity.js';
import { minor } from './money.js';

/** @typedef {import('./beacon.js').Touchpoint} Touchpoint */

/** @param {unknown} value @param {string} currency */
const money = (value, currency) => {
  const amount = typeof value === 'string' || typeof value === 'number' ? minor(value, currency) : undefined;
  return amount === undefined ? undefined : { minor: amount, currency };
};

/** @param {unknown} value */
const text = (value) => (typeof value === 'string' || typeof value === 'number' ? `${value}` : undefined);

/** @param {any} line @param {string} currency */
const lineOf = (line, currency) => {
  const item = text(line?.item ?? line?.product_id);
  return item === undefined ? [] : [{ item, quantity: Number(line.quantity ?? 1), price: money(line.price, line.currency ?? currency) }];
};

/**
 * `item` (or `product_id`), `quantity`, `price`, `revenue`, `value`, `currency` and `items` (or `products`) are taken
 * as what they say; all else is a property.
 * @param {string} type
 * @param {any} given
 * @param {string} currency where none is given
 * @param {number} at epoch ms
 * @returns {Touchpoint}
 */
export const touchpointOf = (type, given, currency, at) => {
  /** @type {Touchpoint} */
  const touchpoint = { id: uuidv7(at), type: String(type).slice(0, 100), at };
  try {
    const { item, product_id, quantity, price, revenue, value, items, products, currency: own, ...properties } = Object(given);
    const code = text(own) ?? currency;
    const lines = items ?? products;
    const key = text(item ?? product_id);
    const amount = revenue ?? value ?? price;
    if (key !== undefined) touchpoint.item = key;
    if (quantity !== undefined) touchpoint.quantity = Number(quantity);
    if (Array.isArray(lines)) touchpoint.items = lines.slice(0, 200).flatMap((line) => lineOf(line, code));
    touchpoint.money = money(amount, code);
    // What is no amount of money is still what the page said.
    if (amount !== undefined && !touchpoint.money) properties.value = amount;
    touchpoint.properties = properties;
  } catch {
    // A getter that throws, a revoked proxy: the contact counts without its details.
  }
  return touchpoint;
};
