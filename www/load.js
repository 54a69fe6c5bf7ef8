// @ts-check
// Fetches what a page needs, and says plainly what could not be had.

/** Digests of the code there is, by the last part of its address. @type {Record<string, string> | undefined} */
let digests;

/** From now on only code with one of these digests is run. @param {Record<string, string> | undefined} known */
export const trust = (known) => void (digests = known);

/** @param {string} url @returns {string | undefined} */
const digestOf = (url) => {
  const digest = digests?.[url.slice(url.lastIndexOf('/') + 1)];
  if (digests && !digest) throw Error(`${url} is not in data-integrity`);
  return digest;
};

/** What the head snippet began to fetch, by address and, behind that, the digest that it is checked by. @type {Record<string, Promise<Response>> | undefined} */
const ahead = /** @type {any} */ (globalThis).parlour?.ahead;

/** @param {string} url @param {string} integrity */
const begun = (url, integrity) => {
  const key = new URL(url, document.baseURI).href + integrity;
  const response = ahead?.[key];
  // Its body can be read once.
  delete ahead?.[key];
  return response;
};

/** @param {string} url @param {string} [integrity] */
const get = async (url, integrity = '') => {
  let response;
  try {
    response = await ((ahead && begun(url, integrity)) || fetch(url, { credentials: 'same-origin', integrity }));
  } catch {
    throw Error(`${url} is not reached${integrity ? ', or not what data-integrity says' : ''}`);
  }
  if (!response.ok) throw Error(`${url} answered ${response.status}`);
  return response;
};

/** @param {string} url */
export const loadText = async (url) => (await get(url)).text();

/** @param {string} url */
export const loadJson = async (url) => (await get(url)).json();

/** Does the address, or this tab, ask for a preview or the toolbar? @param {{allowed: boolean}} consent */
export const isPreview = ({ allowed }) => {
  try {
    return /[?&]parlour-[pd]/.test(location.search) || (allowed && /parlour_[pd]/.test(`${Object.keys(sessionStorage)}`));
  } catch {
    return false;
  }
};

/**
 * A chunk. `import` takes no digest (WebKit ignores that of a modulepreload, too), so that what was checked is imported
 * from memory.
 * @param {string | undefined} url
 */
export const loadModule = async (url) => {
  const digest = digestOf(`${url}`);
  if (digest) url = URL.createObjectURL(await (await get(`${url}`, digest)).blob());
  return import(/* @vite-ignore */ /* webpackIgnore: true */ `${url}`);
};

/** A module of nothing: it runs, unless wasm itself is refused (a policy without 'wasm-unsafe-eval', a locked device). */
const NOTHING = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/**
 * The core, as wasm; where that is refused the same core as JavaScript.
 * @param {string} url
 * @param {string} fallback
 * @returns {Promise<import('./engine.js').Core>}
 */
export const loadCore = async (url, fallback) => {
  try {
    // WebKit refuses no module, only its instance.
    new WebAssembly.Instance(new WebAssembly.Module(NOTHING));
  } catch (refusal) {
    try {
      return (await loadModule(fallback)).instantiate;
    } catch (error) {
      throw Error(`wasm is refused: ${refusal}. ${fallback}: ${error}. A policy needs 'wasm-unsafe-eval'`);
    }
  }
  const response = await get(url, digestOf(url));
  const type = response.headers.get('content-type') ?? 'no type';
  try {
    // Streaming wants the right MIME type; without it the same bytes compile a little later.
    return await (/^application\/wasm\b/.test(type) && WebAssembly.compileStreaming
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    throw Error(`${url} (${type}) is not run as wasm: ${/** @type {Error} */ (error).message}`);
  }
};

/** GrowthBook's evaluator, for plans that need it. @type {(url: string | undefined) => Promise<typeof import('./growthbook.js')>} */
export const loadGrowthBook = loadModule;

/**
 * The plan's bytes, checked first where the page has keys.
 * @param {Parameters<typeof planBytes>[0] & {keys?: string | string[], signed?: string} & Omit<Parameters<typeof import('./signed.js').accept>[1], 'keys'>} options
 * @returns {Promise<Uint8Array>}
 */
export const loadPlan = async (options) => {
  const bytes = planBytes(options);
  const { keys, signed } = options;
  if (!keys) return bytes;
  /** @type {[typeof import('./signed.js'), Uint8Array | Error]} */
  const [{ accept }, fetched] = await Promise.all([loadModule(signed), bytes.catch((error) => error)]);
  return accept(fetched, { ...options, keys });
};

/**
 * The plan's bytes: given, fetched, or compiled here from what is tried out.
 * @param {{plan?: string | Uint8Array, authoring?: string} & Parameters<typeof import('./tried.js').planOf>[0]} options
 * @returns {Promise<Uint8Array>}
 */
const planBytes = async ({ plan, authoring, ...tried }) => {
  if (plan instanceof Uint8Array) return plan;
  if (plan) return new Uint8Array(await (await get(plan)).arrayBuffer());
  return (await loadModule(authoring)).planOf(tried);
};
