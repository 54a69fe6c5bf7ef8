// @ts-check
// From track to the collector, in real browsers: what was owed arrives, each event once.

import assert from 'node:assert/strict';
import { bodyOf } from './collector.mjs';
import { ENGINES, inEveryEngine } from './drivers/index.mjs';
import { until } from './drivers/wait.mjs';
import { startSite, visit } from './site.mjs';

const kit = /** @type {any} */ (undefined);
/** @typedef {Awaited<ReturnType<typeof startSite>>} Site */

/** @param {Site} site @param {string[]} ids */
const arrived = (site, ids) => until(async () => ids.every((id) => site.collector.stored.has(id)), 15_000, `${ids.length} events at the collector`);

/** @param {string} claim @param {(page: import('./drivers/index.mjs').Page, site: Site, browser: import('./drivers/index.mjs').Browser) => Promise<void>} body */
const claim = (claim, body, engines = ENGINES) =>
  inEveryEngine(claim, async (browser) => {
    const site = await startSite();
    try {
      await body(await browser.newPage(), site, browser);
    } finally {
      await site.close();
    }
  }, { engines });

/** Answers batches itself. @param {Site} site @param {(batch: import('./collector.mjs').Batch) => number | 'cut'} decide a status without an acknowledgement, or take the batch and cut the connection */
const answerBy = (site, decide) => {
  site.collector.answer = async (request, response) => {
    const text = await bodyOf(request);
    if (text === undefined) return;
    const batch = JSON.parse(text);
    site.collector.batches.push(batch);
    const how = decide(batch);
    if (how === 'cut' || how === 200) for (const event of batch.batch) site.collector.stored.set(event.messageId, event);
    if (how === 'cut') return void request.socket.destroy();
    response.writeHead(how, { 'content-type': 'application/json' });
    response.end(how === 200 ? JSON.stringify({ parlour: 1, results: Object.fromEntries(batch.batch.map((/** @type {any} */ event) => [event.messageId, 'ok'])) }) : '');
  };
};

claim('events arrive two seconds after, with one id, and leave no row behind', async (page, site) => {
  await visit(page, `${site.url}/`);
  const ids = await page.evaluate(() => kit.track(3, 'view_item'));
  await arrived(site, ids);
  const [event] = site.collector.named('Product Viewed');
  assert.equal(event.anonymousId, await page.evaluate(() => kit.identity.id()));
  assert.equal(event.context.page.url, `${site.url}/`);
  await page.waitFor(async () => (await kit.rows()).length === 0);
  assert.equal(site.collector.copies(), 0);
});

claim('a navigation in the same task as track loses nothing', async (page, site) => {
  await visit(page, `${site.url}/`);
  const ids = await page.evaluate((/** @type {string} */ next) => {
    const ids = kit.track(20, 'Left');
    location.href = next;
    return ids;
  }, `${site.url}/blank`);
  await arrived(site, ids);
});

claim('a tab that closes in the same task as track loses nothing', async (page, site) => {
  // Only a click may open a tab in every engine.
  site.route('/opener', { body: `<!doctype html><button onclick="window.child = window.open('/')">open</button>` });
  await page.goto(`${site.url}/opener`);
  await page.click('button');
  await page.waitFor('!!globalThis.child?.kit');
  const ids = await page.evaluate(() => {
    const { child } = /** @type {any} */ (globalThis);
    const ids = child.kit.track(20, 'Closed');
    child.close();
    return ids;
  });
  await arrived(site, ids);
});

claim('without storage events arrive too, also on leaving', async (page, site) => {
  await visit(page, `${site.url}/?storage=none`);
  const ids = await page.evaluate((/** @type {string} */ next) => {
    const ids = kit.track(5, 'Memory');
    location.href = next;
    return ids;
  }, `${site.url}/blank`);
  await arrived(site, ids);
});

claim('500 events at once arrive, each once', async (page, site) => {
  await visit(page, `${site.url}/`);
  const ids = await page.evaluate(() => kit.track(500, 'Burst'));
  await arrived(site, ids);
  assert.equal(site.collector.events().length, 500);
});

claim('before consent nothing is stored or sent; a grant sends what was held', async (page, site) => {
  await visit(page, `${site.url}/?consent=unknown`);
  const ids = await page.evaluate(() => kit.track(3, 'Held'));
  await page.evaluate(() => kit.transport.flush());
  assert.deepEqual(await page.evaluate(async () => [await indexedDB.databases(), document.cookie, localStorage.length]), [[], '', 0]);
  assert.equal(site.requests('/v1/batch').length, 0);
  await page.evaluate(() => kit.consent.set('measure'));
  await arrived(site, ids);
});

