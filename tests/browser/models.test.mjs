// @ts-check
// One model, one thousand sessions: the command, Node and three engines answer the same lists, to the byte; and so does a slot
// with all it may ask for.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openModel } from "../../www/models.js";
import { generate } from "../bench/clicks.mjs";
import { parlour as command } from "./command.mjs";
import { ENGINES, isInstalled, launch } from "./drivers/index.mjs";
import { DIST, startServer } from "./server.mjs";

const SESSIONS = 1000;
const SLOTTED = 200;
const SLOT = {
  select: "#s", cards: "/cards.json", strategies: ["next", "alike", "affinity", "popular"], exclude: ["out_of_stock"], where: { price: { most: 80 } },
  boost: [{ where: { brand: "b7" }, by: 1.5 }], diversity: 0.4, affinity: 0.3, least: 2,
};

/** What the command printed, and what it was asked. @type {{model: Buffer, plan: Buffer, cards: string, sessions: string[], next: string, discovery: string, slot: string}} */
let given;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "parlour-models-"));
  const at = (/** @type {string} */ name) => join(folder, name);
  await generate(at("clicks.csv"), 60_000);
  await command(["train", at("clicks.csv"), "-o", at("model.bin"), "--no-search"]);
  /** @type {Map<string, string[]>} */
  const sessions = new Map();
  for (const line of (await readFile(at("clicks.csv"), "utf8")).trimEnd().split("\n").slice(1)) {
    const [session, item] = line.split(",");
    sessions.set(session, [...(sessions.get(session) ?? []), item]);
  }
  const lines = [...sessions.values()].slice(-SESSIONS).map((items, n) => (n % 50 ? items : ["unknown", ...items]).join(" "));
  const numbers = (await command(["rows", at("model.bin")])).trimEnd().split("\n").map((line) => line.split("\t"));
  const items = Object.fromEntries(numbers.filter(([item]) => item).map(([item, number]) => [number, { item, category: `c${Number(number) % 40}`, brand: `b${Number(number) % 30}`, tags: [`t${Number(number) % 7}`], price: `${5 + (Number(number) % 97)}.50`, stock: Number(number) % 13 }]));
  await writeFile(at("cards.json"), JSON.stringify({ items }));
  await writeFile(at("parlour.json"), JSON.stringify({ site: ["127.0.0.1"], slots: { s: SLOT } }));
  await command(["build", at("parlour.json"), "-o", at("plan.bin")]);
  const asked = lines.join("\n");
  const slotted = lines.slice(0, SLOTTED).join("\n");
  given = {
    model: await readFile(at("model.bin")),
    plan: await readFile(at("plan.bin")),
    cards: await readFile(at("cards.json"), "utf8"),
    sessions: lines,
    next: await command(["recommend", at("model.bin")], asked),
    discovery: await command(["recommend", at("model.bin"), "--discovery"], asked),
    slot: await command(["recommend", at("model.bin"), "--count", "8", "--slot", "s", "--plan", at("parlour.json"), "--cards", at("cards.json")], slotted),
  };
  await rm(folder, { recursive: true });
});

/** As `parlour recommend` prints it. @param {Awaited<ReturnType<typeof openModel>>} model @param {string[]} sessions @param {boolean} discovery */
const answers = (model, sessions, discovery) => `${sessions.map((line) => model.recommend(line.split(" "), { discovery }).map(({ item }) => item).join("\t")).join("\n")}\n`;

/** A list that differs is told, not the whole text. @param {string} ours @param {string} theirs */
function same(ours, theirs) {
  const [a, b] = [ours.split("\n"), theirs.split("\n")];
  assert.equal(a.length, b.length);
  for (const [n, line] of a.entries()) assert.equal(line, b[n], `session ${n}`);
}

test("Node answers as the command does", async () => {
  const model = await openModel({ model: given.model, wasm: await readFile(join(DIST, "parlour-models.wasm")) });
  same(answers(model, given.sessions, false), given.next);
  same(answers(model, given.sessions, true), given.discovery);
  assert.ok(new Set(given.next.split("\n")).size > SESSIONS / 2, "they are not all one list");
  assert.notEqual(given.next, given.discovery);
  // The twin: one list in a thousand that differs is noticed.
  assert.throws(() => same(answers(model, given.sessions, false), given.next.replace("\t", "x\t")));
});

