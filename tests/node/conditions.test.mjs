// @ts-check
// GrowthBook's condition cases, JSON → plan bytes → the wasm that visitors load; tests/conditions.rs runs them natively.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UNIT, createEngine } from '../../www/engine.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @type {WebAssembly.Module} */
let module;
/** @type {any} */
let compiler;
/** @type {[string, object, Record<string, unknown>, boolean, object?][]} */
let cases;

/** The corpus lies in a crate that is fetched, never built. */
const corpus = async () => {
  const { stdout } = await promisify(execFile)('cargo', ['metadata', '--format-version', '1', '--locked'], { cwd: root, maxBuffer: 1 << 28 });
  const { manifest_path } = JSON.parse(stdout).packages.find((/** @type {any} */ crate) => crate.name === 'growthbook-rust');
  return JSON.parse(await readFile(join(manifest_path, '../tests/cases/cases.json'), 'utf8'));
};

before(async () => {
  const [runtime, authoring, all] = await Promise.all([readFile(join(root, 'dist/parlour.wasm')), readFile(join(root, 'dist/parlour-authoring.wasm')), corpus()]);
  compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(authoring);
  module = await WebAssembly.compile(runtime);
  cases = all.evalCondition;
});

/** @param {object} condition @param {object} [more] */
const plan = async (condition, more) => {
  const config = { site: 'a.example', ...more, experiments: { one: { status: 'running', audience: condition, variants: { a: {}, b: {} } } } };
  return (await compiler.compile(JSON.stringify(config))).plan;
};

/** @param {Uint8Array} plan */
const visitor = (plan) => {
  const engine = createEngine({ module, plan, report: assert.fail });
  engine.consent('measure', 0);
  engine.unit(UNIT.visitor, 'x');
  return engine;
};

/** @param {ReturnType<typeof visitor>} engine */
const isIn = (engine) => {
  const { reason } = engine.decide(0, false, 0);
  assert.ok(reason === 'bucketed' || reason === 'audience', reason);
  return reason === 'bucketed';
};

test("every condition of GrowthBook's corpus answers as theirs in the wasm", async () => {
  assert.equal(cases.length, 583);
  for (const [name, condition, attributes, expect, groups = {}] of cases) {
    const engine = visitor(await plan(condition, { dialect: 'growthbook', groups }));
    engine.facts(attributes);
    assert.equal(isIn(engine), expect, name);
  }
});

test('what our matcher cannot run, the page runs and tells, in elements, too', async () => {
  const engine = visitor(await plan({ ua: { $regex: '^(?!.*bot)' }, tags: { $elemMatch: { name: { $regexi: '(x)\\1', $ini: ['AXX'] } } } }, { dialect: 'growthbook' }));
  engine.facts({ ua: 'Firefox', tags: [{ name: 'xX' }, { name: 'aXx' }] });
  assert.equal(isIn(engine), true);
  engine.facts({ tags: [{ name: 'xX' }, { name: 'aXy' }] });
  assert.equal(isIn(engine), false, 'no element is both');
  engine.facts({ ua: 'Rover', tags: [{ name: 'axx' }] });
  assert.equal(isIn(engine), true);
  engine.facts({ ua: 'a bot' });
  assert.equal(isIn(engine), false);
});

