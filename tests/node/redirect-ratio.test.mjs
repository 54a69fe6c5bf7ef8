// @ts-check
// The sample ratio of a redirect test: who is redirected has more ways to get lost than who stays. 10,000 visits, of
// which 30 % are closed at once, through the real outbox, transport and storage; the same visits with a page that counts
// where they arrive show the skew.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { aTab } from './redirects.mjs';

const VISITS = 10_000;
/** Enough to see the skew. */
const SABOTAGED_VISITS = 5_000;
const CLOSED = 0.3;
/** Of those closed, without a last word: a crash, a phone that takes the memory back. */
const KILLED = 0.1;
/** Of all, storage that nobody can wait for. */
const SLOW = 0.02;
/** From leaving to the first script of the next page; who closes at once does so in the first two seconds. */
const WAY_MS = [300, 1500];
const CLOSE_MS = 2000;
const EXPERIMENT = { key: 'move', on: '/a', variants: [undefined, '/b'] };

/** mulberry32: the same visits each time. @param {number} seed */
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

/** Lets storage and promises come to rest; time stands. @param {number} turns */
const rest = async (turns) => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** How many of each arm the collector knows in the end. @param {number} visits @param {boolean} countsOnLanding */
const counted = async (visits, countsOnLanding) => {
  const draw = random(1);
  const received = { control: new Set(), other: new Set() };
  /** @type {[boolean, boolean, boolean, number, number]} */
  let fate = [false, false, false, 0, 0];
  for (let visit = 0; visit < visits; visit++) {
    // Two by two, one in each arm, visitors do the same: what differs is what the arms make of it.
    const variant = visit % 2;
    if (!variant) fate = [draw() < CLOSED, draw() < KILLED, draw() < SLOW, draw() * CLOSE_MS, WAY_MS[0] + draw() * (WAY_MS[1] - WAY_MS[0])];
    const [closes, killed, slow, at, way] = fate;
    const tab = aTab({
      experiments: [EXPERIMENT], variant, countsOnLanding, isStorageSlow: slow,
      receive: (batch) => batch.forEach(({ variant }) => received[/** @type {'control' | 'other'} */ (variant)].add(visit)),
    });
    let page = await tab.load('https://shop.example/a');
    page.evaluate();
    let left = closes ? at : Infinity;
    /** Time passes for the page, until the visitor closes it. @param {number} ms */
    const pass = async (ms) => {
      // What was begun before ends before; storage takes a few turns.
      if (left > 10) await rest(8);
      mock.timers.tick(Math.min(ms, left));
      await rest(4);
      left -= ms;
      return left > 0;
    };
    let stays = await pass(variant ? way : 4000);
    if (stays && variant) {
      const to = await page.left;
      page.close();
      page = await tab.load(/** @type {string} */ (to));
      page.evaluate();
      stays = await pass(4000);
    }
    page.close(!stays && killed);
    await rest(2);
  }
  return [received.control.size, received.other.size];
};

/** The chance of counts this far apart where both are alike: chi-square of one degree, by the normal tail. @param {number[]} counts */
const chance = ([a, b]) => {
  const z = Math.abs(a - b) / Math.sqrt(a + b);
  // Abramowitz and Stegun 26.2.17
  const t = 1 / (1 + 0.2316419 * z);
  return 2 * Math.exp((-z * z) / 2) * 0.3989423 * t * (0.3193815 + t * (-0.3565638 + t * (1.781478 + t * (-1.821256 + t * 1.330274))));
};

test('50/50 stays 50/50 over 10,000 visits of which 30 % are closed at once; counting on arrival skews it', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  try {
    const [honest, sabotaged] = [await counted(VISITS, false), await counted(SABOTAGED_VISITS, true)];
    const said = `${honest.join(' : ')}, p ${chance(honest).toFixed(3)}; counted on arrival ${sabotaged.join(' : ')}, p ${chance(sabotaged).toExponential(1)}`;
    console.log(said);
    assert.ok(chance(honest) > 0.1, said);
    assert.ok(honest[0] + honest[1] > 0.95 * VISITS, said);
    assert.ok(chance(sabotaged) < 1e-3, said);
  } finally {
    mock.timers.reset();
  }
});
