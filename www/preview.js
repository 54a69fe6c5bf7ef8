// @ts-check
// A preview: a link, signed by the plan's preview key, forces one variant of one experiment for whoever opens it. It
// lasts over the pages of the tab where storing is allowed, is never counted, and says so in the console.
// From here, too, comes the toolbar (devtools/): on local hosts, and where a link is in force.
// Loaded by pages whose address or tab asks for it alone.

import { readKept, TOKEN, TOOLBAR } from './devtools/kept.js';
import { loadModule, trust } from './load.js';
import { bytesOf, isSignedBy, openSigned, readKeys, requireEd25519, requireUsable } from './signature.js';
import { environmentOf, LOCAL } from './site.js';

const NAME = 'parlour-preview';
/** What stands for the token in an address that ends the preview. */
const END = 'end';

/** A link is in force, so that the toolbar may be used on this host. */
let isShown = false;
const mayUseToolbar = () => isShown || LOCAL.test(location.hostname);

/** @typedef {ReturnType<typeof import('./engine.js').createEngine>} Engine */
/** @typedef {{site: string, experiment: string, variant: string, expires: number}} Token */

/**
 * The engine that shows what the link asks for, and the mark of what is recorded meanwhile; as they were where it is
 * refused.
 * @param {object} page
 * @param {Engine} page.engine
 * @param {string} page.environment
 * @param {import('./visit.js').Options} page.options
 * @param {ReturnType<typeof import('./consent.js').createConsent>} page.consent
 * @param {(plan: Uint8Array) => Engine} page.build
 * @param {(problem: {code: string, detail: string}) => void} page.report
 * @returns {Promise<[Engine, string]>}
 */
export const preview = async (page) => {
  const shown = await follow(page);
  return mayUseToolbar() && page.consent.allowed && forceKept(shown[0]) ? [shown[0], 'preview'] : shown;
};

/** What was forced by the toolbar on an earlier page of this tab. @param {Engine} engine */
const forceKept = (engine) => {
  const forced = Object.entries(readKept()?.forced ?? {});
  return forced.filter(([experiment, variant]) => force(engine, { experiment, variant })).length > 0;
};

/** @type {typeof preview} */
const follow = async ({ engine, environment, options, consent, build, report }) => {
  const asked = takeFromAddress();
  const text = asked ?? session((kept) => kept.getItem(TOKEN));
  const end = () => session((kept) => (kept.removeItem(TOKEN), kept.removeItem(TOOLBAR)));
  /** @type {[Engine, string]} */
  const unchanged = [engine, environment];
  if (!text) return unchanged;
  if (text === END) {
    end();
    console.info('parlour: the preview has ended');
    return unchanged;
  }
  try {
    const token = await read(text, engine.page);
    const shown = force(engine, token) ?? force(await fetchDrafts(text, options, build), token);
    if (!shown) throw Error(`there is no variant "${token.variant}" of "${token.experiment}": a draft needs \`parlour serve --config\`, or \`parlour build --drafts\` and data-preview-plan`);
    const keep = () => session((kept) => (consent.allowed ? kept.setItem(TOKEN, text) : kept.removeItem(TOKEN)));
    keep();
    consent.onChange(keep);
    isShown = true;
    console.info(`parlour: preview of ${token.experiment}: ${token.variant}, until ${new Date(token.expires).toISOString()}; nothing is counted. To end it open this page with ?${NAME}=${END}, or close the tab`);
    return [shown, 'preview'];
  } catch (error) {
    end();
    report({ code: 'preview', detail: /** @type {Error} */ (error).message });
    return unchanged;
  }
};

/** Out of the address bar, so that the token is neither copied nor recorded with the page. */
const takeFromAddress = () => {
  const url = new URL(location.href);
  const token = url.searchParams.get(NAME);
  if (token === null) return undefined;
  // Only ours is taken out: the rest stays as it was written.
  url.search = url.search.slice(1).split('&').filter((pair) => !pair.startsWith(`${NAME}=`)).join('&');
  try {
    history.replaceState(history.state, '', url);
  } catch {
    // In a sandbox addresses cannot be changed.
  }
  return token;
};

