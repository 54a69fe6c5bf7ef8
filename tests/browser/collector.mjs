// @ts-check
/**
 * A collector for tests: keeps every batch as it came, and answers as `parlour serve` does: `parlour: 1` is the
 * acknowledgement, each event has an outcome, a duplicate is "ok".
 */

/** @typedef {{type: string, event?: string, messageId: string, anonymousId?: string, userId?: string, timestamp: string, properties: Record<string, any>, context: Record<string, any>}} WireEvent */
/** @typedef {{batch: WireEvent[], sentAt: string, writeKey?: string, context?: Record<string, any>}} Batch */
/** @typedef {"ok" | "drop" | "warning" | "retry"} Outcome */
/** `html`: 200 with a page, as a captive portal does. `hangUp`: takes the body, then cuts the connection. */
/** @typedef {"answer" | "html" | "hangUp" | "never" | number} Mode A number is an HTTP status without an acknowledgement. */

export function makeCollector(path = "/v1/batch") {
  /** @type {Batch[]} */
  const batches = [];
  /** @type {Map<string, WireEvent>} */
  const stored = new Map();
  /** @type {string[]} */
  const malformed = [];
  let copies = 0;
  /** @type {{mode: Mode, headers: Record<string, string>, outcome: (event: WireEvent) => Outcome, delayMs: number}} */
  const settings = { mode: "answer", headers: {}, outcome: () => "ok", delayMs: 0 };

  return {
    path,
    batches,
    /** What a store would hold: the first copy of each accepted event. */
    stored,
    malformed,
    settings,
    events: () => [...stored.values()],
    /** @param {string} name Of the event, or its type where it has no name. */
    named: (name) => [...stored.values()].filter((event) => (event.event ?? event.type) === name),
    copies: () => copies,
    /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
    async answer(request, response) {
      const text = await bodyOf(request);
      if (text === undefined) return;
      const cors = { "access-control-allow-origin": "*" };
      const { mode, headers, outcome, delayMs } = settings;
      if (request.method !== "POST") return void response.writeHead(405, cors).end();
      if (delayMs) await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (mode === "never") return;
      if (mode === "hangUp") return void request.socket.destroy();
      if (mode === "html") return void response.writeHead(200, { ...cors, "content-type": "text/html", ...headers }).end("<!doctype html>Log in");
      if (typeof mode === "number") return void response.writeHead(mode, { ...cors, ...headers }).end();
      const batch = parse(text);
      if (!batch) {
        malformed.push(text);
        return void response.writeHead(400, cors).end();
      }
      batches.push(batch);
      /** @type {Record<string, Outcome>} */
      const results = {};
      for (const event of batch.batch) {
        const known = stored.has(event.messageId);
        results[event.messageId] = known ? "ok" : outcome(event);
        if (known) copies++;
        else if (results[event.messageId] === "ok" || results[event.messageId] === "warning") stored.set(event.messageId, event);
      }
      response.writeHead(200, { ...cors, "content-type": "application/json", ...headers });
      response.end(JSON.stringify({ parlour: 1, results, now: Date.now() }));
    },
  };
}

/** Undefined where the page went away before all of it had come. @param {import("node:http").IncomingMessage} request */
export async function bodyOf(request) {
  try {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    return text;
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {Batch | undefined} */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value.batch) && value.batch.every((/** @type {any} */ event) => typeof event.messageId === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
