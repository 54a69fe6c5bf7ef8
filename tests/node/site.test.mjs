// @ts-check
// Where a plan runs: its own hosts, its environments, and local ones; nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOf } from '../../www/site.js';

const PLAN = { site: ['shop.example', '*.shop.example'], env: { staging: ['staging.test', '*.preview.test'] } };

for (const [host, expected] of /** @type {[string, string | undefined][]} */ ([
  ['shop.example', ''],
  ['www.shop.example', ''],
  ['a.b.shop.example', ''],
  ['staging.test', 'staging'],
  ['42.preview.test', 'staging'],
  ['localhost', 'local'],
  ['app.localhost', 'local'],
  ['127.0.0.1', 'local'],
  ['127.1.2.3', 'local'],
  ['[::1]', 'local'],
  ['other.example', undefined],
  ['shop.example.evil.test', undefined],
  ['notshop.example', undefined],
  ['preview.test', undefined],
  ['localhost.evil.test', undefined],
  ['127.0.0.1.evil.test', undefined],
  ['', undefined],
]))
  test(`${host || 'no host'} is ${expected === undefined ? 'refused' : expected || 'the site itself'}`, () => assert.equal(environmentOf(PLAN, host), expected));