/** @template T @param {(kept: Storage) => T} act */
const session = (act) => {
  try {
    return act(sessionStorage);
  } catch {
    return undefined;
  }
};

/** @param {string} text @param {import('./engine.js').Page} page @returns {Promise<Token>} */
const read = async (text, { previewKey }) => {
  if (!previewKey) throw Error('the plan names no previewKey, so that no preview can be checked');
  const parts = text.split('.');
  /** @type {[Uint8Array, Uint8Array]} */
  let bytes;
  try {
    bytes = [bytesOf(parts[0]), bytesOf(parts[1])];
    if (parts.length > 2 || bytes[1].length !== 64) throw 0;
  } catch {
    throw Error('the preview link is cut short or was changed: ask for a new one');
  }
  await requireEd25519();
  if (!(await isSignedBy(bytesOf(previewKey), 'parlour preview v1\n', ...bytes))) throw Error("the preview link was changed, or is signed by another key than the plan's previewKey");
  /** @type {Token} */
  const token = JSON.parse(new TextDecoder().decode(bytes[0]));
  if (token.site !== location.hostname) throw Error(`the preview link is for ${token.site} and this page is on ${location.hostname}`);
  if (!(token.expires > Date.now())) throw Error('the preview link has expired: ask for a new one');
  return token;
};

/** The engine, if its plan has that variant. @param {Engine} engine @param {Pick<Token, 'experiment' | 'variant'>} token */
const force = (engine, token) => {
  const experiment = engine.page.experiments.findIndex(({ key }) => key === token.experiment);
  const variant = engine.page.experiments[experiment]?.variants.findIndex(({ key }) => key === token.variant) ?? -1;
  if (variant < 0) return /** @type {any} */ (engine).forceNamed?.(token.experiment, token.variant) ? engine : undefined;
  engine.force(experiment, variant);
  return engine;
};

/**
 * The plan with drafts: its own address, or the plan's own with the token, to which `parlour serve` answers it.
 * @param {string} text @param {import('./visit.js').Options} options @param {(plan: Uint8Array) => Engine} build
 */
const fetchDrafts = async (text, { plan, previewPlan, keys }, build) => {
  if (!previewPlan && typeof plan !== 'string') throw Error('the plan has no such experiment, and without data-preview-plan no other can be asked for');
  const url = previewPlan ?? `${plan}${`${plan}`.includes('?') ? '&' : '?'}${NAME}=${text}`;
  const response = await fetch(url, { credentials: 'same-origin', cache: 'no-store' });
  if (!response.ok) throw Error(`${url.split(NAME)[0]} answered the preview with ${response.status}: ${(await response.text()).slice(0, 200).trim()}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (keys) requireUsable(await openSigned(bytes, readKeys(keys)), Date.now());
  const engine = build(bytes);
  if (environmentOf(engine.page, location.hostname) === undefined) throw Error(`the preview's plan is for ${engine.page.site.join(', ')}`);
  return engine;
};

/**
 * Opens the toolbar where it is asked for and may be used; visitors of a live site never load it.
 * @param {import('./devtools/toolbar.js').Inside} inside @param {boolean} [asked] by the page itself
 */
export const devtools = async (inside, asked) => {
  await inside.started.catch(() => {});
  const isAsked = asked || /[?&]parlour-devtools\b/.test(location.search);
  const kept = readKept();
  if (!isAsked && !isShown && !kept) return;
  try {
    if (!mayUseToolbar()) throw Error('the toolbar opens on local hosts, and where a preview link is in force: ask for a link that `parlour preview` makes');
    const { integrity, preview } = inside.options;
    trust(integrity);
    (await loadModule(new URL('./parlour-devtools.js', preview).href)).open(inside, { collapsed: !asked && (kept?.collapsed ?? !isAsked), lasts: isAsked || !!kept });
  } catch (error) {
    inside.report({ code: 'devtools', detail: /** @type {Error} */ (error).message });
  }
};
