// @ts-check
// The clients of other systems, as npm has them, deliver into `parlour serve`: each event once, across origins, by a key that
// is bound to the page's.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../../scripts/run.mjs';
import { parlour, serveSite } from './command.mjs';
import { inEveryEngine } from './drivers/index.mjs';
import { until } from './drivers/wait.mjs';
import { startServer } from './server.mjs';

const TRACKS = 5;

/** What a page does with each client; `collector` is its origin. Nothing of a client is changed, only where it sends to. */
const CLIENTS = {
  '@segment/analytics-next': `
    import { AnalyticsBrowser } from '@segment/analytics-next';
    const settings = { apiKey: 'page', protocol: 'http', apiHost: new URL(collector).host + '/v1' };
    const analytics = AnalyticsBrowser.load({ writeKey: 'page', cdnSettings: { integrations: { 'Segment.io': settings } } });
    await analytics.page();
    for (let n = 1; n <= ${TRACKS}; n++) await analytics.track('segment', { n });
    await analytics.identify('ann', { plan: 'gold' });`,
  'segment-batch': `
    import { AnalyticsBrowser } from '@segment/analytics-next';
    const deliveryStrategy = { strategy: 'batching', config: { size: 3, timeout: 300 } };
    const settings = { apiKey: 'page', protocol: 'http', apiHost: new URL(collector).host + '/v1', deliveryStrategy };
    const analytics = AnalyticsBrowser.load({ writeKey: 'page', cdnSettings: { integrations: { 'Segment.io': settings } } });
    for (let n = 1; n <= ${TRACKS}; n++) analytics.track('segment-batch', { n });`,
  '@rudderstack/analytics-js': `
    import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
    const off = { enabled: false };
    const source = { id: 's', name: 's', writeKey: 'page', enabled: true, workspaceId: 'w', destinations: [], config: { statsCollection: { errors: off, metrics: off } } };
    const rudder = new RudderAnalytics();
    rudder.load('page', collector, { getSourceConfig: () => ({ source, updatedAt: '' }) });
    rudder.page();
    for (let n = 1; n <= ${TRACKS}; n++) rudder.track('rudder', { n });
    rudder.identify('ann', { plan: 'gold' });`,
  'posthog-js': `
    import posthog from 'posthog-js';
    posthog.init('page', {
      api_host: collector, advanced_disable_flags: true, disable_external_dependency_loading: true, autocapture: false,
      disable_session_recording: true, disable_surveys: true, capture_pageleave: false, opt_out_useragent_filter: true,
    });
    for (let n = 1; n <= ${TRACKS}; n++) posthog.capture('posthog', { n });
    posthog.identify('ann', { plan: 'gold' });`,
  'posthog-base64': `
    import posthog from 'posthog-js';
    posthog.init('page', {
      api_host: collector, advanced_disable_flags: true, disable_external_dependency_loading: true, autocapture: false,
      disable_session_recording: true, disable_surveys: true, capture_pageleave: false, capture_pageview: false,
      opt_out_useragent_filter: true, disable_compression: true, request_batching: false,
    });
    for (let n = 1; n <= ${TRACKS}; n++) posthog.capture('posthog-base64', { n });`,
  '@snowplow/browser-tracker': `
    import { newTracker, setUserId, trackPageView, trackSelfDescribingEvent } from '@snowplow/browser-tracker';
    newTracker('sp', collector, { appId: 'page' });
    setUserId('ann');
    trackPageView();
    for (let n = 1; n <= ${TRACKS}; n++) trackSelfDescribingEvent({ event: { schema: 'iglu:com.example/snowplow/jsonschema/1-0-0', data: { n } } });`,
  '@plausible-analytics/tracker': `
    import { init, track } from '@plausible-analytics/tracker';
    globalThis.__plausible = true;
    init({ domain: 'page', endpoint: collector + '/api/event', captureOnLocalhost: true });
    for (let n = 1; n <= ${TRACKS}; n++) track('plausible', { props: { n: String(n) } });`,
};

