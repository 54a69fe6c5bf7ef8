// @ts-check
/** The drivers keep one promise in every engine; all other browser tests stand on this one. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inEveryEngine } from "./drivers/index.mjs";
import { startServer } from "./server.mjs";

const PAGE = `<!doctype html><title>one</title><button id="b">press</button><script>
  document.querySelector("#b").onclick = (event) => { document.title = "pressed " + event.isTrusted; };
  console.warn("a word of warning");
</script>`;

inEveryEngine("a page is driven: evaluate, click, wait, console, screenshot", async (browser) => {
  const server = await startServer();
  try {
    server.route("/", { body: PAGE });
    const page = await browser.newPage();
    await page.goto(`${server.url}/`);
    assert.equal(await page.evaluate("document.title"), "one");
    assert.deepEqual(await page.evaluate(async (/** @type {number} */ a, /** @type {object} */ b) => ({ sum: a + 1, b }), 1, { c: [2] }), { sum: 2, b: { c: [2] } });
    await assert.rejects(page.evaluate(() => Promise.reject(new Error("as asked"))), /as asked/);
    await page.click("#b");
    assert.equal(await page.waitFor(() => document.title.startsWith("pressed") && document.title), "pressed true");
    await assert.rejects(page.waitFor("false", 200), /not within 200 ms/);
    await page.waitFor("1");
    if (browser.hasConsole) assert.match(page.consoleMessages().join("\n"), /warn.*: a word of warning/);
    const folder = await mkdtemp(join(tmpdir(), "parlour-"));
    const file = join(folder, "shot.png");
    await page.screenshot(file);
    assert.equal((await readFile(file)).subarray(1, 4).toString(), "PNG");
    await rm(folder, { recursive: true });
  } finally {
    await server.close();
  }
});

inEveryEngine("pages share a visitor unless they are fresh", async (browser) => {
  const server = await startServer();
  try {
    server.route("/", { body: "<!doctype html>" });
    const [first, second, fresh] = [await browser.newPage(), await browser.newPage(), await browser.newPage({ fresh: true })];
    for (const page of [first, second, fresh]) await page.goto(`${server.url}/`);
    await first.evaluate(() => localStorage.setItem("who", "me"));
    assert.equal(await second.evaluate(() => localStorage.getItem("who")), "me");
    assert.equal(await fresh.evaluate(() => localStorage.getItem("who") ?? "nobody"), "nobody");
    await fresh.close();
    await second.close();
    assert.equal(await first.evaluate("1 + 1"), 2);
  } finally {
    await server.close();
  }
});
