// @ts-check
/**
 * A slow line in front of a server, the same for every engine: a TCP proxy whose packets wait half a round trip each
 * way and share one line downwards, connection by connection in turn. Connections are free: what is measured is a page
 * whose requests share one HTTP/2 connection that is open already, without TCP's slow start.
 */
import { connect, createServer } from "node:net";

/** @typedef {{rttMs: number, kbps: number}} Line */

/** Lighthouse's slow 4G; a home's cable as WebPageTest has it. @type {{slow4g: Line, cable: Line}} */
export const LINES = { slow4g: { rttMs: 150, kbps: 1638.4 }, cable: { rttMs: 28, kbps: 5000 } };

/** What an Ethernet frame leaves to TCP. */
const PACKET = 1460;

/** @typedef {import("node:net").Socket} Socket */

/** @param {{url: string}} server @param {Line} line */
export async function startLink(server, line) {
  let { rttMs, kbps } = line;
  let carried = 0;
  /** Answers that wait for the line, one queue a connection. @type {Map<Socket, Buffer[]>} */
  const queues = new Map();
  /** Packets on their way, in the order of their arrival. @type {{at: number, run: () => void}[]} */
  const flying = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let freeAt = 0;

  const turn = () => {
    timer = undefined;
    const now = performance.now();
    while (freeAt <= now && queues.size) {
      const [[socket, queue]] = queues;
      const [head] = queue;
      const packet = head.subarray(0, PACKET);
      if (packet.length < head.length) queue[0] = head.subarray(PACKET);
      else queue.shift();
      // To the end of the row.
      queues.delete(socket);
      if (queue.length) queues.set(socket, queue);
      freeAt += (packet.length * 8) / kbps;
      carried += packet.length;
      flying.push({ at: freeAt + rttMs / 2, run: () => socket.write(packet) });
    }
    while (flying[0]?.at <= now) flying.shift()?.run();
    wake();
  };
  const wake = () => {
    if (timer) return;
    const next = Math.min(queues.size ? freeAt : Infinity, flying[0]?.at ?? Infinity);
    if (next < Infinity) timer = setTimeout(turn, Math.max(0, next - performance.now()));
  };

  const { hostname, port } = new URL(server.url);
  /** @type {Set<Socket>} */
  const sockets = new Set();
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      const end = () => {
        sockets.delete(socket);
        queues.delete(client);
        client.destroy();
        upstream.destroy();
      };
      socket.on("error", end).on("close", end);
    }
    client.on("data", (bytes) => void setTimeout(() => upstream.write(bytes), rttMs / 2));
    upstream.on("data", (bytes) => {
      if (!queues.size) freeAt = Math.max(freeAt, performance.now());
      if (!queues.get(client)?.push(bytes)) queues.set(client, [bytes]);
      wake();
    });
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (proxy.address());

  return {
    url: `http://127.0.0.1:${address.port}`,
    /** Another line from now on. @param {Line} line */
    set: (line) => void ({ rttMs, kbps } = line),
    /** Bytes sent to the page so far. */
    carried: () => carried,
    async close() {
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
