// @ts-check
// The admin page: events as they arrive, filtered; gaps by page load; what was doubled and what was refused; markup that
// events hold is text.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlan, serveSite } from './command.mjs';
import { inEveryEngine } from './drivers/index.mjs';

const MARKUP = '<img src=x onerror="document.title = 1">';

/** @param {string} id @param {object} [more] */
const event = (id, more) => ({ type: 'track', event: 'Product Viewed', messageId: id, anonymousId: 'visitor-0001', properties: { product_id: 'mug-01' }, ...more });
/** @param {string} tab @param {number} seq */
const ours = (tab, seq, more = {}) => ({ context: { parlour: { tab, seq, ...more }, page: { path: '/mugs' } } });

inEveryEngine('the admin page shows what arrives, what is missing and what was refused', async (browser) => {
  const folder = await mkdtemp(join(tmpdir(), 'parlour-inspector-'));
  const config = { site: 'shop.example', experiments: { banner: { status: 'running', variants: { control: {}, loud: {} } } } };
  const plan = join(folder, 'plan.bin');
  await writeFile(plan, await buildPlan(config));
  const collector = await serveSite(folder, ['--plan', plan]);
  /** @param {object[]} batch @param {object} [context] */
  const send = async (batch, context) => {
    const answer = await fetch(`${collector.url}/v1/batch`, { method: 'POST', body: JSON.stringify({ batch, context }) });
    assert.equal(answer.status, 200);
  };
  const hash = /plan +\S+ \((\w+)/.exec(collector.said)?.[1];
  /** @param {string} id @param {string} variant */
  const exposure = (id, variant) =>
    event(id, { event: 'Experiment Viewed', properties: { experiment_id: 'banner', variation_id: variant }, ...ours('tab-a', 3, { plan: hash, reason: 'bucketed', experiment_version: 1 }) });
  try {
    const page = await browser.newPage();
    await page.goto(/admin +(\S+)/.exec(collector.said)?.[1] ?? '');
    await page.waitFor(() => /^live/.test(document.querySelector('#state')?.textContent ?? ''));
    const rows = () => page.evaluate(() => [...document.querySelectorAll('#events tr')].map((row) => /** @type {HTMLElement} */ (row).innerText));
    await send([event('1', ours('tab-a', 1)), event('2', ours('tab-a', 2)), exposure('3', 'control'), exposure('4', 'loud')], { parlour: { tab: 'tab-a', first: 1, last: 6, drops: { full: 1 } } });
    await send([event('1', ours('tab-a', 1)), event('5', { event: MARKUP, type: 'track', ...ours('tab-b', 1, { env: 'staging' }) }), { type: 'track', event: MARKUP, anonymousId: 'x' }]);
    await page.waitFor(() => document.querySelectorAll('#events tr').length === 5, 5_000);
    assert.ok((await rows())[0].includes(MARKUP), 'the newest first');
    assert.equal((await rows()).filter((/** @type {string} */ row) => row.includes('not its bucket')).length, 1, 'one of two variants is not the visitor’s');

    await page.waitFor(() => document.querySelector('#gaps td')?.textContent?.includes('tab-a'), 10_000);
    const told = await page.evaluate(() => [document.querySelector('#loss'), document.querySelector('#gaps tbody'), document.querySelector('#quarantine tbody')].map((part) => /** @type {HTMLElement} */ (part).innerText.replace(/\s+/g, ' ')));
    assert.match(told[0], /Given up by pages 1 full/);
    assert.match(told[0], /Duplicates removed, 30 days 1/);
    // Six made, one given up, four came of which two bear the same number.
    assert.match(told[1], /^tab-a\s?may still send.* 6 4 1 1 1$/);
    assert.match(told[2], /segment messageId is missing.*onerror/);
    if (process.env.PARLOUR_SCREENSHOTS) await page.screenshot(join(process.env.PARLOUR_SCREENSHOTS, `inspector-${browser.name}.png`));

    await page.evaluate(() => {
      const form = /** @type {HTMLFormElement} */ (document.querySelector('#filter'));
      form.type.value = 'exposure';
      form.type.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page.waitFor(() => document.querySelectorAll('#events tr').length === 2);
    await send([event('6'), exposure('7', 'loud')]);
    await page.waitFor(() => document.querySelectorAll('#events tr').length === 3);
    assert.ok((await rows()).every((/** @type {string} */ row) => row.includes('banner')));
    await page.click('#pause');
    await send([exposure('8', 'loud')]);
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal((await rows()).length, 3, 'a pause holds it');
    await page.click('#pause');
    await page.waitFor(() => document.querySelectorAll('#events tr').length === 4);
    assert.equal(await page.evaluate(() => document.title), 'Parlour: what arrives');
    if (browser.hasConsole) assert.deepEqual(page.consoleMessages().filter((/** @type {string} */ text) => text.startsWith('pageerror')), []);
  } finally {
    await collector.close();
    await rm(folder, { recursive: true });
  }
}, { engines: ['chromium', 'firefox'] });