/** Event names that tell the client, and how many besides the tracks. @type {Record<string, {name: string, page: number, identify: number}>} */
const EXPECT = {
  '@segment/analytics-next': { name: 'segment', page: 1, identify: 1 },
  'segment-batch': { name: 'segment-batch', page: 0, identify: 0 },
  '@rudderstack/analytics-js': { name: 'rudder', page: 1, identify: 1 },
  'posthog-js': { name: 'posthog', page: 1, identify: 1 },
  'posthog-base64': { name: 'posthog-base64', page: 0, identify: 0 },
  '@snowplow/browser-tracker': { name: 'snowplow', page: 1, identify: 0 },
  '@plausible-analytics/tracker': { name: 'plausible', page: 1, identify: 0 },
};

/** @param {string} source @param {string} collector */
const bundled = async (source, collector) => {
  const lines = source.split('\n');
  const isImport = (/** @type {string} */ line) => line.trim().startsWith('import ');
  const contents = [
    ...lines.filter(isImport),
    `const collector = ${JSON.stringify(collector)};`,
    '(async () => {',
    ...lines.filter((line) => !isImport(line)),
    'globalThis.done = true; })();',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].text;
};

const WANTED = Object.values(EXPECT).reduce((sum, { page, identify }) => sum + TRACKS + page + identify, 0);

/** What every page did is there, once. @param {any[]} lines of an export */
const eachOnce = (lines) => {
  const clients = Object.keys(CLIENTS);
  for (const [client, { name, page, identify }] of Object.entries(EXPECT)) {
    const tracks = lines.filter((event) => event.type === 'track' && event.event === name);
    assert.deepEqual(tracks.map(({ properties }) => Number(properties.n)).sort(), [1, 2, 3, 4, 5], client);
    const own = lines.filter((event) => new URL(event.context.page.url).pathname === `/${clients.indexOf(client)}`);
    assert.deepEqual([own.filter(({ type }) => type === 'page').length, own.filter(({ type }) => type === 'identify').length], [page, identify], client);
  }
  assert.equal(lines.length, WANTED);
  assert.equal(new Set(lines.map(({ messageId }) => messageId)).size, WANTED);
};

inEveryEngine('npm clients of other systems deliver each event once', async (browser) => {
  const folder = await mkdtemp(join(tmpdir(), 'parlour-clients-'));
  const site = await startServer({ folders: [] });
  const keys = join(folder, 'keys.json');
  await writeFile(keys, JSON.stringify({ keys: { page: { origins: [site.url] } } }));
  const collector = await serveSite(folder, ['--keys', keys]);
  try {
    const pages = await Promise.all(
      Object.entries(CLIENTS).map(async ([client, source], number) => {
        site.route(`/${number}.js`, { body: await bundled(source, collector.url) });
        site.route(`/${number}`, { body: `<!doctype html><title>${client}</title><script src="/${number}.js"></script>` });
        const page = await browser.newPage({ fresh: true });
        await page.goto(`${site.url}/${number}`);
        await page.waitFor('!!globalThis.done');
        return page;
      }),
    );
    const stored = async () => (await parlour(['export', '--db', collector.db, '--format', 'csv'])).trim().split('\r\n').length - 1;
    await until(async () => (await stored()) >= WANTED, 15_000, `${WANTED} events`);
    // Whatever is still to come twice comes on leaving.
    for (const page of pages) await page.goto('about:blank');
    const all = (await parlour(['export', '--db', collector.db])).trim().split('\n').map((line) => JSON.parse(line));
    // Plausible's tells on leaving how long a page was looked at, if it was for some seconds.
    const lines = all.filter((event) => event.event !== 'engagement');
    eachOnce(lines);
    // Would it notice?
    for (const [what, broken] of /** @type {const} */ ([
      ['one is missing', lines.slice(1)],
      ['one is there twice', [...lines, { ...lines[0], messageId: 'another' }]],
      ['two share an id', lines.map((line, index) => (index ? line : { ...line, messageId: lines[1].messageId }))],
    ]))
      assert.throws(() => eachOnce(broken), assert.AssertionError, what);
    assert.ok(!JSON.stringify(lines).includes('HeadlessChrome'), 'user agents are not kept');
  } finally {
    await collector.close();
    await site.close();
    await rm(folder, { recursive: true });
  }
}, { engines: ['chromium'] });
