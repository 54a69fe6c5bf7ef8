// @ts-check
// Texts for people: why someone is in or out, what was looked at, what became of records. `parlour explain` and
// `explain(key)` answer with the short words that these are about.

/**
 * @typedef {object} Explained
 * @property {string} reason
 * @property {string[]} [passed]
 * @property {string} [settled]
 * @property {number} [bucket] 0 to 1
 * @property {string} [clause] place in the file, and what stands there
 * @property {string} [requires] key of an experiment
 */

const share = (/** @type {number | undefined} */ bucket) => (bucket === undefined ? '' : ` (${bucket.toFixed(4)} of 0 to 1)`);

/** @type {Record<string, (about: Explained, unit: string) => string>} */
const REASONS = {
  bucketed: ({ bucket }, unit) => `Drawn by the ${unit}'s id${share(bucket)}.`,
  sticky: (_, unit) => `This ${unit} has met the experiment before and stays with the same variant.`,
  winner: () => 'The experiment has ended. Everyone in its audience sees the winner, and nobody is counted.',
  killed: () => 'The experiment is stopped at once, for everybody.',
  paused: () => 'The experiment is paused.',
  'not-started': () => 'Its start lies ahead.',
  ended: () => 'It is over.',
  consent: () => 'The visitor has not allowed what it needs: an id that is kept needs at least “measure”.',
  'no-unit': (_, unit) => `There is no ${unit} id to draw by.`,
  holdout: () => 'The visitor is in a holdout: the part of all visitors who see no experiment.',
  layer: () => 'This part of the layer belongs to other experiments.',
  audience: ({ clause }) => (clause ? 'The audience does not fit. This does not hold:' : 'The audience does not fit.'),
  traffic: ({ bucket }) => `Outside the share of traffic that takes part${share(bucket)}.`,
  bot: () => 'The page says that the visitor is a robot.',
  loading: () => "The page asked before Parlour was ready: out until the next page view.",
  late: () => 'The decision came after the page had shown the original: nothing is changed and nobody is counted in this page view.',
  unknown: () => 'The plan does not know it.',
  preview: () => 'Forced for this tab. Nothing is counted.',
  expired: () => 'The plan has expired: build and publish a new one.',
  prerequisite: ({ requires }) => `It needs another experiment's variant, which the visitor does not see${requires ? ': ' : '.'}`,
  version: () => 'The visitor has met an older version, which blocks this one.',
  static: () => 'The file gives everybody this value.',
  default: () => 'No rule answers, so the default does.',
  targeting: () => 'A rule with an audience answers.',
  split: () => 'A rule that shares values out answers.',
};

/** @param {Explained} about @param {string} [unit] */
export const because = (about, unit = 'visitor') => REASONS[about.reason]?.(about, unit) ?? about.reason;

/** What a step of `explain` lets through. @type {Record<string, string>} */
export const STEP_WORDS = {
  site: 'the plan is valid',
  preview: 'not forced',
  kill: 'not stopped',
  bot: 'no robot',
  status: 'it runs',
  schedule: 'between start and end',
  consent: 'consent allows it',
  unit: 'there is an id',
  sticky: 'not met before',
  version: 'no older version blocks',
  holdout: 'in no holdout',
  layer: 'the layer is free',
  prerequisite: 'what it requires is there',
  audience: 'the audience fits',
  traffic: 'takes part',
  bucket: 'drawn',
};

/** @type {Record<string, string>} */
export const CONSENT_WORDS = {
  unknown: 'The visitor has not chosen. Nothing is kept and nothing is sent.',
  denied: 'The visitor said no. Nothing is kept and nothing is sent.',
  measure: 'Ids and records may be kept and sent. The journey is not kept.',
  personalise: 'Ids, records, journey and profile may be kept. Records are sent.',
};

/** Why records leave without an acknowledgement. @type {Record<string, string>} */
export const DROP_WORDS = {
  denied: 'consent was refused or withdrawn',
  full: 'too many were waiting',
  refused: 'the collector refused them',
  old: 'they waited more than 30 days',
  corrupt: 'what was stored was no record',
  broken: 'nothing could be made of them',
};

/** What becomes of one change. @type {Record<string, string>} */
export const CHANGE_WORDS = {
  placed: 'in place',
  waiting: 'waiting for its element',
  missing: 'its element did not appear',
  frozen: 'frozen: the page took it back again and again, so it is left alone',
  dead: 'refused or failed: see the problems',
};

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** @param {number} part 0 to 1 */
export const percent = (part) => `${(100 * part).toFixed(part === 1 ? 0 : part > 0 && part < 0.1 ? 2 : 1)} %`;

/** @param {number} ms */
export const time = (ms) => new Date(ms).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** @param {number} ms */
export const clock = (ms) => new Date(ms).toLocaleTimeString('en-GB');
