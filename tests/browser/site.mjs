// @ts-check
// A site that serves www/ as it is and a page with the data modules put together (fixtures/data.js).

import { fileURLToPath } from 'node:url';
import { startServer } from './server.mjs';

const folder = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {{port?: number}} [options] */
export const startSite = async (options) => {
  const server = await startServer({ folders: [folder('../../www'), folder('fixtures')], ...options });
  server.route('/', { body: '<!doctype html><title>data</title><script type="module" src="/data.js"></script>' });
  server.route('/blank', { body: '<!doctype html><title>blank</title>' });
  return server;
};

/** @param {import('./drivers/index.mjs').Page} page @param {string} url */
export const visit = async (page, url) => {
  await page.goto(url);
  await page.waitFor('!!globalThis.kit');
};
