// @ts-check
/**
 * The site a browser test visits: files of `dist/` and of fixture folders, routes with a knob each (status, headers,
 * CSP, MIME type, delay, body), and a collector that records what arrives and answers as the contract says.
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeCollector } from "./collector.mjs";
import { sleep } from "./drivers/wait.mjs";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** Another build, or other sources, can be put to the same tests: the sabotaged twins are. */
export const DIST = process.env.PARLOUR_DIST ?? here("../../dist");
const WWW = here("../../www");

/** @type {Record<string, string>} */
const MIME = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css",
  ".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".bin": "application/octet-stream",
};

/**
 * @typedef {object} Knobs
 * @property {number} [status]
 * @property {Record<string, string>} [headers]
 * @property {string} [csp] Content-Security-Policy
 * @property {string} [type] Content-Type, right or wrong
 * @property {number} [delayMs] Waits before the first byte.
 * @property {Promise<unknown>} [until] Waits for this before the first byte.
 * @property {boolean} [hangUp] Ends the connection instead of answering.
 * @property {string} [file] Answers with this file.
 * @property {string | Uint8Array} [body] Answers with this.
 *
 * @typedef {{method: string, path: string, query: string, headers: import("node:http").IncomingHttpHeaders, atMs: number}} Seen
 */

/** @param {{folders?: string[], port?: number}} [options] The first folder that has the file answers. */
export async function startServer({ folders = [DIST], port = 0 } = {}) {
  const places = folders.map((folder) => (resolve(folder) === WWW ? (process.env.PARLOUR_WWW ?? folder) : folder));
  /** @type {Map<string, Knobs>} */
  const routes = new Map();
  /** @type {Seen[]} */
  const seen = [];
  const collector = makeCollector();
  /** @type {Knobs} */
  let everywhere = {};
  let closing = false;

  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://site");
    seen.push({ method: request.method ?? "", path: pathname, query: search, headers: request.headers, atMs: Date.now() });
    if (pathname === collector.path && !routes.has(pathname)) {
      return collector.answer(request, response).catch((/** @type {unknown} */ error) => {
        // A page that leaves sends to the end: what arrives while the site is taken down is nobody's fault.
        if (!closing) throw error;
      });
    }
    const knobs = { ...everywhere, ...routes.get(pathname) };
    if (knobs.delayMs) await sleep(knobs.delayMs);
    await knobs.until;
    if (knobs.hangUp) return void request.socket.destroy();
    const found = await content(pathname, knobs, places, String(request.headers["accept-encoding"] ?? ""));
    const status = found ? (knobs.status ?? 200) : 404;
    response.writeHead(status, {
      "content-type": knobs.type ?? found?.type ?? "text/plain",
      "cache-control": "no-store",
      ...(found?.encoding && { "content-encoding": found.encoding }),
      ...(knobs.csp && { "content-security-policy": knobs.csp }),
      ...knobs.headers,
    });
    response.end(request.method === "HEAD" ? undefined : (found?.body ?? "not found"));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());

  return {
    url: `http://127.0.0.1:${address.port}`,
    collector,
    seen,
    /** @param {string} path @param {Knobs} knobs */
    route: (path, knobs) => void routes.set(path, knobs),
    /** @param {string} path */
    unroute: (path) => void routes.delete(path),
    /** Knobs for every answer; a route's own win. @param {Knobs} knobs */
    all: (knobs) => void (everywhere = knobs),
    /** @param {string} path */
    requests: (path) => seen.filter((request) => request.path === path),
    async close() {
      closing = true;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {string} pathname @param {Knobs} knobs @param {string[]} folders @param {string} accepted */
async function content(pathname, knobs, folders, accepted) {
  if (knobs.body !== undefined) return { body: knobs.body, type: MIME[extname(pathname)] ?? MIME[".html"], encoding: "" };
  const inside = normalize(pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  for (const file of knobs.file ? [knobs.file] : folders.map((folder) => join(folder, inside))) {
    const type = MIME[extname(file)] ?? "application/octet-stream";
    if (/\bbr\b/.test(accepted)) {
      const packed = await readFile(`${file}.br`).catch(() => undefined);
      if (packed) return { body: packed, type, encoding: "br" };
    }
    const body = await readFile(file).catch(() => undefined);
    if (body) return { body, type, encoding: "" };
  }
}
