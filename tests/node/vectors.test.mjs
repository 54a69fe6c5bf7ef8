// @ts-check
// The published vectors through the wasm that visitors load; tests/vectors.rs runs the same natively.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { UNIT, createEngine } from '../../www/engine.js';

const file = (/** @type {string} */ name) => readFile(new URL(`../../${name}`, import.meta.url));

/** @type {any} */
let vectors;
/** @type {ReturnType<typeof createEngine>} */
let engine;

before(async () => {
  const [runtime, authoring, text] = await Promise.all([file('dist/parlour.wasm'), file('dist/parlour-authoring.wasm'), file('tests/vectors/assignment.json')]);
  vectors = JSON.parse(text.toString());
  const compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(authoring);
  const { plan, lines } = await compiler.compile(JSON.stringify(vectors.config));
  assert.deepEqual(lines, []);
  engine = createEngine({ module: await WebAssembly.compile(runtime), plan, report: assert.fail });
  engine.consent('measure', 0);
});

/** @param {string} unit @param {string} key */
const assigned = (unit, key, at = 0) => {
  engine.unit(UNIT.visitor, unit);
  const index = engine.page.experiments.findIndex((experiment) => experiment.key === key);
  const { variant, reason } = engine.decide(index, false, at);
  return { variant: engine.page.experiments[index].variants[variant]?.key ?? null, reason };
};

test('every assignment vector holds in the wasm', () => {
  assert.ok(vectors.rows.length >= 600);
  for (const { unit, experiment, at, expect } of vectors.rows) assert.deepEqual(assigned(unit, experiment, at), expect, `${experiment} for ${unit.slice(0, 40)}`);
});

test('every vector of a flag holds in the wasm', () => {
  assert.ok(vectors.flags.length >= 300);
  for (const { unit, flag, expect } of vectors.flags) {
    engine.unit(UNIT.visitor, unit);
    const index = engine.page.flags.findIndex(({ key }) => key === flag);
    const { row, variant, reason } = engine.flag(index, 0);
    const { value, experiment = -1 } = engine.page.flags[index].rows[row];
    const answer = engine.page.experiments[experiment]?.variants[variant].values?.[flag] ?? value;
    assert.deepEqual({ value: answer, reason }, expect, `${flag} for ${unit.slice(0, 40)}`);
  }
});

test('a vector that is wrong is noticed', () => {
  const { unit, experiment, expect } = vectors.rows.find((/** @type {any} */ row) => row.expect.variant === 'a');
  assert.throws(() => assert.deepEqual(assigned(unit, experiment), { ...expect, variant: 'b' }));
});
