// @ts-check
// Decisions made on a server: both examples answer alike, as the engine of a page does, and nothing of one visitor
// reaches another or breaks out of the element that hands over.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DIST, planOf, startServers } from './servers.mjs';

const CONFIG = readFileSync(new URL('../../examples/parlour.json', import.meta.url), 'utf8');
const wasm = readFileSync(join(DIST, 'parlour.wasm'));
/** @type {typeof import('../../www/server.js')} */
const { openPlan } = await import(join(DIST, 'parlour-server.js'));

/** @type {Awaited<ReturnType<typeof startServers>>} */
let servers;
/** @type {Awaited<ReturnType<typeof openPlan>>} */
let shop;
before(async () => {
  const plan = await planOf(CONFIG);
  [servers, shop] = [await startServers(plan), await openPlan({ plan, wasm })];
});
after(() => servers?.close());

/** @param {string} url @param {string} path @param {Record<string, string>} headers @returns {Promise<{body: string, cookie: string}>} */
const ask = (url, path, headers) =>
  new Promise((resolve, reject) => {
    const request = get(url + path, { headers: { host: 'www.shop.example', ...headers } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text)).on('end', () => resolve({ body, cookie: `${response.headers['set-cookie'] ?? ''}` }));
    });
    request.on('error', reject);
  });

const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (Linux; Android 15; Pixel) Mobile Safari', 'Mozilla/5.0 (Linux; Android 15; Tab) Safari', 'Mozilla/5.0 (iPad)', 'Mozilla/5.0 (iPhone) Mobile'];
const PATHS = ['/', '/?utm_source=mail', '/?utm_source=mail&utm_source=x', '/other?utm_source=m%61il', '/?utm_source=ma+il', '/?utm_source=%zz&a=%e2%82', '/%C3%BC?x&=1&utm_source=mail'];

test('both examples answer 1,000 visitors to the byte alike, with the decisions of the engine', async () => {
  const seen = new Set();
  for (let n = 0; n < 1000; n++) {
    const [path, agent] = [PATHS[n % PATHS.length], AGENTS[n % AGENTS.length]];
    const headers = { cookie: `a=1; consent=${n % 2 ? 'measure' : 'personalise'}; parlour_id=visitor-${n}`, 'user-agent': agent, 'accept-language': 'de-AT,de;q=0.9' };
    const [node, rust] = await Promise.all(servers.urls.map((url) => ask(url, path, headers)));
    assert.deepEqual(rust, node, `${path} ${agent} ${n}`);
    assert.equal(node.cookie, '');
    const { decisions, script } = shop.decide({ url: `http://www.shop.example${path}`, consent: 'measure', visitorId: `visitor-${n}`, userAgent: agent, language: 'de-AT' });
    assert.ok(node.body.includes(script) && script);
    seen.add(`${decisions.headline.variant} ${decisions.colour.variant}`);
  }
  assert.deepEqual([...seen].sort(), ['control control', 'control green', 'control null', 'made control', 'made green', 'made null', 'null control', 'null green', 'null null']);
});

test('a new visitor gets an id for 13 months on the widest domain, and only with consent', async () => {
  for (const url of servers.urls) {
    const { body, cookie } = await ask(url, '/', { cookie: 'consent=measure' });
    const id = /^parlour_id=([\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}); Path=\/; Max-Age=34128000; SameSite=Lax; Domain=shop\.example$/.exec(cookie)?.[1];
    assert.ok(id, cookie);
    assert.ok(body.includes(`"visitorId":"${id}"`));
    for (const consent of ['', 'consent=denied', 'consent=measured']) {
      const { body, cookie } = await ask(url, '/', { cookie: `${consent}; parlour_id=somebody` });
      assert.equal(cookie, '');
      assert.doesNotMatch(body, /parlour-decisions|somebody/);
      assert.match(body, /Mugs of stoneware/);
    }
    assert.doesNotMatch((await ask(url, '/', { host: '127.0.0.1', cookie: 'consent=measure' })).cookie, /Domain/);
  }
});

test('what is handed over stays inside its element, whatever the id', async () => {
  for (const visitorId of ['</script><script>hit()</script>', '<!--<script>', '\u2028\u2029', '"\\', '</SCRIPT '] ) {
    const { script } = shop.decide({ url: 'https://shop.example/', consent: 'measure', visitorId });
    const text = /^<script type="application\/json" id="parlour-decisions">([^<\u2028\u2029]*)<\/script>$/.exec(script)?.[1];
    assert.equal(JSON.parse(`${text}`).visitorId, visitorId);
  }
});

test('what begins in the page is not handed over: sessions, page views, redirects, people who are not logged in', async () => {
  const both = { a: { weight: 0 }, b: {} };
  const unit = (/** @type {string} */ unit) => ({ status: 'running', unit, variants: both });
  const plan = await planOf(JSON.stringify({
    site: 'shop.example',
    experiments: { one: unit('visitor'), view: unit('page view'), session: unit('session'), person: unit('user'), move: { status: 'running', url: { path: '/a' }, variants: { a: { weight: 0 }, b: { changes: [{ redirect: '/b' }] } } } },
  }));
  const shop = await openPlan({ plan, wasm });
  const handed = (/** @type {object} */ more) => Object.keys(JSON.parse(shop.decide({ url: 'https://shop.example/a', consent: 'measure', ...more }).script.replace(/<[^>]*>/g, '')).decisions);
  assert.deepEqual(handed({}), ['one']);
  assert.deepEqual(handed({ userId: 'u' }), ['one', 'person']);
  assert.deepEqual(handed({ bot: true }), []);
});
