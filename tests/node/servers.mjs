// @ts-check
// The two examples of a shop whose server decides, on free ports.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from '../../scripts/run.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const DIST = process.env.PARLOUR_DIST ?? join(root, 'dist');

/** The plan of a parlour.json. @param {string} text */
export const planOf = async (text) => {
  const authoring = await import(join(DIST, 'parlour-authoring.js'));
  await authoring.init(readFileSync(join(DIST, 'parlour-authoring.wasm')));
  const { plan, lines } = await authoring.compile(text);
  if (!plan || lines.length) throw Error(lines.join('\n'));
  return /** @type {Uint8Array} */ (plan);
};

/** @param {Uint8Array} plan */
export const startServers = async (plan) => {
  await mustRun('cargo', ['build', '-q', '--workspace', '--example', 'server-rust'], { env: { CARGO_PROFILE_DEV_DEBUG: '0' } });
  const folder = mkdtempSync(join(tmpdir(), 'parlour-'));
  const file = join(folder, 'plan.bin');
  writeFileSync(file, plan);
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const commands = [
    [process.execPath, join(root, 'examples/server-node/server.js'), file, '0'],
    [join(target, 'debug/examples/server-rust'), file, '0', DIST],
  ];
  const children = commands.map(([command, ...args]) => spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] }));
  const urls = await Promise.all(children.map((child) => new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line) => resolve(line.trim()));
    child.once('error', reject).once('exit', (code) => reject(Error(`ended with ${code}`)));
  })));
  return {
    names: ['node', 'rust'],
    /** @type {string[]} */
    urls,
    close: () => {
      for (const child of children) child.kill();
      rmSync(folder, { recursive: true });
    },
  };
};
