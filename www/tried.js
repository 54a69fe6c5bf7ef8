// @ts-check
// A plan for pages that try things out: compiled in the page from parlour.json or from a payload of GrowthBook's, and
// kept for as long as its text stays the same.

import { compile } from './authoring.js';
import { loadGrowthBook, loadText } from './load.js';
import { VERSION } from './version.js';

/**
 * @param {object} options
 * @param {string | object} [options.config]
 * @param {string | object} [options.growthbook]
 * @param {string} [options.growthbookModule]
 * @param {() => Promise<import('./storage.js').Storage | null | undefined>} options.storage
 * @returns {Promise<Uint8Array>}
 */
export const planOf = async ({ config, growthbook, growthbookModule, storage }) => {
  if (growthbook) config = await (await loadGrowthBook(growthbookModule)).configOf(growthbook);
  if (!config) throw Error('neither data-plan nor data-config says what to run');
  const inline = typeof config === 'string' && config[0] === '#' && document.querySelector(config);
  const text = typeof config === 'object' ? JSON.stringify(config) : inline ? `${inline.textContent}` : await loadText(config);
  const kept = await (await storage())?.get('plan');
  if (kept?.text === text && kept.version === VERSION) return kept.plan;
  const compiled = await compile(text);
  const lines = compiled.lines.map((line) => `${typeof config === 'string' ? config : 'config'}:${line}`);
  if (!compiled.plan) throw Error(lines.join('\n'));
  for (const line of lines) console.warn(`parlour: ${line}`);
  (await storage())?.set('plan', { text, version: VERSION, plan: compiled.plan });
  return compiled.plan;
};
