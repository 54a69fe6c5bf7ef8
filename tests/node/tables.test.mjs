// @ts-check
// Numbers and names that Rust and the page must agree on: each table stands once in either, and here they are compared.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EVENT_NAMES } from '../../www/beacon.js';
import { KINDS, REASONS, STAGES, STEPS } from '../../www/engine.js';
import { exponent } from '../../www/money.js';

const rust = (/** @type {string} */ path) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8');

/** The quoted texts between two marks. @param {string} source @param {string} from */
const texts = (source, from) => {
  const start = source.indexOf(from);
  assert.ok(start >= 0, `${from} is not in the source`);
  return [...source.slice(start, source.indexOf('];', start)).matchAll(/"([^"]*)"/g)].map(([, text]) => text);
};

test('touchpoint kinds have the same codes', () => assert.deepEqual(KINDS.slice(1), texts(rust('journey/mod.rs'), 'pub const TOUCHPOINTS')));

test('reasons have the same codes', () => assert.deepEqual(REASONS, texts(rust('decision.rs'), 'pub const ALL')));

test('explanations have the same steps', () => assert.deepEqual(STEPS, texts(rust('authoring/explain.rs'), 'pub const STEPS')));

test('stages have the same codes', () => assert.deepEqual(STAGES, texts(rust('journey/stage.rs'), 'pub const ALL')));

test('events have the same names on the wire', () => {
  const pairs = texts(rust('beacon/mod.rs'), 'pub const EVENT_NAMES');
  assert.deepEqual(Object.entries(EVENT_NAMES).flat(), pairs);
});

test('the version is the same everywhere', () => {
  const file = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const { version } = JSON.parse(file('package.json'));
  assert.ok(file('www/version.js').includes(`export const VERSION = '${version}';`), 'www/version.js');
  assert.ok(file('Cargo.toml').includes(`[workspace.package]\nversion = "${version}"`), 'Cargo.toml');
});

test('currencies have the same decimals', () => {
  const source = rust('money.rs');
  const arms = [...source.matchAll(/((?:"[A-Z]{3}"[\s|]*)+)=> (\d)/g)];
  assert.equal(arms.length, 3);
  for (const [, codes, digits] of arms) for (const [code] of codes.matchAll(/[A-Z]{3}/g)) assert.equal(exponent(code), Number(digits), code);
  assert.equal(exponent('EUR'), 2);
});
