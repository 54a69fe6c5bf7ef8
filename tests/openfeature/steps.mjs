// @ts-check
// The steps of the features, over the real provider, SDK and engine; run by Node and by browsers.

import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { createParlour } from '../../www/api.js';
import { ParlourProvider } from '../../www/openfeature.js';

/**
 * @typedef {object} Host
 * @property {string} wasm
 * @property {string} missing address that answers 404
 * @property {(name: string) => Uint8Array} plan
 *
 * @typedef {{text: string, rows?: string[][]}} Step
 * @typedef {{name: string, uri: string, plan: string, about: string, steps: Step[]}} Scenario `about`: tags and name
 */

/** @param {unknown} found @param {unknown} expected @param {string} what */
const same = (found, expected, what) => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
};

/** @type {Record<string, (text: string) => any>} */
const VALUES = {
  Boolean: (text) => text === 'true',
  String: (text) => text,
  Integer: Number,
  Float: Number,
  Object: (text) => JSON.parse(text.replaceAll('\\"', '"')),
};

const EVENTS = { ready: ProviderEvents.Ready, error: ProviderEvents.Error, stale: ProviderEvents.Stale, change: ProviderEvents.ConfigurationChanged };

let worlds = 0;

/** @param {Host} host @param {string} plan */
const createWorld = (host, plan) => {
  const domain = `scenario-${++worlds}`;
  const parlour = createParlour({ wasm: host.wasm });
  const client = OpenFeature.getClient(domain);
  const seen = { /** @type {any} */ exposure: [], /** @type {any} */ touchpoint: [], /** @type {any} */ problem: [] };
  for (const name of /** @type {const} */ (['exposure', 'touchpoint', 'problem'])) parlour.on(name, (detail) => seen[name].push(detail));
  return {
    host, plan, domain, parlour, client, seen,
    context: /** @type {any} */ ({}),
    asked: { key: '', type: '', fallback: /** @type {any} */ (undefined) },
    details: /** @type {any} */ (undefined),
    events: /** @type {Record<string, any[]>} */ ({}),
    stages: /** @type {string[]} */ ([]),
    hooked: /** @type {any} */ (undefined),
    initialized: /** @type {Promise<unknown>} */ (Promise.resolve()),
    // Not awaited here: some scenarios look before it is done.
    provide(/** @type {string | Uint8Array} */ plan) {
      this.initialized = OpenFeature.setProviderAndWait(domain, new ParlourProvider(parlour, { plan, consent: 'measure' }), this.context).catch(() => {});
    },
    setContext() {
      return OpenFeature.setContext(domain, this.context);
    },
  };
};
/** @typedef {ReturnType<typeof createWorld>} World */

/** @type {Record<string, (world: World) => string | Uint8Array>} */
const BROKEN = {
  damaged: ({ host, plan }) => host.plan(plan).slice(0, -40),
  'no plan': () => new TextEncoder().encode('<!doctype html>'),
  'for another site': ({ host }) => host.plan('elsewhere'),
  'out of reach': ({ host }) => host.missing,
};