test("what is no model is refused in words", async () => {
  const wasm = await readFile(join(DIST, "parlour-models.wasm"));
  const open = (/** @type {Uint8Array} */ model) => openModel({ model, wasm });
  await assert.rejects(open(new TextEncoder().encode("<!doctype html>")), /is no model: `parlour train` makes one/);
  await assert.rejects(open(given.model.subarray(0, -7)), /was cut or changed/);
  const newer = Buffer.from(given.model);
  newer[4] = 9;
  await assert.rejects(open(newer), /of a newer Parlour/);
  const model = await open(given.model);
  assert.deepEqual([model.row("nobody sells this"), model.recommend(["nor this"]).every(({ because }) => because === null)], ["", true]);
});

for (const engine of ENGINES) {
  const missing = !isInstalled(engine) && !process.env.CI;
  if (missing) console.error(`SKIPPED in ${engine}, which is not installed: one model in every engine`);
  describe(`one model, one thousand sessions [${engine}]`, { skip: missing, timeout: 300_000 }, () => {
    /** @type {import("./drivers/index.mjs").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let server;
    /** @type {import("./drivers/index.mjs").Page} */
    let page;
    before(async () => {
      [browser, server] = [await launch(engine), await startServer({ folders: [DIST, fileURLToPath(new URL("../../www", import.meta.url))] })];
      server.route("/", { body: "<!doctype html><title>models</title>" });
      server.route("/model.bin", { body: given.model });
      server.route("/plan.bin", { body: given.plan });
      server.route("/cards.json", { body: given.cards });
      page = await browser.newPage();
      await page.goto(`${server.url}/`);
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    test("is answered as the command answers it", async () => {
      const [next, discovery] = await page.evaluate(async (/** @type {string[]} */ sessions) => {
        const bytes = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
        const { openModel } = await import(`${"/models.js"}`);
        const model = await openModel({ model: await bytes("/model.bin"), wasm: await bytes("/parlour-models.wasm") });
        return [false, true].map((discovery) => `${sessions.map((line) => model.recommend(line.split(" "), { discovery }).map((/** @type {any} */ { item }) => item).join("\t")).join("\n")}\n`);
      }, given.sessions);
      same(next, given.next);
      same(discovery, given.discovery);
    });

    test("and so is a slot with all it may ask for", async () => {
      const lists = await page.evaluate(async (/** @type {string[]} */ sessions) => {
        const bytes = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
        const [{ openModel }, { createEngine }, { startLists }] = await Promise.all(["/models.js", "/engine.js", "/lists.js"].map((path) => import(path)));
        const model = await openModel({ model: await bytes("/model.bin"), wasm: await bytes("/parlour-models.wasm") });
        const [runtime, core] = await Promise.all(["/parlour.wasm", "/parlour-lists.wasm"].map(async (path) => WebAssembly.compile(await bytes(path))));
        const [plan, cards] = [await bytes("/plan.bin"), await (await fetch("/cards.json")).json()];
        const fail = (/** @type {any} */ { detail }) => { throw Error(detail); };
        // Of the model, as `parlour rows --out` writes them beside the list for everyone.
        document.body.dataset.parlourAgain = model.again().join(",");
        const unpack = (/** @type {string} */ text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
        const out = [];
        for (const line of sessions) {
          const engine = createEngine({ module: runtime, plan, report: fail });
          engine.consent("personalise", 0);
          engine.row(unpack(model.row()));
          const lists = await startLists({ engine, load: async () => core, fetchCards: async () => cards, fetchJson: async () => ({}), variant: () => null, report: fail });
          for (const item of line.split(" ")) if (model.row(item)) engine.row(unpack(model.row(item)));
          const made = await lists.list(engine.page.slots[0], "00000000-0000-7000-8000-000000000000", 8);
          out.push(made.map((/** @type {any} */ { item, reason }) => `${item}=${reason}`).join("\t"));
        }
        return out;
      }, given.sessions.slice(0, SLOTTED));
      // The page names what a mixed strategy is made of.
      const named = (/** @type {string} */ text) => text.replaceAll(/=(next|again|covisit)/g, "");
      same(named(lists.join("\n")), named(given.slot.trimEnd()));
    });
  });
}