for (const mode of /** @type {const} */ (['html', 204, 503, 'hangUp']))
  claim(`an answer of ${mode} acknowledges nothing: rows stay, and arrive later`, async (page, site) => {
    site.collector.settings.mode = mode;
    await visit(page, `${site.url}/`);
    const ids = await page.evaluate(() => kit.track(3, 'Captive'));
    assert.equal(await page.evaluate(() => kit.transport.flush()), false);
    assert.deepEqual((await page.evaluate(() => kit.outbox.size)), 3);
    await page.goto(`${site.url}/blank`);
    assert.equal(site.collector.stored.size, 0);
    site.collector.settings.mode = 'answer';
    await visit(page, `${site.url}/`);
    assert.equal(await page.evaluate(() => kit.transport.flush()), true);
    await arrived(site, ids);
    assert.deepEqual(await page.evaluate(() => kit.rows()), []);
  });

claim('a redirect to a login page acknowledges nothing', async (page, site) => {
  site.route('/v1/batch', { status: 302, headers: { location: '/blank' }, body: '' });
  await visit(page, `${site.url}/`);
  const ids = await page.evaluate(() => kit.track(3, 'Login'));
  assert.equal(await page.evaluate(() => kit.transport.flush()), false);
  site.unroute('/v1/batch');
  assert.equal(await page.evaluate(() => kit.transport.flush()), true);
  await arrived(site, ids);
});

claim('413 splits the batch; the one event at fault is set aside and counted', async (page, site) => {
  await visit(page, `${site.url}/`);
  answerBy(site, ({ batch }) => (batch.length > 8 || batch.some((event) => event.event === 'Poison') ? 413 : 200));
  const ids = await page.evaluate(() => [...kit.track(20, 'Fine'), ...kit.track(1, 'Poison'), ...kit.track(20, 'Fine')]);
  await until(() => page.evaluate(async () => (await kit.transport.flush()) && kit.outbox.size === 0), 20_000, 'an empty outbox');
  assert.deepEqual(await page.evaluate(() => ({ ...kit.outbox.drops })), { refused: 1 });
  assert.deepEqual([...site.collector.stored.keys()].sort(), ids.filter((/** @type {string} */ _, /** @type {number} */ i) => i !== 20).sort());
});

claim('a lost acknowledgement is answered by a second copy with the same ids, and the second acknowledgement is harmless', async (page, site) => {
  await visit(page, `${site.url}/`);
  const { answer } = site.collector;
  answerBy(site, () => 'cut');
  const ids = await page.evaluate(() => kit.track(3, 'Twice'));
  assert.equal(await page.evaluate(() => kit.transport.flush()), false);
  site.collector.answer = answer;
  assert.equal(await page.evaluate(() => kit.transport.flush()), true);
  assert.deepEqual([...site.collector.stored.keys()].sort(), [...ids].sort());
  assert.equal(site.collector.copies(), 3);
  assert.deepEqual(await page.evaluate(async () => [kit.outbox.size, await kit.rows(), { ...kit.outbox.drops }]), [0, [], {}]);
});

claim('two tabs that both have events send each once', async (page, site, browser) => {
  const other = await browser.newPage();
  for (const tab of [page, other]) await visit(tab, `${site.url}/`);
  const ids = [...(await page.evaluate(() => kit.track(10, 'One'))), ...(await other.evaluate(() => kit.track(10, 'Two')))];
  await arrived(site, ids);
  for (const tab of [page, other]) await tab.waitFor(async () => kit.outbox.size === 0 && (await kit.rows()).length === 0);
  assert.equal(site.collector.stored.size, 20);
});

claim('404 stops with one line in the console and keeps the events', async (page, site, browser) => {
  site.collector.settings.mode = 404;
  await visit(page, `${site.url}/`);
  await page.evaluate(() => kit.track(2, 'Kept'));
  for (let i = 0; i < 3; i++) assert.equal(await page.evaluate(() => kit.transport.flush()), false);
  assert.equal(site.requests('/v1/batch').length, 1);
  await page.waitFor(async () => (await kit.rows()).length === 2);
  if (browser.hasConsole) assert.deepEqual(page.consoleMessages().filter((text) => text.includes('parlour')).map((text) => text.replace(/^\w+: /, '')), ['parlour: /v1/batch: no acknowledgement (404): events are kept, sending stops']);
});

claim('a tab that holds the turn and never sends loses it', async (page, site, browser) => {
  const other = await browser.newPage();
  await other.goto(`${site.url}/blank`);
  await other.evaluate(() => new Promise((resolve) => void navigator.locks.request('parlour', () => (resolve(0), new Promise(() => {})))));
  await visit(page, `${site.url}/`);
  const ids = await page.evaluate(() => kit.track(3, 'Waited'));
  await until(async () => ids.every((/** @type {string} */ id) => site.collector.stored.has(id)), 40_000, 'events past the held lock');
  assert.equal(site.collector.copies(), 0);
}, ['chromium']);
