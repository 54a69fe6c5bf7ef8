// @ts-check
// The published vectors through the wasm that visitors load and the JavaScript made from it; tests/vectors.rs runs the
// same natively, tests/browser/pairs.test.mjs in three engines.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { instantiate } from '../../dist/parlour-fallback.js';
import * as tables from '../../www/engine.js';
import { answersOf } from '../vectors/rows.mjs';

const file = (/** @type {string} */ name) => readFile(new URL(`../../${name}`, import.meta.url));

/** @type {any} */
let vectors;
/** @type {Uint8Array} */
let plan;

before(async () => {
  const [authoring, text] = await Promise.all([file('dist/parlour-authoring.wasm'), file('tests/vectors/assignment.json')]);
  vectors = JSON.parse(text.toString());
  const compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(authoring);
  const compiled = await compiler.compile(JSON.stringify(vectors.config));
  assert.deepEqual(compiled.lines, []);
  plan = compiled.plan;
});

/** @param {import('../../www/engine.js').Core} module */
const answers = (module) => answersOf(tables.createEngine({ module, plan, report: assert.fail }), vectors, tables);

/** @type {[string, () => Promise<import('../../www/engine.js').Core>][]} */
const HOSTS = [
  ['the wasm', async () => WebAssembly.compile(await file('dist/parlour.wasm'))],
  ['the JavaScript made from it', async () => instantiate],
];

for (const [name, core] of HOSTS)
  test(`every vector of an assignment and of a flag holds in ${name}`, async () => {
    assert.ok(vectors.rows.length >= 600 && vectors.flags.length >= 300);
    for (const { what, expect, answer } of answers(await core())) assert.deepEqual(answer, expect, what);
  });

test('a vector that is wrong is noticed', () => {
  const row = answers(instantiate).find(({ expect }) => expect.variant === 'a');
  assert.throws(() => assert.deepEqual(row?.answer, { ...row?.expect, variant: 'b' }));
});
