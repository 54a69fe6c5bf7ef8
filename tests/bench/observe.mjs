// @ts-check
/**
 * `npm run bench:observe`: what it costs a page in Chromium that 50 changes are held on it while a list of 5,000 nodes
 * is made anew, beside GrowthBook's DOM mutator with the same 50 changes and the page alone, in one run; and the longest
 * task of a page with 50 changes at 4x CPU throttling. Times are those of the fastest turn.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { isInstalled, launch } from "../browser/drivers/index.mjs";
import { startServer } from "../browser/server.mjs";

const path = (/** @type {string} */ from) => fileURLToPath(new URL(from, import.meta.url));
const TURNS = 12;

const SOURCE = `
  import { createApplier } from ${JSON.stringify(path("../../www/apply.js"))};
  import mutator from "dom-mutator";
  window.contestants = {
    "the page alone": () => () => {},
    Parlour: (changes) => { const applier = createApplier({ report() {} }); applier.apply("bench", changes); return applier.stop; },
    "dom-mutator": (changes) => {
      const list = changes.flatMap(({ select, text, class: names, attr }) => [
        text && mutator.html(select, () => text), names && mutator.classes(select, (set) => set.add(names.add)), attr && mutator.attribute(select, "title", () => attr.title),
      ].filter(Boolean));
      return () => list.forEach((each) => each.revert());
    },
  };
`;

/** In the page: one contestant through all turns, from the first row made to the frame after the last. */
const CHURN = `async (name, turns) => {
  const ul = document.querySelector("#list"), frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const stop = contestants[name](changes);
  await frame();
  let best = Infinity;
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now();
    // In twenty tasks, as a page does that renders in parts.
    for (let part = 0; part < 20; part++) {
      ul.children[part]?.remove();
      for (let i = 0; i < 250; i++) { const li = document.createElement("li"); li.className = "row row-" + ((part * 250 + i) % 100); li.textContent = "row"; ul.append(li); }
      await new Promise((done) => { const channel = new MessageChannel(); channel.port1.onmessage = done; channel.port2.postMessage(0); });
    }
    await frame();
    best = Math.min(best, performance.now() - start);
    ul.replaceChildren();
    await frame();
  }
  stop();
  await frame();
  return best;
}`;

if (!isInstalled("chromium")) {
  console.error("SKIPPED: Chromium is not installed");
  process.exit(0);
}
const bundled = await build({ stdin: { contents: SOURCE, resolveDir: path(".") }, bundle: true, minify: true, write: false, format: "iife", logLevel: "error" });
const server = await startServer({ folders: [path("../../www")] });
const page50 = Array.from({ length: 50 }, (_, i) => `<p class="c${i}">old ${i}</p>`).join("");
server.route("/", { body: `<!doctype html><title>bench</title>${page50}<ul id=list></ul><script src=/bench.js></script>` });
server.route("/bench.js", { body: bundled.outputFiles[0].text, type: "text/javascript" });
const changes = Array.from({ length: 50 }, (_, i) => ({ select: `.c${i}`, ...[{ text: "new" }, { class: { add: "mine" } }, { attr: { title: "new" } }][i % 3] }));
const browser = await launch("chromium");
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}/`);
  await page.evaluate(`void (window.changes = ${JSON.stringify(changes)})`);
  /** @type {Record<string, number>} */
  const times = {};
  // Twice round, so that nobody alone has the cold start.
  for (const name of ["the page alone", "Parlour", "dom-mutator", "dom-mutator", "Parlour", "the page alone"])
    times[name] = Math.min(times[name] ?? Infinity, await page.evaluate(`(${CHURN})(${JSON.stringify(name)}, ${TURNS})`));
  const alone = times["the page alone"];
  console.log("5,000 list rows made in 20 tasks, 50 changes in force, Chromium, fastest of 24 turns");
  for (const [name, time] of Object.entries(times)) console.log(`${name.padEnd(16)}${time.toFixed(1).padStart(8)} ms  ${(time / alone).toFixed(2)} of the page alone`);
  console.log(`what observing adds: Parlour ${(times.Parlour - alone).toFixed(1)} ms, dom-mutator ${(times["dom-mutator"] - alone).toFixed(1)} ms`);

  await page.raw.emulateCPUThrottling(4);
  await page.goto(`${server.url}/`);
  const long = await page.evaluate(`(async (changes) => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    await new Promise((done) => setTimeout(done, 300));
    tasks.length = 0;
    const start = performance.now();
    const stop = contestants.Parlour(changes);
    const applied = performance.now() - start;
    await new Promise((done) => setTimeout(done, 500));
    stop();
    await new Promise((done) => setTimeout(done, 500));
    return { applied, tasks };
  })(${JSON.stringify(changes)})`);
  console.log(`50 changes at 4x CPU throttling: applied in ${long.applied.toFixed(1)} ms, ${long.tasks.length} tasks over 50 ms${long.tasks.length ? `, the longest ${Math.max(...long.tasks).toFixed(0)} ms` : ""}`);
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
