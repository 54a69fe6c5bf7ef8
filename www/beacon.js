// @ts-check
// A touchpoint or record as the JSON text of one event of the Segment specification.
// The text is written directly, so that money keeps its currency's decimals (12.50, not 12.5) and nothing a page
// passes can break it: what cannot be written is left out, strings are cut at TEXT characters, objects and arrays at
// KEYS members and DEPTH levels, and an event at EVENT_BYTES of UTF-8. Lone surrogates become U+FFFD.

/** @typedef {{minor: number, currency: string}} Money */
/**
 * @typedef {object} Touchpoint
 * @property {string} id UUIDv7, also the message id
 * @property {string} type
 * @property {number} at epoch ms
 * @property {string} [item]
 * @property {number} [quantity]
 * @property {Money} [money]
 * @property {{item: string, quantity?: number, price?: Money}[]} [items]
 * @property {object} [properties]
 */
/** @typedef {{id: string, text: string, bytes: number, priority: number, seq: number}} OutboxRecord */

import { decimal, exponent } from './money.js';

const TEXT = 1000;
const KEYS = 200;
const DEPTH = 6;
const EVENT_BYTES = 24_000;

/** Touchpoint or record, and its event name on the wire; any other type is its own name. @type {Record<string, string>} */
export const EVENT_NAMES = {
  // No prototype: an event of the site's own may be called `toString`.
  // @ts-ignore
  __proto__: null,
  click: 'Element Clicked',
  search: 'Products Searched',
  view_item: 'Product Viewed',
  view_list: 'Product List Viewed',
  add_to_cart: 'Product Added',
  remove_from_cart: 'Product Removed',
  begin_checkout: 'Checkout Started',
  purchase: 'Order Completed',
  refund: 'Order Refunded',
  share: 'Product Shared',
  exposure: 'Experiment Viewed',
  late: 'Experiment Late',
  goal: 'Goal Reached',
  experience: 'Experience Viewed',
  slot_view: 'Product List Viewed',
  slot_click: 'Product Clicked',
};

const utf8 = new TextEncoder();
/** @param {string} text */
export const byteLength = (text) => utf8.encode(text).length;

/** @param {string} text */
const quote = (text) => JSON.stringify(text.slice(0, TEXT).replace(/[\ud800-\udfff]/gu, '\ufffd'));

/** A JSON number already written, which no page can make. */
class Written {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @param {Money | undefined} money */
const amount = (money) =>
  money && exponent(money.currency) !== undefined && Number.isSafeInteger(money.minor) ? new Written(decimal(money.minor, money.currency)) : undefined;

/** Writes values as JSON until `left` bytes are used up; what no longer fits is left out. @param {number} left */
const createWriter = (left) => {
  /** @param {any} value @param {number} depth @returns {string | undefined} */
  const write = (value, depth) => {
    if (value instanceof Written) return value.text;
    if (value instanceof Date) value = value.toISOString();
    if (typeof value === 'bigint') value = `${value}`;
    if (typeof value === 'string') return quote(value);
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
    if (typeof value !== 'object' || depth > DEPTH) return undefined;
    return Array.isArray(value) ? `[${members(value, depth + 1)}]` : `{${members(value, depth + 1)}}`;
  };

  /**
   * @param {any} object @param {number} depth
   * @param {Record<string, unknown>} [taken] keys already written; what is listed is then an object in any case
   * @returns {string[]}
   */
  const members = (object, depth, taken) => {
    /** @type {string[]} */
    const out = [];
    try {
      const list = !taken && Array.isArray(object);
      for (const key of list ? object.slice(0, KEYS).keys() : Object.keys(object).slice(0, KEYS))
        try {
          if (taken?.[key] !== undefined) continue;
          const name = list ? '' : quote(/** @type {string} */ (key)) + ':';
          const spared = left;
          left -= byteLength(name) + 3;
          const text = left > 0 ? write(object[key], depth) : undefined;
          // Containers have been paid for by their members.
          if (text !== undefined && !/^[[{]/.test(text)) left -= byteLength(text);
          if (text === undefined || left < 0) left = spared;
          else out.push(name + text);
        } catch {
          // A throwing getter, an invalid date.
        }
    } catch {
      // A proxy that is revoked or refuses to be listed.
    }
    return out;
  };
  return members;
};

/**
 * @param {object} options
 * @param {string} options.version of this library
 * @param {string} options.tab id of this page load
 * @param {() => {plan?: string, env?: string, sessionId?: string, userId?: string}} options.about
 */
export const createBeacon = ({ version, tab, about }) => {
  let seq = 0;

  /**
   * The event without `anonymousId`: the outbox adds that when consent has settled it.
   * @param {Touchpoint} touchpoint
   * @param {Record<string, unknown>} [facts] more for `context.parlour`: experiment_version, reason
   * @returns {OutboxRecord | undefined} undefined when there is nothing an event could be made of
   */
  const encode = (touchpoint, facts) => {
    try {
      const { id, type, at, item, quantity, money, items } = touchpoint;
      const properties = Object(touchpoint.properties);
      const { plan, env, sessionId, userId } = about();
      const members = createWriter(EVENT_BYTES);
      const call = type === 'page_view' ? 'page' : type === 'identify' && type;
      const paid = /^(purchase|refund|begin_checkout)$/.test(type);
      const sum = amount(money);
      const head = members(
        {
          type: call || 'track',
          event: call ? undefined : (EVENT_NAMES[type] ?? type),
          messageId: id,
          userId,
          timestamp: new Date(Math.abs(at) <= 864e13 ? at : Date.now()),
          context: {
            library: { name: 'parlour', version },
            page: { path: location.pathname, referrer: document.referrer, title: `${document.title}`, url: location.href },
            sessionId,
            parlour: { plan, tab, seq: seq + 1, env, ...facts },
          },
        },
        0,
      );
      /** @type {Record<string, unknown>} */
      const own = {
        // @ts-ignore no prototype here either
        __proto__: null,
        // Before the products, which may use the space up.
        get order_id() {
          return properties.order_id;
        },
        product_id: item,
        quantity,
        [paid ? 'revenue' : type === 'goal' ? 'value' : 'price']: sum,
        currency: sum && money?.currency,
        get products() {
          return items?.map((line) => ({ product_id: line.item, quantity: line.quantity, price: amount(line.price) }));
        },
      };
      const body = [...members(own, 1), ...members(properties, 1, own)];
      const text = `{${head},"${call === type ? 'traits' : 'properties'}":{${body}}}`;
      seq++;
      return { id, text, bytes: byteLength(text), priority: type === 'exposure' || type === 'purchase' ? 0 : 1, seq };
    } catch {
      return undefined;
    }
  };
  return { encode };
};
