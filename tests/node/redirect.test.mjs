// @ts-check
// Where a redirect may lead, and that nobody is redirected twice, uncounted, or without consent. The engine is a stand-in:
// what it decides is not the matter here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { aTab } from './redirects.mjs';
import { targetOf } from '../../www/redirect.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/redirects.json', import.meta.url), 'utf8'));

test('an address leads where the vectors say, with the parameters and the fragment of the list', () => {
  for (const [to, expected] of vectors.allowed) assert.equal(targetOf(to, vectors.from, vectors), expected, to);
  for (const to of vectors.refused) assert.equal(targetOf(to, vectors.from, vectors), undefined, JSON.stringify(to));
});

test('from a page without an origin nothing leads anywhere', () => {
  for (const from of ['about:srcdoc', 'about:blank', 'data:text/html,x', 'file:///a.html'])
    for (const to of ['/b', 'https://shop.example/b']) assert.equal(targetOf(to, from, vectors), undefined, from);
});

test('a name of the list keeps its parameters as they were written, and no other', () => {
  const keep = (/** @type {string} */ query, /** @type {string[]} */ keep) => targetOf('/b', `https://a.example/a${query}`, { origins: [], keep })?.slice(17);
  assert.equal(keep('?x=%C3%BC+1&y=2&x=3', ['x']), '/b?x=%C3%BC+1&x=3');
  assert.equal(keep('?ab=1&b=2&&=3', ['a*', 'c']), '/b?ab=1');
  assert.equal(keep('?x=1#x', ['*']), '/b?x=1');
  assert.equal(keep('?%23x=1#x', ['#*']), '/b#x');
  assert.equal(keep('?a=//evil.example', ['*']), '/b?a=//evil.example');
  assert.equal(keep('?a=1', []), '/b');
});

const MOVE = { key: 'move', on: '/a', variants: [undefined, '/b'] };

test('whoever is redirected was counted before, in storage, and so is the control at the same moment', async () => {
  for (const [variant, name] of [[0, 'control'], [1, 'other']]) {
    const tab = aTab({ experiments: [MOVE], variant: +variant });
    const page = await tab.load('https://shop.example/a?utm_source=mail&x=1');
    assert.equal(page.evaluate(), variant === 1);
    assert.deepEqual(page.exposed.map(({ variant, url }) => [variant, url]), [[name, 'https://shop.example/a?utm_source=mail&x=1']]);
    if (!variant) {
      page.close();
      continue;
    }
    assert.equal(await page.left, 'https://shop.example/b?utm_source=mail');
    const rows = await page.outbox.take(10, 1e6);
    assert.deepEqual(rows.map(({ id, stored }) => [id, stored]), [[page.exposed[0].id, true]]);
    assert.equal(JSON.parse(tab.session.get('parlour_redirect') ?? '').rows.length, 0);
    page.close();
  }
});

