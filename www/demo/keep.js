// @ts-check
// What the shop itself keeps in this browser, under one key: the cart and the answer to the consent question.

const KEY = 'hearth-and-hall';

/** @typedef {{ item: string, quantity: number }} Line */
/** @typedef {'personalise' | 'measure' | 'denied'} Answer */
/** @typedef {{ cart: Line[], consent: Answer | null }} Kept */

/** Where storage is denied the cart lasts as long as the page. @type {Kept} */
let kept = { cart: [], consent: null };

/** @param {unknown} value @returns {value is Line} */
const isLine = (value) => {
  const line = /** @type {Line} */ (value);
  return !!line && typeof line.item === 'string' && Number.isInteger(line.quantity) && line.quantity > 0;
};

/** @returns {Kept} */
export const read = () => {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const consent = ['personalise', 'measure', 'denied'].includes(stored.consent) ? stored.consent : null;
    kept = { cart: Array.isArray(stored.cart) ? stored.cart.filter(isLine) : [], consent };
  } catch {}
  return kept;
};

/** @param {Partial<Kept>} change */
export const write = (change) => {
  kept = { ...read(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {}
};

/** How many of an item are in the cart from now on; 0 takes it out. @param {string} item @param {number} quantity */
export const setQuantity = (item, quantity) => {
  const { cart } = read();
  const known = cart.find((line) => line.item === item);
  if (known) known.quantity = quantity;
  else cart.push({ item, quantity });
  write({ cart: cart.filter((line) => line.quantity > 0) });
};

/** @param {string} item */
export const quantityOf = (item) => read().cart.find((line) => line.item === item)?.quantity ?? 0;
