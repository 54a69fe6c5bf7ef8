// @ts-check
// A shop whose server decides: `node examples/server-node/server.js PLAN PORT`. The visitor sees the variant in the first
// frame, because it is in the HTML; the page goes on with the same id, checks the decision, and counts it once.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { openPlan } from 'parlour/server';

const [planFile = 'plan.bin', port = '8080'] = process.argv.slice(2);
const near = (/** @type {string} */ name) => new URL(name, import.meta.url);
const dist = (/** @type {string} */ name) => new URL(name, import.meta.resolve('parlour/dist/parlour.wasm'));

const plan = await readFile(planFile);
const template = await readFile(near('../page.html'), 'utf8');
const shop = await openPlan({ plan, wasm: await readFile(dist('parlour.wasm')) });

const TYPES = /** @type {Record<string, string>} */ ({ js: 'text/javascript', wasm: 'application/wasm', bin: 'application/octet-stream' });
const escaped = (/** @type {unknown} */ text) => `${text}`.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

const server = createServer(async (request, response) => {
  const { host, cookie = '', referer, 'user-agent': userAgent, 'accept-language': languages = '' } = request.headers;
  const { pathname, href } = new URL(request.url ?? '/', `http://${host}`);
  const file = /^\/(parlour[\w.-]*\.(js|wasm)|plan\.(bin))$/.exec(pathname);
  if (file) {
    const content = await readFile(file[1] === 'plan.bin' ? planFile : dist(file[1])).catch(() => undefined);
    return void response.writeHead(content ? 200 : 404, { 'content-type': TYPES[file[2] ?? file[3]] }).end(content);
  }
  // What the visitor chose in the site's own banner.
  const consent = /(?:^|; )consent=(measure|personalise|denied)(?:;|$)/.exec(cookie)?.[1] ?? 'unknown';
  const { decisions, script, setCookie } = shop.decide({ url: href, consent: /** @type {'unknown'} */ (consent), cookie, userAgent, referrer: referer, language: languages.split(/[,;]/)[0] });
  const { headline = 'Mugs of stoneware' } = decisions.headline.values;
  const filled = /** @type {Record<string, string>} */ ({ decisions: script, consent, headline: escaped(headline), ask: decisions.colour.variant === 'green' ? ' class="green"' : '' });
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'private, no-store', ...(setCookie && { 'set-cookie': setCookie }) });
  response.end(template.replace(/\{\{(\w+)\}\}/g, (_, name) => filled[name]));
});
server.listen(+port, '127.0.0.1', () => console.log(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`));
