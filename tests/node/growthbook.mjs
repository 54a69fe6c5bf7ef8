// @ts-check
/** What tests over GrowthBook's payloads share: their corpus, and engines with the core that evaluates them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEngine } from '../../www/engine.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** It lies in a crate that is fetched, never built. @returns {Promise<Record<string, any[]>>} */
export const growthBookCorpus = async () => {
  const { stdout } = await promisify(execFile)('cargo', ['metadata', '--format-version', '1', '--locked'], { cwd: root, maxBuffer: 1 << 28 });
  const { manifest_path } = JSON.parse(stdout).packages.find((/** @type {any} */ crate) => crate.name === 'growthbook-rust');
  return JSON.parse(await readFile(join(manifest_path, '../tests/cases/cases.json'), 'utf8'));
};

export const growthBookHost = async () => {
  const dist = (/** @type {string} */ name) => readFile(join(root, 'dist', name));
  const [core, authoring] = await Promise.all([dist('parlour-growthbook.wasm'), dist('parlour-authoring.wasm')]);
  const compiler = await import(new URL('../../dist/parlour-authoring.js', import.meta.url).href);
  await compiler.init(authoring);
  const module = await WebAssembly.compile(core);
  return {
    /** @param {object} growthbook a payload */
    async engine(growthbook) {
      const { plan, lines, hasErrors } = await compiler.compile(JSON.stringify({ site: 'a.example', growthbook }));
      assert.ok(plan && !hasErrors, lines.join('\n'));
      return createEngine({ module, plan, report: assert.fail });
    },
  };
};
