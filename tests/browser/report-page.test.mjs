// @ts-check
// Reports as pages: the demonstration's, live behind the token and as a file, in three engines; nothing that axe knows is wrong
// with it in Chromium, light and dark, wide and narrow.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../scripts/run.mjs";
import { parlour, serveSite } from "./command.mjs";
import { inEveryEngine } from "./drivers/index.mjs";

/** @typedef {import("./drivers/index.mjs").Page} Page */

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const DEMO = join(ROOT, "www/demo");

/** The demonstration's simulated shoppers, sent as if they were none: reports leave out what is simulated. @param {string} folder */
async function shoppers(folder) {
  const demo = await serveSite(folder, ["--demo", DEMO]);
  const events = (await parlour(["export", "--db", demo.db])).split("\n").filter(Boolean).map((line) => {
    const { receivedAt: _, ...event } = JSON.parse(line);
    delete event.context.parlour.env;
    return event;
  });
  await demo.close();
  assert.ok(events.length > 10_000);
  const site = await serveSite(await mkdtemp(join(folder, "real-")), ["--config", join(DEMO, "parlour.json")]);
  for (let at = 0; at < events.length; at += 200) {
    const answer = await fetch(`${site.url}/v1/batch`, { method: "POST", body: JSON.stringify({ batch: events.slice(at, at + 200) }) });
    assert.equal(answer.status, 200);
  }
  return site;
}

/** What of the page cannot be seen, or asks for something. @param {Page} page */
const look = (page) =>
  page.evaluate(() => {
    const shown = [...document.querySelectorAll(".chart")].map((chart) => [...chart.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().height > 20));
    const ground = getComputedStyle(document.querySelector("article") ?? document.body).backgroundColor;
    const rect = shown.flat().flatMap((svg) => [...svg.querySelectorAll("rect")]).find((rect) => /series-1/.test(rect.getAttribute("fill") ?? ""));
    return {
      charts: shown.length,
      once: shown.every((svgs) => svgs.length === 1),
      tables: document.querySelectorAll("figure details table").length,
      asked: performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => !name.startsWith("data:") && !name.endsWith("/favicon.ico")),
      scripts: document.scripts.length,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      fill: rect && getComputedStyle(rect).fill,
      ground,
      text: document.body.innerText,
    };
  });

/** What axe finds, with `media` of the system's. @param {Page} page @param {string} scheme @param {number} width */
const faults = async (page, scheme, width) => {
  await page.raw.setViewport({ width, height: 900 });
  await page.raw.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.raw.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async () => (await /** @type {any} */ (window).axe.run()).violations.map((/** @type {any} */ one) => [one.id, one.nodes[0].html]));
};

inEveryEngine(
  "a report is a page that all can use, live and as a file",
  async (browser) => {
    const folder = await mkdtemp(join(tmpdir(), "parlour-report-"));
    const site = await shoppers(folder);
    try {
      const admin = await browser.newPage();
      await admin.goto(/admin +(\S+)/.exec(site.said)?.[1] ?? "");
      const link = await admin.evaluate(() => /** @type {HTMLAnchorElement} */ (document.querySelector('a[href$="/results"]')).href);
      const page = await browser.newPage();
      await page.goto(link);
      assert.equal(await page.evaluate("document.title"), "What came of it");
      const live = await look(page);

      const file = join(folder, "report.html");
      await parlour(["report", "--db", site.db, "--plan", join(DEMO, "parlour.json"), "--format", "html", "--out", file]);
      await page.goto(String(pathToFileURL(file)));
      const saved = await look(page);

      for (const found of [live, saved]) {
        assert.ok(found.charts > 8, `${found.charts} charts`);
        assert.ok(found.once, "each chart is shown once");
        assert.equal(found.tables, found.charts);
        assert.deepEqual(found.asked, []);
        assert.equal(found.scripts, 0);
        assert.equal(found.wide, 0, "nothing but a table is scrolled sideways");
        assert.match(found.fill ?? "", /^rgb\((138, 59, 92|229, 143, 176)\)$/, "the page's colours reach the chart");
        assert.match(found.text, /Free shipping banner/);
      }
      assert.equal(live.charts, saved.charts);
      if (browser.hasConsole) assert.deepEqual(page.consoleMessages(), []);
      if (browser.name !== "chromium") return;

      for (const scheme of ["light", "dark"])
        for (const width of [1200, 360]) {
          assert.deepEqual(await faults(page, scheme, width), [], `${scheme} ${width}`);
          const { wide, once, ground } = await look(page);
          assert.ok(wide === 0 && once, `${width}`);
          assert.equal(ground, scheme === "dark" ? "rgb(31, 33, 37)" : "rgb(255, 255, 255)");
          if (process.env.PARLOUR_SCREENSHOTS) await page.raw.screenshot({ path: /** @type {`${string}.png`} */ (join(process.env.PARLOUR_SCREENSHOTS, `report-${scheme}-${width}.png`)), fullPage: true });
        }

      const html = await readFile(file, "utf8");
      for (const [from, to, fault] of [
        ['role="img" aria-labelledby="figure-1"', 'role="img" aria-labelledby="nothing"', "role-img-alt"],
        ["--soft: #5d5e66", "--soft: #d5d5d5", "color-contrast"],
        ['<html lang="en">', "<html>", "html-has-lang"],
      ]) {
        assert.ok(html.includes(from), from);
        await writeFile(file, html.replace(from, to));
        await page.goto(String(pathToFileURL(file)));
        const ids = (await faults(page, "light", 1200)).map(([id]) => id);
        assert.ok(ids.includes(fault), `planted ${fault}, found ${ids}`);
      }
    } finally {
      await site.close();
      await rm(folder, { recursive: true });
    }
  },
  { timeoutMs: 240_000 },
);
