// @ts-check
// Properties and fuzz targets are counted in the sources; `npm run test:long` lists them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FUZZ_TARGETS, properties } from '../../scripts/long/sources.mjs';

test('at least thirty properties hold over assignment, targeting, authoring, plan bytes and state', () => {
  const all = properties();
  assert.ok(all.length >= 30, `${all.length} properties`);
  assert.equal(new Set(all.map(({ file, claim }) => `${file} ${claim}`)).size, all.length);
  for (const file of ['src/authoring/pattern/mod.rs', 'tests/authoring.rs', 'tests/conditions.rs', 'tests/engine.rs', 'tests/properties.rs'])
    assert.ok(all.some((property) => property.file === file), `none in ${file}`);
});

test('the fuzz targets of fuzz/Cargo.toml are those that run on stable', () => {
  const stable = readFileSync(new URL('../../tests/fuzz.rs', import.meta.url), 'utf8');
  assert.ok(FUZZ_TARGETS.length >= 8);
  for (const target of FUZZ_TARGETS) assert.match(stable, new RegExp(`: "${target}", `));
});
