// @ts-check
// Random (id, experiment) pairs through the wasm and through its JavaScript twin, held against what tests/pairs.rs decides
// natively. PARLOUR_PAIRS: how many thousands; 20 if not given, 1,000 in `npm run test:long`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import * as tables from '../../www/engine.js';
import { instantiate } from '../../dist/parlour-fallback.js';
import { ROOT, run } from '../../scripts/run.mjs';
import { createPairs } from '../vectors/pairs.mjs';

const file = (/** @type {string} */ name) => readFile(new URL(`../../${name}`, import.meta.url));
const BLOCKS = Number(process.env.PARLOUR_PAIRS ?? 20);

/** @type {any} */
let vectors;
/** @type {string[]} */
let digests;
/** @type {Uint8Array} */
let plan;
/** @type {WebAssembly.Module} */
let wasm;

before(async () => {
  const compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(await file('dist/parlour-authoring.wasm'));
  vectors = JSON.parse((await file('tests/vectors/pairs.json')).toString());
  digests = (await file('tests/vectors/pairs.txt')).toString().trim().split('\n');
  wasm = await WebAssembly.compile(await file('dist/parlour.wasm'));
  const compiled = await compiler.compile(JSON.stringify(vectors.config));
  assert.ok(!compiled.hasErrors, compiled.lines.join('\n'));
  plan = compiled.plan;
});

/** @param {import('../../www/engine.js').Core} module */
const pairsOf = (module) => createPairs(tables.createEngine({ module, plan, report: assert.fail }), vectors, tables);

/** @param {ReturnType<typeof createPairs>} pairs @param {number} blocks */
const firstDifferent = (pairs, blocks) => {
  for (let block = 0; block < blocks; block++) if (pairs(block).toString(16).padStart(8, '0') !== digests[block]) return block;
  return -1;
};

/** The first pair of a block that is decided otherwise than natively. @param {ReturnType<typeof createPairs>} pairs @param {number} block */
const explain = async (pairs, block) => {
  /** @type {string[]} */
  const here = [];
  pairs(block, ({ n, experiment, variant, reason, id }) => here.push(`${n} ${experiment} ${variant} ${reason} ${JSON.stringify(id)}`));
  const native = await run('cargo', ['test', '-q', '--features', 'authoring', '--test', 'pairs', '--', '--ignored', '--nocapture', 'print_a_block'], { cwd: ROOT, env: { PARLOUR_PAIRS_BLOCK: `${block}` } });
  const there = native.out.split('\n').filter((line) => /^\d+ \S+ -?\d+ /.test(line));
  const decided = (/** @type {string} */ line) => line?.split(' ').slice(0, 4).join(' ');
  const at = here.findIndex((line, i) => decided(line) !== decided(there[i]));
  return at < 0 ? `block ${block}: the decisions agree, what they lead to does not` : `block ${block}: here ${here[at]}, natively ${there[at]}`;
};

/** @type {[string, () => import('../../www/engine.js').Core][]} */
const HOSTS = [
  ['the wasm', () => wasm],
  ['the JavaScript made from it', () => instantiate],
];

for (const [name, core] of HOSTS)
  test(`${BLOCKS},000 random pairs are decided by ${name} as natively`, async () => {
    assert.ok(BLOCKS > 0 && BLOCKS <= digests.length);
    const pairs = pairsOf(core());
    const block = firstDifferent(pairs, BLOCKS);
    if (block >= 0) assert.fail(await explain(pairs, block));
  });

test('sabotaged: a core that decides one pair in a thousand otherwise is noticed', () => {
  let calls = 0;
  const core = () => {
    const real = instantiate();
    return { ...real, decide: (/** @type {unknown[]} */ ...given) => real.decide(...given) ^ Number(++calls % 1000 === 0) };
  };
  assert.equal(firstDifferent(pairsOf(core), 1), 0);
});

test('sabotaged: a core that reads ids as if they ended at their first NUL is noticed', () => {
  const engine = tables.createEngine({ module: wasm, plan, report: assert.fail });
  const pairs = createPairs({ ...engine, unit: (kind, id) => engine.unit(kind, id.split('\0')[0]) }, vectors, tables);
  assert.ok(firstDifferent(pairs, 5) >= 0);
});
