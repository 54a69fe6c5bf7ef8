// @ts-check
// Money at the page's edge: decimal text or numbers become integer minor units, and back.
// Exponents are ISO 4217's own, as in src/money.rs. Intl is not asked: engines disagree (Chromium 156 gives HUF 0 and
// IQD 0 decimals, Firefox 153 gives 2 and 3), and the same price must be the same amount everywhere.

const NONE = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';
const THREE = 'BHD IQD JOD KWD LYD OMR TND';
const FOUR = 'CLF UYW';
// As in the core: ±9·10^15 is below 2^53, so every amount is exact.
const LIMIT = 9e15;

/**
 * Digits after a currency's point; undefined for what is no currency code.
 * @param {string} currency
 */
export const exponent = (currency) =>
  /^[A-Z]{3}$/.test(currency) ? (NONE.includes(currency) ? 0 : THREE.includes(currency) ? 3 : FOUR.includes(currency) ? 4 : 2) : undefined;

/**
 * Text is read digit by digit; more digits than the currency has are rounded half away from zero. A number is first
 * written with 16 digits, one fewer than tells two numbers apart, so that 0.1 + 0.2 is 0.3.
 * @param {string | number} value
 * @param {string} currency
 * @returns {number | undefined} undefined for what is no amount, or too large to be exact
 */
export const minor = (value, currency) => {
  const digits = exponent(currency);
  const text = typeof value === 'number' ? value.toPrecision(16) : value;
  const parts = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (digits === undefined || !parts) return undefined;
  const all = parts[2] + parts[3];
  const point = parts[2].length + digits + Number(parts[4] ?? 0);
  // 40 zeros make any digit too large, and none of them an array too long.
  const whole = point < 0 ? '' : all.slice(0, point).padEnd(Math.min(point, 40), '0');
  const amount = Number(whole) + Number(all[point] >= '5');
  if (amount > LIMIT) return undefined;
  return parts[1] === '-' && amount ? -amount : amount;
};

/**
 * @param {number} amount in minor units
 * @param {string} currency
 */
export const decimal = (amount, currency) => {
  const digits = exponent(currency) ?? 2;
  const text = `${Math.abs(amount)}`.padStart(digits + 1, '0');
  const whole = text.length - digits;
  return (amount < 0 ? '-' : '') + text.slice(0, whole) + (digits ? '.' + text.slice(whole) : '');
};