/** @type {[RegExp, (world: World, match: string[], rows: string[][]) => unknown][]} */
const STEPS = [
  // The cache of a connection to flagd; there is no connection here.
  [/^an option "cache" of type "CacheType" with value "disabled"$/, () => {}],
  [/^(?:an evaluator|a stable flagd provider|a provider)$/, (world) => (world.provide(world.host.plan(world.plan)), world.initialized)],
  [/^a provider whose plan is on its way$/, (world) => world.provide(world.host.plan(world.plan))],
  [/^a provider whose plan is (.*)$/, (world, [state]) => (world.provide(BROKEN[state](world)), world.initialized)],
  [/^an? (\w+)-flag with key "(.*?)" and a (?:default|fallback) value "(.*)"$/, (world, [type, key, text]) => (world.asked = { key, type, fallback: VALUES[type](text) })],
  [/^a context containing a key "(.*?)", with type "(\w+)" and with value "(.*)"$/, (world, [key, type, text]) => (world.context = { ...world.context, [key]: VALUES[type](text) })],
  [/^a context containing a targeting key with value "(.*)"$/, (world, [targetingKey]) => (world.context = { ...world.context, targetingKey })],
  [/^a context containing an account since (.*)$/, (world, [day]) => (world.context = { account: { since: new Date(day) } })],
  [/^a context that contains itself$/, (world) => ((world.context = {}), (world.context.self = world.context))],
  [/^the context is set$/, (world) => world.setContext()],
  [/^the context is emptied$/, (world) => ((world.context = {}), world.setContext())],
  [/^a (\w+) event handler$/, (world, [name]) => {
    const events = (world.events[name] = /** @type {any[]} */ ([]));
    world.client.addHandler(EVENTS[/** @type {keyof typeof EVENTS} */ (name)], (details) => void events.push(details));
  }],
  [/^a hook$/, (world) => {
    const saw = (/** @type {string} */ stage) => () => void world.stages.push(stage);
    world.client.addHooks({ before: saw('before'), after: saw('after'), error: saw('error'), finally: (_, details) => (saw('finally')(), void (world.hooked = details)) });
  }],
  [/^the flag was evaluated with details$/, async (world) => {
    if (Object.keys(world.context).length) await world.setContext();
    const { type, key, fallback } = world.asked;
    const { client } = world;
    world.details =
      type === 'Boolean' ? client.getBooleanDetails(key, fallback) : type === 'String' ? client.getStringDetails(key, fallback) : type === 'Object' ? client.getObjectDetails(key, fallback) : client.getNumberDetails(key, fallback);
  }],
  // Something else than the context changed: a fact of the page.
  [/^the flag was modified$/, (world) => world.parlour.set({ wave: 2 })],
  [/^a (\w+) event was fired$/, (world, [name]) => same(world.events[name].length > 0, true, `a ${name} event`)],
  [/^the (\w+) event handler should have been executed$/, (world, [name]) => same(world.events[name].length > 0, true, `a ${name} event`)],
  [/^the (\w+) event handler should not have been executed$/, (world, [name]) => same(world.events[name], [], `${name} events`)],
  [/^the flag should be part of the event payload$/, (world) => same(world.events.change.at(-1).flagsChanged, [world.asked.key], 'flags changed')],
  [/^the resolved details value should be "(.*)"$/, (world, [text]) => same(world.details.value, VALUES[world.asked.type](text), 'value')],
  [/^the reason should be "(.*)"$/, (world, [reason]) => same(world.details.reason, reason, 'reason')],
  [/^the variant should be "(.*)"$/, (world, [variant]) => same(world.details.variant, variant, 'variant')],
  [/^the error-code should be "(.*)"$/, (world, [code]) => same(world.details.errorCode ?? '', code, 'error code')],
  [/^the resolved metadata is empty$/, (world) => same(world.details.flagMetadata, {}, 'metadata')],
  [/^the resolved metadata should contain$/, (world, _, [, ...rows]) => {
    for (const [key, type, value] of rows) same(world.details.flagMetadata[key], VALUES[type](value), `metadata ${key}`);
  }],
  [/^the provider status should be "(.*)"$/, (world, [status]) => same(world.client.providerStatus, status, 'status')],
  [/^the provider said "(.*)"$/, (world, [words]) => same(world.seen.problem.some((/** @type {any} */ { detail }) => detail.includes(words)), true, JSON.stringify(world.seen.problem))],
  [/^(\d+) exposures? (?:was|were) told$/, (world, [count]) => same(world.seen.exposure.length, Number(count), 'exposures')],
  [/^the hook saw "(.*)"$/, (world, [stages]) => same(world.stages.join(', '), stages, 'stages')],
  [/^its details were variant "(.*)", reason "(.*)" and error "(.*)"$/, (world, [variant, reason, error]) =>
    same([world.hooked.variant ?? '', world.hooked.reason, world.hooked.errorCode ?? ''], [variant, reason, error], 'details')],
  [/^"(.*)" is tracked with value (.*)$/, (world, [name, value]) => world.client.track(name, { value: Number(value) })],
  [/^a touchpoint "(.*)" of (\d+) (\w+) was recorded$/, (world, [name, minor, currency]) =>
    same(world.seen.touchpoint.filter((/** @type {any} */ { type }) => type === name).map((/** @type {any} */ { money }) => money), [{ minor: Number(minor), currency }], 'touchpoints')],
  [/^the provider is closed$/, () => OpenFeature.clearProviders()],
  [/^Parlour has stopped$/, (world) => same(world.parlour.flag('boolean-flag', 'none').value, 'none', 'value')],
];

/** Runs one scenario; throws where a step does not hold. @param {Scenario} scenario @param {Host} host */
export const runScenario = async ({ plan, steps }, host) => {
  const world = createWorld(host, plan);
  try {
    for (const { text, rows = [] } of steps) {
      const found = STEPS.find(([pattern]) => pattern.test(text));
      if (!found) throw Error(`no step fits: ${text}`);
      const [, ...match] = /** @type {RegExpExecArray} */ (found[0].exec(text));
      try {
        await found[1](world, match, rows);
      } catch (error) {
        throw Error(`${text}: ${/** @type {Error} */ (error).message}`);
      }
    }
  } finally {
    await world.initialized;
    await OpenFeature.clearProviders();
    await OpenFeature.clearContexts();
    world.parlour.stop();
  }
};
