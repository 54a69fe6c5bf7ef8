// @ts-check
// The scenarios that are run: the flagd testbed's, as they lie in the crate `open-feature-flagd` (fetched, never built),
// as far as they concern a provider, and those of provider.feature.

import { AstBuilder, GherkinClassicTokenMatcher, Parser, compile } from '@cucumber/gherkin';
import { IdGenerator } from '@cucumber/messages';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** @typedef {import('./steps.mjs').Scenario} Scenario */

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Why scenarios are left out, by file and a part of their tags or name; `*` for all others of that file. */
export const LEFT_OUT = {
  'gherkin/evaluation.feature': { '@deprecated': 'the suite itself puts @no-default-variant in their place' },
  'gherkin/disabled.feature': { 'Flag disabled in one flag set': 'sets of flags that a selector chooses are flagd\'s' },
  'gherkin/metadata.feature': { '@metadata-provider': 'sets of flags that a selector chooses are flagd\'s' },
  'gherkin/events.feature': { 'Provider events chain': 'they lose and regain a connection to flagd; a page has none' },
  'gherkin/targeting.feature': {
    '@evaluator-refs': 'how flagd writes references in its rules',
    '@fractional': "flagd's bucketing; ours has vectors of its own",
    '@semver': "flagd's operators; ours are tested as conditions",
    '@string': "flagd's operators; ours are tested as conditions",
    '@operator-errors': 'mistakes in rules are found when a plan is built',
    'Time-based operations': 'flagd puts its clock into the context; our rules have no time',
    'Errors and edge cases': 'mistakes in rules are found when a plan is built',
  },
  'evaluator/gherkin/evaluation.feature': {},
  'evaluator/gherkin/zero-values.feature': {},
  'evaluator/gherkin/errors.feature': {},
  'evaluator/gherkin/disabled.feature': {},
  'evaluator/gherkin/no-default-variant.feature': {},
  'evaluator/gherkin/metadata.feature': {},
  'evaluator/gherkin/targeting.feature': {},
};

/** @param {string} text @param {string} uri @param {string} plan */
const parsed = (text, uri, plan) => {
  const id = IdGenerator.uuid();
  const document = new Parser(new AstBuilder(id), new GherkinClassicTokenMatcher()).parse(text);
  return compile(document, uri, id).map(({ name, tags, steps }) => ({
    uri,
    plan,
    name,
    about: [...tags.map((tag) => tag.name), name].join(' '),
    steps: steps.map(({ text, argument }) => ({ text, rows: argument?.dataTable?.rows.map(({ cells }) => cells.map(({ value }) => value)) })),
  }));
};

const testbed = async () => {
  const { stdout } = await promisify(execFile)('cargo', ['metadata', '--format-version', '1', '--locked'], { cwd: root, maxBuffer: 1 << 28 });
  const { manifest_path } = JSON.parse(stdout).packages.find((/** @type {any} */ crate) => crate.name === 'open-feature-flagd');
  return join(dirname(manifest_path), 'flagd-testbed');
};

/** @returns {Promise<{run: Scenario[], leftOut: {name: string, uri: string, because: string}[]}>} */
export const scenarios = async () => {
  const folder = await testbed();
  const run = [];
  const leftOut = [];
  for (const [uri, reasons] of Object.entries(LEFT_OUT))
    for (const scenario of parsed(await readFile(join(folder, uri), 'utf8'), uri, uri.split('/')[0] === 'evaluator' ? 'evaluator' : 'flags')) {
      const because = Object.entries(reasons).find(([part]) => scenario.about.includes(part))?.[1];
      if (because) leftOut.push({ name: scenario.name, uri, because });
      else run.push(scenario);
    }
  run.push(...parsed(await readFile(new URL('provider.feature', import.meta.url), 'utf8'), 'provider.feature', 'flags'));
  return { run, leftOut };
};

/** The plans that scenarios name, as bytes. @param {any} compiler the authoring module @returns {Promise<Record<string, Uint8Array>>} */
export const plans = async (compiler) => {
  const file = JSON.parse(await readFile(new URL('flags.json', import.meta.url), 'utf8'));
  const withMetadata = (/** @type {object} */ metadata) => ({ ...file, flags: { ...file.flags, 'metadata-flag': { default: true, metadata } } });
  const files = {
    flags: withMetadata({ string: 'a', integer: 1, float: 1.2, boolean: true }),
    evaluator: withMetadata({ string: '1.0.2', integer: 2, float: 0.1, boolean: true }),
    elsewhere: { site: 'other.example' },
  };
  /** @type {Record<string, Uint8Array>} */
  const plans = {};
  for (const [name, config] of Object.entries(files)) {
    const { plan, diagnostics, lines } = await compiler.compile(JSON.stringify(config), { version: 7 });
    // W310: the testbed's audiences are e-mail addresses.
    if (diagnostics.some((/** @type {{code: string}} */ { code }) => code !== 'W310')) throw Error(lines.join('\n'));
    plans[name] = plan;
  }
  return plans;
};
