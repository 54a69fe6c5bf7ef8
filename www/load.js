// @ts-check
// Fetches what a page needs, and says plainly what could not be had.

/** @param {string} url */
const get = async (url) => {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch {
    throw Error(`${url} is not reached`);
  }
  if (!response.ok) throw Error(`${url} answered ${response.status}`);
  return response;
};

/** @param {string} url @returns {Promise<Uint8Array>} */
export const loadBytes = async (url) => new Uint8Array(await (await get(url)).arrayBuffer());

/** @param {string} url */
export const loadText = async (url) => (await get(url)).text();

/** @param {string} url */
export const loadJson = async (url) => (await get(url)).json();

/** @param {string} url @returns {Promise<WebAssembly.Module>} */
export const loadModule = async (url) => {
  const response = await get(url);
  const type = response.headers.get('content-type') ?? 'no type';
  try {
    // Streaming wants the right MIME type; without it the same bytes compile a little later.
    return await (/^application\/wasm\b/.test(type) && WebAssembly.compileStreaming
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    throw Error(`${url} (${type}) is not run as wasm: ${/** @type {Error} */ (error).message}. A policy needs 'wasm-unsafe-eval' in script-src`);
  }
};
