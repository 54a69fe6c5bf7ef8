// @ts-check
// What IndexedDB keeps, in real browsers.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findChromium } from './drivers/find.mjs';
import { inEveryEngine, isInstalled } from './drivers/index.mjs';
import { startSite, visit } from './site.mjs';

const kit = /** @type {any} */ (undefined);

inEveryEngine('four tabs that append 250 each, one per task, keep 1,000', async (browser) => {
  const site = await startSite();
  try {
    const pages = [];
    for (let i = 0; i < 4; i++) {
      const page = await browser.newPage();
      await visit(page, `${site.url}/?consent=unknown`);
      pages.push(page);
    }
    const kept = await Promise.all(
      pages.map((page) =>
        page.evaluate(async () => {
          const storage = await kit.openStorage();
          const all = [];
          for (let i = 0; i < 250; i++) {
            all.push(storage.append([{ store: 'outbox', key: kit.uuidv7(), value: i }]));
            await kit.task();
          }
          return (await Promise.all(all)).filter((done) => done === true).length;
        }),
      ),
    );
    assert.deepEqual(kept, [250, 250, 250, 250]);
    const count = await pages[0].evaluate(async () => (await (await kit.openStorage()).read('outbox', 9999)).length);
    assert.equal(count, 1000);
  } finally {
    await site.close();
  }
});

inEveryEngine('two tabs that fold at once count every journal entry exactly once', async (browser) => {
  const site = await startSite();
  try {
    const pages = [await browser.newPage(), await browser.newPage()];
    for (const page of pages) await visit(page, `${site.url}/`);
    await Promise.all(
      pages.map((page, tab) =>
        page.evaluate(async (/** @type {number} */ tab) => {
          const { storage } = kit;
          // A snapshot that counts how often each of 200 numbered entries was folded.
          const fold = (/** @type {Uint8Array | undefined} */ old, /** @type {Uint8Array[]} */ entries) => {
            const counts = old?.slice() ?? new Uint8Array(200);
            for (const [n] of entries) counts[n]++;
            return counts;
          };
          for (let i = 0; i < 100; i++) {
            storage.append([{ store: 'journal', key: kit.uuidv7(), value: Uint8Array.of(tab * 100 + i) }]);
            if (i % 3 === tab) storage.fold(fold);
            if (i % 7 === 0) await kit.task();
          }
          await storage.fold(fold);
        }, tab),
      ),
    );
    const { counts, left } = await pages[0].evaluate(async () => ({ counts: [...(await kit.storage.get('snapshot'))], left: await kit.storage.read('journal', 999) }));
    assert.deepEqual(left, []);
    assert.deepEqual(counts, Array(200).fill(1));
  } finally {
    await site.close();
  }
});

inEveryEngine('of three first page views at once all agree on one visitor', async (browser) => {
  const site = await startSite();
  try {
    site.route('/frames', { body: '<!doctype html>' + '<iframe src="/"></iframe>'.repeat(3) });
    const page = await browser.newPage();
    await page.goto(`${site.url}/frames`);
    const ids = await page.waitFor(() => {
      const frames = /** @type {any[]} */ ([...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow));
      return frames.every((frame) => frame.kit) && frames.map((frame) => frame.kit.identity.id());
    });
    assert.deepEqual(ids, Array(3).fill(ids[0]));
    assert.equal(await page.evaluate('document.cookie'), `parlour_id=${ids[0]}`);
  } finally {
    await site.close();
  }
});

inEveryEngine('revoking leaves one key that names nobody, in every tab, and nothing is sent after', async (browser) => {
  const site = await startSite();
  try {
    const [here, there] = [await browser.newPage(), await browser.newPage()];
    site.collector.settings.mode = 503;
    for (const page of [here, there]) {
      await visit(page, `${site.url}/`);
      await page.evaluate(() => kit.track(5, 'before'));
    }
    await here.waitFor(async () => (await kit.rows()).length === 10);
    await here.evaluate(() => kit.consent.set('denied'));
    const left = await here.evaluate(async () => ({
      databases: (await indexedDB.databases()).map(({ name }) => name),
      local: { ...localStorage },
      session: sessionStorage.length,
      cookie: document.cookie,
    }));
    assert.deepEqual(left, { databases: [], local: { parlour_consent: 'denied' }, session: 0, cookie: '' });
    await there.waitFor(() => kit.consent.state === 'denied');
    site.collector.settings.mode = 'answer';
    const requests = site.requests('/v1/batch').length;
    for (const page of [here, there]) {
      await page.evaluate(() => kit.track(5, 'after'));
      assert.equal(await page.evaluate(() => kit.outbox.drops.denied), 10);
      await page.evaluate(() => kit.transport.flush());
      await page.goto(`${site.url}/blank`);
    }
    assert.equal(site.requests('/v1/batch').length, requests);
    assert.deepEqual(await here.evaluate('indexedDB.databases()'), []);
  } finally {
    await site.close();
  }
});

inEveryEngine('a revocation that a crash cut short is finished at the next boot, before anything is sent', async (browser) => {
  const site = await startSite();
  try {
    const page = await browser.newPage();
    site.collector.settings.mode = 503;
    await visit(page, `${site.url}/`);
    await page.evaluate(() => kit.track(5, 'before'));
    await page.waitFor(async () => (await kit.rows()).length === 5);
    // As far as a kill right after the first step would get.
    await page.goto(`${site.url}/blank`);
    await page.evaluate(() => localStorage.setItem('parlour_consent', 'denied'));
    site.collector.settings.mode = 'answer';
    const requests = site.requests('/v1/batch').length;
    await visit(page, `${site.url}/`);
    await page.evaluate(() => kit.consent.ready);
    assert.deepEqual(await page.evaluate('indexedDB.databases()'), []);
    assert.equal(await page.evaluate('document.cookie'), '');
    assert.equal(site.requests('/v1/batch').length, requests);
  } finally {
    await site.close();
  }
});

test('a browser killed right after append keeps all that was committed [chromium]', { skip: !isInstalled('chromium') && !process.env.CI, timeout: 120_000 }, async () => {
  const { default: puppeteer } = await import('puppeteer-core');
  const site = await startSite();
  const userDataDir = await mkdtemp(join(tmpdir(), 'parlour-'));
  const ROUNDS = 8;
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const browser = await puppeteer.launch({ executablePath: findChromium(), userDataDir, args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-first-run'] });
      const pid = /** @type {number} */ (browser.process()?.pid);
      const gone = new Promise((resolve) => browser.process()?.once('exit', resolve));
      try {
        const page = await browser.newPage();
        await page.goto(`${site.url}/?consent=unknown`);
        await page.waitForFunction('!!globalThis.kit');
        const found = await page.evaluate(async (round) => {
          const storage = await kit.openStorage();
          const rows = await storage.read('outbox', 9999);
          await storage.append(Array.from({ length: 25 }, (_, i) => ({ store: 'outbox', key: `${round}-${i}`, value: 'x'.repeat(500) })));
          return rows.length;
        }, round);
        process.kill(-pid, 'SIGKILL');
        assert.equal(found, round * 25);
      } finally {
        await gone;
      }
    }
  } finally {
    await site.close();
    await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
  }
});
