// @ts-check
// The ES module: `import { start, decide } from 'parlour'`. One Parlour a page, however often it is imported.

import { createParlour } from './api.js';

const parlour = createParlour({
  wasm: new URL('./parlour.wasm', import.meta.url).href,
  fallback: new URL('./parlour-fallback.js', import.meta.url).href,
  growthbookModule: new URL('./parlour-growthbook.js', import.meta.url).href,
  authoring: new URL('./parlour-authoring.js', import.meta.url).href,
  signed: new URL('./parlour-signed.js', import.meta.url).href,
  preview: new URL('./parlour-preview.js', import.meta.url).href,
  hydrated: new URL('./parlour-hydrated.js', import.meta.url).href,
  redirect: new URL('./parlour-redirect.js', import.meta.url).href,
  handover: new URL('./parlour-handover.js', import.meta.url).href,
  html: new URL('./parlour-html.js', import.meta.url).href,
  rerank: new URL('./parlour-rerank.js', import.meta.url).href,
  rows: new URL('./parlour-rows.js', import.meta.url).href,
  lists: new URL('./parlour-lists.js', import.meta.url).href,
});

export const { start, ready, decide, peek, decideAll, flag, flags, expose, set, track, page, identify, reset, visitorId, consent, recommend, explain, on, flush, forget, devtools, stop } = parlour;
const exported = parlour.export;
export { exported as export };
export default parlour;
