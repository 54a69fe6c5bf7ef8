// @ts-check
/**
 * WebKitGTK's MiniBrowser over the W3C WebDriver protocol, on a display of its own.
 *
 * One driver process holds one session, and a session's storage is its own: so every fresh visitor is one more driver.
 */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { endGroup, spawnGroup } from "./children.mjs";
import { findWebKit } from "./find.mjs";
import { until } from "./wait.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** Keys that are no character, in WebDriver. @type {Record<string, string>} */
const KEYS = { Tab: "\uE004", Enter: "\uE007", Escape: "\uE00C", Space: " ", End: "\uE010", Home: "\uE011", ArrowLeft: "\uE012", ArrowUp: "\uE013", ArrowRight: "\uE014", ArrowDown: "\uE015" };

/** @returns {Promise<import("./index.mjs").Browser>} */
export async function launchWebKit() {
  const found = findWebKit();
  if (!found) throw new Error("WebKitWebDriver, MiniBrowser or Xvfb is missing");
  const display = await startDisplay(found.display);
  /** @type {Awaited<ReturnType<typeof startSession>>[]} */
  const sessions = [];
  const open = async () => {
    const session = await startSession(found, display.name);
    sessions.push(session);
    return session;
  };
  /** @type {ReturnType<typeof open> | undefined} */
  let shared;
  return {
    name: "webkit",
    hasConsole: false,
    async newPage({ fresh = false } = {}) {
      if (fresh) {
        const session = await open();
        const { value } = await session.ask("GET", "/window");
        return makePage(session, value, session.end);
      }
      const first = !shared;
      const session = await (shared ??= open());
      if (first) return makePage(session, (await session.ask("GET", "/window")).value);
      // A tab behind another one is never painted, and a screenshot of it never answers: so a window.
      const { value } = await session.ask("POST", "/window/new", { type: "window" });
      return makePage(session, value.handle);
    },
    async close() {
      await Promise.all(sessions.map((session) => session.end()));
      await endGroup(display.child);
    },
  };
}

/** `-displayfd` makes the server choose a free display and name it once it takes connections. @param {string} command */
async function startDisplay(command) {
  const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const child = spawnGroup(command, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const pipe = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
  const number = await new Promise((resolve, reject) => {
    pipe.once("data", (bytes) => resolve(String(bytes).trim()));
    child.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
    child.once("error", reject);
  });
  return { child, name: `:${number}` };
}

/** @param {{driver: string, browser: string}} found @param {string} display */
async function startSession(found, display) {
  const port = await freePort();
  const child = spawnGroup(found.driver, [`--port=${port}`, "--host=127.0.0.1"], {
    env: { ...process.env, DISPLAY: display, WAYLAND_DISPLAY: "", GDK_BACKEND: "x11", LIBGL_ALWAYS_SOFTWARE: "1" },
  });
  const origin = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${origin}/status`)).ok, 10_000, "WebKitWebDriver takes requests");
  const options = { binary: found.browser, args: ["--automation"] };
  const capabilities = { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": options } };
  const { value } = await send(`${origin}/session`, "POST", { capabilities });
  const base = `${origin}/session/${value.sessionId}`;
  await send(`${base}/timeouts`, "POST", { script: 50_000, pageLoad: 50_000, implicit: 0 });
  return {
    /** @param {string} method @param {string} path @param {unknown} [body] */
    ask: (method, path, body) => send(base + path, method, body),
    async end() {
      await send(base, "DELETE", undefined, 3000).catch(() => {});
      await endGroup(child);
    },
  };
}

/**
 * @param {Awaited<ReturnType<typeof startSession>>} session
 * @param {string} handle
 * @param {() => Promise<void>} [end]
 * @returns {import("./index.mjs").Page}
 */
function makePage(session, handle, end) {
  /** @param {string} method @param {string} path @param {unknown} [body] */
  const ask = async (method, path, body) => {
    await session.ask("POST", "/window", { handle });
    return (await session.ask(method, path, body)).value;
  };
  /** @param {any} body @param {any[]} args */
  const evaluate = async (body, ...args) => {
    const call = typeof body === "function" ? `(${body}).apply(null, args)` : `(${body})`;
    const script = `const done = arguments[arguments.length - 1], args = arguments[0];
      (async () => ${call})().then((value) => done({ value }), (error) => done({ error: error + "\\n" + ((error && error.stack) || "") }));`;
    const answer = await ask("POST", "/execute/async", { script, args: [args] });
    if (answer.error) throw new Error(answer.error);
    return answer.value ?? undefined;
  };
  return {
    raw: undefined,
    async goto(url) {
      await ask("POST", "/url", { url });
    },
    evaluate,
    async click(selector) {
      const element = await ask("POST", "/element", { using: "css selector", value: selector });
      await ask("POST", `/element/${element[ELEMENT]}/click`, {});
    },
    async press(...keys) {
      const actions = keys.flatMap((key) => ["keyDown", "keyUp"].map((type) => ({ type, value: KEYS[key] ?? key })));
      await ask("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
    },
    async screenshot(path) {
      await writeFile(path, Buffer.from(await ask("GET", "/screenshot"), "base64"));
    },
    waitFor: (condition, timeoutMs = 10_000, ...args) => until(() => evaluate(condition, ...args), timeoutMs, String(condition)),
    consoleMessages: () => [],
    close: end ?? (() => ask("DELETE", "/window").then(() => {})),
  };
}

/** @param {string} url @param {string} method @param {unknown} [body] @param {number} [timeoutMs] @returns {Promise<{value: any}>} */
async function send(url, method, body, timeoutMs = 60_000) {
  const text = method === "POST" ? JSON.stringify(body ?? {}) : undefined;
  const response = await fetch(url, { method, body: text, signal: AbortSignal.timeout(timeoutMs) });
  const answer = /** @type {{value: any}} */ (await response.json());
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.value?.error} ${answer.value?.message}`);
  return answer;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}
