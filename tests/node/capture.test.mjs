// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesGlob } from '../../www/capture.js';

test('a star in a page goal stands for any text, all else for itself', () => {
  for (const [pattern, path, expected] of /** @type {[string, string, boolean][]} */ ([
    ['/thanks', '/thanks', true],
    ['/thanks', '/thanks/', false],
    ['/thanks', '/thank', false],
    ['/thanks*', '/thanks', true],
    ['/thanks*', '/thanks/42', true],
    ['/thanks*', '/no/thanks', false],
    ['*/thanks', '/de/thanks', true],
    ['*/thanks', '/thanks/de', false],
    ['/a*b*c', '/abc', true],
    ['/a*b*c', '/a-b-c', true],
    ['/a*b*c', '/a-c-b', false],
    ['/a*a', '/a', false],
    ['/a*a', '/aa', true],
    ['/ab*ba', '/aba', false],
    ['/ab*b*ba', '/abba', false],
    ['/ab*b*ba', '/abbba', true],
    ['*', '', true],
    ['**', '/x', true],
    ['', '', true],
    ['', '/', false],
    ['/a.c', '/abc', false],
    ['/[a-z]', '/b', false],
    ['/(a+)+$', '/(a+)+$', true],
  ]))
    assert.equal(matchesGlob(pattern, path), expected, `${pattern} on ${path}`);
});

test('a glob agrees with the regular expression it stands for, on every short text', () => {
  const texts = [''];
  for (let i = 0; texts.length < 1500; i++) texts.push(...['a', 'b', '*'].map((letter) => texts[i] + letter));
  const paths = texts.filter((text) => !text.includes('*') && text.length < 6);
  for (const pattern of texts.filter((text) => text.length < 6)) {
    const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
    for (const path of paths) assert.equal(matchesGlob(pattern, path), expression.test(path), `${pattern} on ${path}`);
  }
});