test('where storage is slow the next page takes the record over', async () => {
  const tab = aTab({ experiments: [MOVE], isStorageSlow: true });
  const page = await tab.load('https://shop.example/a');
  page.evaluate();
  await page.left;
  page.close();
  const next = await tab.load('https://shop.example/b');
  next.evaluate();
  const rows = await next.outbox.take(10, 1e6);
  assert.deepEqual(rows.map(({ id }) => id), [page.exposed[0].id]);
  assert.match(rows[0].text, /^\{"anonymousId":"v",/);
  assert.equal(JSON.parse(tab.session.get('parlour_redirect') ?? '').rows.length, 0, 'once');
  next.close();
});

test('a visit that was redirected is not redirected again: by another experiment, after reload, by going back', async () => {
  const tab = aTab({ experiments: [MOVE, { key: 'on', on: '/b', variants: [undefined, '/c'] }] });
  const page = await tab.visit('https://shop.example/a');
  assert.deepEqual(tab.trail, ['https://shop.example/b']);
  assert.deepEqual(page.exposed, [], 'nor counted');
  assert.equal(tab.problems[0].code, 'loop');
  for (const url of ['https://shop.example/b', 'https://shop.example/d', 'https://shop.example/b#x']) (await tab.visit(url)).close();
  assert.equal(tab.trail.length, 1);
  (await tab.visit('https://shop.example/a')).close();
  assert.equal(tab.trail.length, 2, 'who opens the page anew is sent on anew');
});

test('a server that sends back is given up on after one round', async () => {
  const tab = aTab({ experiments: [MOVE] });
  tab.served['/b'] = '/a?back';
  (await tab.visit('https://shop.example/a')).close();
  assert.deepEqual(tab.trail, ['https://shop.example/b']);
});

test('a site whose own code leads back is given up on after three rounds a minute', async () => {
  const tab = aTab({ experiments: [MOVE] });
  for (let round = 0; round < 10; round++) (await tab.visit('https://shop.example/a')).close();
  assert.equal(tab.trail.length, 3);
  assert.match(tab.problems[0].detail, /something on this site leads back/);
});

test('an experiment that redirects to the page it is on does nothing, in every arm', async () => {
  for (const variant of [0, 1, 2]) {
    const tab = aTab({ experiments: [{ key: 'x', on: '/a', variants: [undefined, '/a#x', '/b'] }], variant });
    const page = await tab.visit('https://shop.example/a');
    assert.deepEqual([tab.trail, page.exposed], [[], []]);
    page.close();
  }
});

test('where one arm cannot be had none is counted', async () => {
  for (const variant of [0, 1, 2])
    for (const [bad, code] of [['//evil.example', 'refused'], ['javascript:alert(1)', 'refused'], ['https://evil.example', 'refused']]) {
      const tab = aTab({ experiments: [{ key: 'x', on: '/a', variants: [undefined, bad, '/b'] }], variant });
      const page = await tab.visit('https://shop.example/a');
      assert.deepEqual([tab.trail, page.exposed, tab.problems.map(({ code }) => code)], [[], [], [code]]);
      page.close();
    }
});

test('nobody is redirected or counted without consent, while prerendering, or where the tab cannot remember it', async () => {
  const stays = async (/** @type {Partial<import('./redirects.mjs').Given>} */ given) => {
    for (const variant of [0, 1]) {
      const tab = aTab({ experiments: [MOVE], variant, ...given });
      const page = await tab.visit('https://shop.example/a');
      assert.deepEqual([tab.trail, page.exposed, [...tab.session]], [[], [], []]);
      page.close();
    }
  };
  await stays({ allowed: false });
  await stays({ isSessionDenied: true });
  Object.assign(document, { prerendering: true });
  await stays({});
  Object.assign(document, { prerendering: false });
});

test('who has scrolled stays on the page, uncounted, and so does who waited long', async () => {
  for (const variant of [0, 1]) {
    const tab = aTab({ experiments: [MOVE], variant });
    const page = await tab.load('https://shop.example/a');
    Object.assign(globalThis, { scrollY: 10 });
    assert.equal(page.evaluate(), false);
    assert.deepEqual(tab.late.splice(0), ['move'], 'in every arm');
    Object.assign(globalThis, { scrollY: 0 });
    const { now } = performance;
    performance.now = () => 5001;
    assert.equal(page.evaluate(), false);
    performance.now = now;
    assert.deepEqual([tab.late, page.exposed], [['move'], []]);
    page.close();
  }
});

test('who was counted in time is not late when the page asks again', async () => {
  const tab = aTab({ experiments: [MOVE], variant: 0 });
  const page = await tab.load('https://shop.example/a');
  page.evaluate();
  performance.now = () => 5001;
  page.evaluate();
  assert.deepEqual([tab.late, page.exposed.length], [[], 1]);
  page.close();
});

test('the mark goes when consent does', async () => {
  const tab = aTab({ experiments: [MOVE] });
  const page = await tab.visit('https://shop.example/a');
  assert.equal(tab.session.size, 1);
  tab.consent.allowed = false;
  for (const listener of tab.consent.listeners) listener();
  assert.equal(tab.session.size, 0);
  page.close();
});

test('whatever stands in the mark, nothing breaks and nothing foreign is sent', async () => {
  for (const text of ['', 'null', '1', '[]', '{', '{"times":"x","pages":{},"rows":7}', '{"pages":[1,null],"times":["x",null],"rows":[[1],["a","b"],[],null],"isOnItsWay":1}', `{"times":[${'9,'.repeat(999)}9],"rows":${'['.repeat(50)}${']'.repeat(50)}}`]) {
    const tab = aTab({ experiments: [MOVE] });
    tab.session.set('parlour_redirect', text);
    const page = await tab.visit('https://shop.example/a');
    assert.deepEqual(tab.trail, ['https://shop.example/b'], text);
    assert.equal(page.outbox.size, 0, text);
    page.close();
  }
});