test('patterns are found as RegExp finds them', async () => {
  let seed = 7;
  const one = (/** @type {string[]} */ list) => list[(seed = (seed * 48271) % 2147483647) % list.length];
  const atom = () => one(['a', 'b', 'é', 'É', '1', '_', '-', '.', '\\.', '[ab]', '[^a]', '[a-é]', '[\\w-]', '\\d', '\\W', '\\s', '\\b', '\\B', '^', '$', '(a|b)', '(?:b|)', 'k']);
  const part = () => {
    const start = atom();
    return /^(\^|\$|\\[bB])$/.test(start) ? start : start + one(['', '', '', '*', '+', '?', '{2}', '{1,2}', '*?']);
  };
  let found = 0;
  for (let round = 0; round < 400; round++) {
    const source = Array.from({ length: 1 + (round % 4) }, part).join(one(['', '', '|']));
    const flags = one(['', 'i']);
    const engine = visitor(await plan({ x: { [flags ? '$regexi' : '$regex']: source } }));
    const regexp = RegExp(source, flags);
    for (let i = 0; i < 12; i++) {
      const x = Array.from({ length: i % 6 }, () => one(['a', 'A', 'b', 'é', 'É', '1', '_', '-', '.', ' ', '\n', '\u2028', '\u00a0', 'K', '\u212a'])).join('');
      engine.facts({ x });
      const expect = regexp.test(x);
      found += Number(expect);
      assert.equal(isIn(engine), expect, `${regexp} in ${JSON.stringify(x)}`);
    }
  }
  assert.ok(found > 1000 && found < 4000, `${found}`);
});

test('a path is found in objects and in names with points, and is gone with its object', async () => {
  const engine = visitor(await plan({ 'user.plan.name': 'pro' }));
  /** @type {[Record<string, unknown>, boolean][]} */
  const rows = [
    [{ user: { plan: { name: 'pro' } } }, true],
    [{ other: 1 }, true],
    [{ user: { plan: null } }, false],
    [{ 'user.plan': { name: 'pro' } }, true],
    [{ 'user.plan.name': 'free' }, false],
    [{ 'user.plan.name': 'pro' }, true],
    [{ user: 5 }, false],
    [{ user: Object.create({ plan: { name: 'pro' } }) }, false],
  ];
  for (const [facts, expect] of rows) {
    engine.facts(facts);
    assert.equal(isIn(engine), expect, JSON.stringify(facts));
  }
});

test('letters are folded beyond ASCII', async () => {
  const engine = visitor(await plan({ city: { $ini: ['ZÜRICH', 'ΟΔΟΣ'] } }));
  for (const [city, expect] of /** @type {[unknown, boolean][]} */ ([['zürich', true], ['Zürich', true], ['οδος', true], ['Zurich', false], [['x', 'ZÜRICH'], true], [5, false]])) {
    engine.facts({ city });
    assert.equal(isIn(engine), expect, String(city));
  }
});

test('values beyond the bounds are absent and nothing traps', async () => {
  /** @type {any} */
  const cyclic = {};
  cyclic.self = [cyclic];
  const nested = (/** @type {number} */ depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const engine = visitor(await plan({ v: { $exists: true } }));
  const throws = { get a() { throw Error(); } };
  for (const [v, expect] of /** @type {[unknown, boolean][]} */ ([
    [nested(8), true], [nested(9), false], [cyclic, false], [Array(999).fill(1), true], [Array(1000).fill(1), false], [throws, false],
    [Array(40).fill('x'.repeat(3000)), false], [Array(30).fill('x'.repeat(3000)), true], [() => 1, false], [Symbol('s'), false], [10n, false], [new Map(), true], [NaN, true], ['\ud800', true],
  ])) {
    engine.facts({ v });
    assert.equal(isIn(engine), expect);
  }
});

test('bytes of any kind are a value or none', async () => {
  const bytes = await plan({ v: { $elemMatch: { $or: [{ 'a.0': { $vgt: '1.0.0' } }, { b: { $size: { $gte: 1 } } }] } } });
  const { exports } = new WebAssembly.Instance(module, Object.fromEntries(WebAssembly.Module.imports(module).map(({ module, name }) => [module, { [name]: () => {} }])));
  const wasm = /** @type {any} */ (exports);
  const put = (/** @type {Uint8Array} */ bytes) => {
    const at = wasm.room(bytes.length);
    new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
  };
  put(bytes);
  assert.equal(wasm.load(), 0);
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647);
  for (let round = 0; round < 20000; round++) {
    put(Uint8Array.from({ length: 1 + (random() % 40) }, () => (random() % 3 ? random() % 9 : random() % 256)));
    wasm.fact(0, 5, 0);
    wasm.decide(0, false, 0);
  }
});
