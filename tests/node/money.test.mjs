// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimal, exponent, minor } from '../../www/money.js';

/** @type {[string | number, string, number | undefined][]} */
const ROWS = [
  // Those of src/money.rs, so that page and core read the same text the same way.
  ['12.50', 'EUR', 1250],
  ['12.5', 'EUR', 1250],
  ['12', 'EUR', 1200],
  ['0.30000000000000004', 'EUR', 30],
  ['0.005', 'EUR', 1],
  ['0.0049', 'EUR', 0],
  ['-2.345', 'EUR', -235],
  ['1200', 'JPY', 1200],
  ['1200.5', 'JPY', 1201],
  ['1.2345', 'KWD', 1235],
  ['1e3', 'EUR', 100_000],
  ['1.5e-1', 'EUR', 15],
  ['.5', 'EUR', 50],
  ['9999999999999999', 'EUR', undefined],
  ['', 'EUR', undefined],
  ['.', 'EUR', undefined],
  ['1,5', 'EUR', undefined],
  ['NaN', 'EUR', undefined],
  ['1e999999999', 'EUR', undefined],
  ['0e999999', 'EUR', 0],
  ['1e-999999999', 'EUR', 0],
  // Numbers, with the noise of binary fractions.
  [0.1 + 0.2, 'EUR', 30],
  [1.005, 'EUR', 101],
  [2.675, 'EUR', 268],
  [1.1 * 1.15, 'EUR', 127],
  [19.99 * 3, 'EUR', 5997],
  [4.35 * 100, 'JPY', 435],
  [1.0005, 'KWD', 1001],
  [0.1 + 0.7, 'KWD', 800],
  [1e-7, 'EUR', 0],
  [-0, 'EUR', 0],
  ['-0.00', 'EUR', 0],
  [-0.1 - 0.2, 'EUR', -30],
  [12_345_678_901_234.56, 'EUR', 1_234_567_890_123_456],
  [9e15, 'JPY', 9e15],
  ['90000000000000.00', 'EUR', 9e15],
  ['90000000000000.01', 'EUR', undefined],
  [1e16, 'JPY', undefined],
  [1e21, 'EUR', undefined],
  [NaN, 'EUR', undefined],
  [Infinity, 'EUR', undefined],
  ['0.1234', 'CLF', 1234],
  ['1.5', 'IQD', 1500],
  ['1.50', 'HUF', 150],
  ['+7', 'EUR', 700],
  ['--7', 'EUR', undefined],
  ['7 EUR', 'EUR', undefined],
  [' 7', 'EUR', undefined],
  ['0x10', 'EUR', undefined],
  ['1_000', 'EUR', undefined],
  ['1.2.3', 'EUR', undefined],
  ['1e', 'EUR', undefined],
  ['٣', 'EUR', undefined],
  ['7', 'eur', undefined],
  ['7', 'EURO', undefined],
  ['7', 'E R', undefined],
  ['7', '', undefined],
];

for (const [value, currency, expected] of ROWS)
  test(`${typeof value} ${value} ${currency} is ${expected} minor units`, () => {
    const amount = minor(value, currency);
    assert.equal(amount, expected);
    assert.ok(!Object.is(amount, -0), 'there is no negative zero');
  });

test('values that are no text and no number are no amount', () => {
  for (const value of [undefined, null, {}, [], true, () => 1]) assert.equal(minor(/** @type {any} */ (value), 'EUR'), undefined);
  for (const currency of [undefined, null, 978, {}]) assert.equal(minor('7', /** @type {any} */ (currency)), undefined);
});

test('minor units are written with exactly the decimals of their currency', () => {
  for (const [amount, currency, text] of /** @type {[number, string, string][]} */ ([
    [1250, 'EUR', '12.50'],
    [5, 'EUR', '0.05'],
    [0, 'EUR', '0.00'],
    [-5, 'EUR', '-0.05'],
    [-1250, 'EUR', '-12.50'],
    [1200, 'JPY', '1200'],
    [0, 'JPY', '0'],
    [1235, 'KWD', '1.235'],
    [7, 'KWD', '0.007'],
    [1, 'CLF', '0.0001'],
    [9e15, 'EUR', '90000000000000.00'],
  ])) {
    assert.equal(decimal(amount, currency), text);
    assert.equal(minor(text, currency), amount, 'and read back');
  }
});

test('every amount up to 10,000 survives writing and reading, as text and as a number', () => {
  for (const currency of ['JPY', 'EUR', 'KWD', 'CLF'])
    for (let amount = -10_000; amount <= 10_000; amount++) {
      const text = decimal(amount, currency);
      if (minor(text, currency) !== amount || minor(Number(text), currency) !== amount) assert.fail(`${amount} ${currency}: ${text}`);
    }
});

test('a code is a currency only as three capital letters', () => {
  assert.deepEqual(['EUR', 'JPY', 'KWD', 'UYW', 'F C', 'eur', 'EU', ''].map(exponent), [2, 0, 3, 4, undefined, undefined, undefined, undefined]);
});
