// @ts-check
/** Changes that want the same thing, and pages and selectors that no change is made for. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

/** Runs `body` in the page. @param {import("./claims.mjs").Site} site @param {string} html @param {(tools: any) => any} body @param {any} [given] */
async function inPage({ open }, html, body, given) {
  const page = await open(html);
  return page.evaluate(`(async () => {
    const problems = [], q = (selector) => document.querySelector(selector), said = () => problems.map(({ key, code, detail }) => [key, code, detail].join(" | "));
    const make = (options) => lib.createApplier({ report: (problem) => problems.push(problem), ...options });
    return (${body})({ make, problems, said, q, lib, record, differences, frames: frames_, pause, given: ${JSON.stringify(given)} });
  })()`);
}

/** name, page, a change of lower and one of higher rank, what both leave to see. @type {[string, string, object, object, string][]} */
const CONFLICTS = [
  ["text", "<p id=x>x</p>", { text: "low" }, { text: "high" }, `q("#x").textContent === "high"`],
  ["text of an element with children", "<p id=x>x <b>y</b></p>", { text: "low" }, { text: "high" }, `q("#x").innerHTML === "high"`],
  ["an attribute", "<p id=x title=t>x</p>", { attr: { title: "low", lang: "de" } }, { attr: { title: "high" } }, `q("#x").title === "high" && q("#x").lang === "de"`],
  ["a class", "<p id=x class=' a  b '>x</p>", { class: { add: "c" } }, { class: { remove: "c" } }, `!q("#x").matches(".c")`],
  ["a style", "<p id=x style='COLOR : red'>x</p>", { css: { color: "green" } }, { css: { color: "blue" } }, `q("#x").style.color === "blue"`],
  ["shown and hidden", "<p id=x hidden>x</p>", { show: true }, { hide: true }, `getComputedStyle(q("#x")).display === "none"`],
  ["hidden and shown", "<p id=x>x</p>", { hide: true }, { show: true }, `getComputedStyle(q("#x")).display === "block"`],
  ["a picture", "<img id=x src=/a.svg>", { image: { src: "/low.svg" } }, { attr: { src: "/high.svg" } }, `q("#x").getAttribute("src") === "/high.svg"`],
  ["a place", "<p id=x>x</p><ul id=u></ul><ol id=o></ol>", { move: { to: "#u" } }, { move: { to: "#o" } }, `q("#o #x")`],
  ["text and what is inserted in it", "<p id=x>x <b>y</b></p>", { text: "low" }, { insert: { element: { tag: "i", text: "high" } } }, `q("#x").textContent === "lowhigh"`],
];

claims("changes that want the same", {
  ...Object.fromEntries(CONFLICTS.map(([name, html, low, high, condition]) => [`${name}: the higher rank wins in any order, said once, and each undo gives back what is left`, async (/** @type {import("./claims.mjs").Site} */ site) => {
    const result = await inPage(site, html, async ({ make, said, problems, record, differences, frames, given, q }) => {
      const wins = () => !!new Function("q", "return " + given.condition)(q);
      const before = record(), outcomes = [], changes = { low: [{ select: "#x", ...given.low }], high: [{ select: "#x", ...given.high }] };
      for (const [first, second] of [["low", "high"], ["high", "low"]])
        for (const undone of ["low", "high", "both"]) {
          problems.length = 0;
          const applier = make();
          const put = (key) => applier.apply(key, changes[key], [], undefined, key === "high" ? 2 : 1);
          put(first);
          const alone = first === "low" ? record().text : undefined;
          put(second);
          await frames();
          const outcome = [wins(), said().filter((line) => !line.startsWith("low | conflict | high wins on #x")), said().length <= 1];
          if (undone !== "both") {
            applier.undo(undone);
            await frames();
            const fresh = make(), other = undone === "low" ? "high" : "low", now = record().text;
            applier.stop();
            fresh.apply("k", changes[other]);
            outcome.push(now.replaceAll('8:"";', "") === record().text.replaceAll('8:"";', "") || [now, record().text]);
            fresh.stop();
          } else applier.stop();
          outcomes.push(JSON.stringify([...outcome, differences(before)]));
        }
      return [...new Set(outcomes.map((each) => each.replace(",true,true,[]]", ",true,[]]")))];
    }, { low, high, condition });
    assert.deepEqual(result, ["[true,[],true,[]]"]);
  }])),
  "a conflict is told of the loser, with the winner's name and the selector, once however often it is met": async (site) => {
    const result = await inPage(site, "<p id=a>a</p><p id=b>b</p>", async ({ make, said, frames, q }) => {
      const applier = make();
      applier.apply("experiment hero", [{ select: "#a", text: "hero" }, { select: "p", all: true, css: { color: "red" } }], [], undefined, 0);
      applier.apply("experiment sale", [{ select: ["#a", "h1"], text: "sale" }, { select: "p", all: true, css: { color: "blue" } }], [], undefined, 1);
      for (let i = 0; i < 3; i++) { q("#a").textContent = "page"; q("#b").insertAdjacentHTML("afterend", "<p>more</p>"); await frames(3); }
      return { said: said(), text: q("#a").textContent, colours: [...document.querySelectorAll("p")].map(({ style }) => style.color) };
    });
    assert.deepEqual(result, { said: ["experiment hero | conflict | experiment sale wins on #a", "experiment hero | conflict | experiment sale wins on p"], text: "sale", colours: ["blue", "blue", "blue", "blue", "blue"] });
  },
  "two that want different things of one element are no conflict, and neither are changes of one experiment": async (site) => {
    const result = await inPage(site, "<p id=a class=x>a</p>", async ({ make, said, q }) => {
      const applier = make();
      applier.apply("one", [{ select: "#a", text: "1", css: { color: "red" } }, { select: "#a", text: "2" }], [], undefined, 1);
      applier.apply("two", [{ select: "#a", css: { margin: "1px" }, class: { add: "y" }, attr: { title: "t" }, insert: { place: "after", element: { tag: "i" } } }], [], undefined, 2);
      return { said: said(), text: q("#a").textContent };
    });
    assert.deepEqual(result, { said: [], text: "2" });
  },
});

/** Changes that would take the whole page away. */
const WHOLE = [{ text: "x" }, { hide: true }, { move: { to: "main" } }];

claims("selectors and pages at their worst", {
  "nobody means the whole page: its text, hiding or moving it is refused, once": async (site) => {
    const result = await inPage(site, "<main>x</main>", async ({ make, said, record, differences, frames, given }) => {
      const before = record();
      const applier = make();
      for (const select of ["html", "head", "body", "*", ":root", "body, p"]) given.forEach((change, i) => applier.apply(`${select} ${i}`, [{ select, all: true, ...change }]));
      await frames(3);
      return { codes: said().map((line) => line.split(" | ")[1]), left: differences(before) };
    }, WHOLE);
    assert.deepEqual(result, { codes: Array(18).fill("refused"), left: [] });
  },
  "what is in shadow roots, open ones too, is out of reach and said to be missing": async (site) => {
    const result = await inPage(site, "<div id=open></div><div id=closed></div>", async ({ make, said, q, pause }) => {
      for (const mode of ["open", "closed"]) {
        const shadow = q("#" + mode).attachShadow({ mode });
        shadow.innerHTML = "<p class=in>old</p>";
        q("#" + mode).kept = shadow;
      }
      const applier = make({ wait: 30 });
      applier.apply("experiment one", [{ select: ".in", text: "new" }]);
      applier.apply("experiment two", [{ select: "#open .in", text: "new" }]);
      for (let i = 0; i < 50 && said().length < 2; i++) await pause(20);
      return { said: said(), text: q("#open").kept.textContent + q("#closed").kept.textContent };
    });
    assert.deepEqual(result, { said: ["experiment one | missing | .in", "experiment two | missing | #open .in"], text: "oldold" });
  },
  "an element that the page detaches and keeps is given back as it was, and changed again when it returns": async (site) => {
    const result = await inPage(site, "<div id=d><p id=a class=x>a</p></div>", async ({ make, said, q, frames }) => {
      const applier = make(), a = q("#a"), was = a.outerHTML;
      applier.apply("k", [{ select: "#a", text: "n", class: { add: "y" }, css: { color: "red" } }]);
      a.remove();
      await frames(3);
      const away = a.outerHTML;
      q("#d").append(a);
      await frames(3);
      const back = a.textContent + a.className + a.style.color;
      applier.stop();
      return { away: away === was || away, back, after: a.outerHTML === was, said: said() };
    });
    assert.deepEqual(result, { away: true, back: "nx yred", after: true, said: [] });
  },
  "each change has its own wait, and a target counts as long as any arm waits for it": async (site) => {
    const result = await inPage(site, "<main></main>", async ({ make, said, q, frames, pause }) => {
      const applier = make({ wait: 100 }), found = [], until = async (count) => { for (let i = 0; i < 100 && said().length < count; i++) await pause(20); };
      applier.apply("k", [{ select: "#soon", text: "new", wait: 0 }, { select: "#mid", text: "new" }, { select: "#long", text: "new", wait: 60000 }], ["#long"], () => found.push("k"), 0, { "#long": 60000 });
      applier.apply("control", [], ["#soon", "#mid", "#long"], () => found.push("control"), 1, { "#soon": 0, "#long": 60000 });
      applier.apply("short", [], ["#soon", "#mid"], () => found.push("short"), 1, { "#soon": 0 });
      await until(2);
      const missing = said();
      q("main").innerHTML = "<p id=soon>old</p><p id=mid>old</p><p id=long>old</p>";
      await frames(3);
      return { missing, texts: q("main").textContent, found };
    });
    assert.deepEqual(result, { missing: ["k | missing | #soon", "k | missing | #mid"], texts: "oldoldnew", found: ["k", "control"] });
  },
  "a page that changes without pause is looked at once a frame at most, and each change's selector asked once a look": async (site) => {
    const result = await inPage(site, "<main></main>", async ({ make, q }) => {
      const main = q("main"), ask = main.querySelector;
      let asked = 0, frames = 0, mutations = 0;
      main.querySelector = (selector) => (asked++, ask.call(main, selector));
      make({ root: main }).apply("k", [{ select: "#never", text: "x" }]);
      const first = asked;
      // A change in every microtask and task of thirty frames.
      await new Promise((done) => {
        const change = () => { for (let i = 0; i < 20; i++) { main.append(document.createElement("b")); mutations++; } main.firstChild.remove(); };
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { if (frames < 30) { change(); queueMicrotask(change); channel.port2.postMessage(0); } };
        const frame = () => { if (++frames < 30) requestAnimationFrame(frame); else done(); };
        requestAnimationFrame(frame);
        channel.port2.postMessage(0);
      });
      return { first, bounded: asked - first <= frames + 1 || asked, busy: mutations > 10 * frames, looked: asked > first };
    });
    assert.deepEqual(result, { first: 1, bounded: true, busy: true, looked: true });
  },
  "ten thousand matches, and a hundred changes that all match them, leave the page usable": async (site) => {
    const result = await inPage(site, "<main></main>", async ({ make, said, q, frames, record, differences }) => {
      q("main").innerHTML = "<b>x</b>".repeat(10000);
      const before = record(), applier = make();
      for (let i = 0; i < 20; i++) applier.apply(`k${i}`, [{ select: "b", all: true, class: { add: `m${i}` } }]);
      const count = document.querySelectorAll("b.m0.m19").length;
      await frames();
      applier.stop();
      return { count, said: [...new Set(said().map((line) => line.replace(/\d+/, "")))], each: said().length, left: differences(before).length };
    });
    assert.deepEqual(result, { count: 1000, said: ["k | many | b"], each: 20, left: 0 });
  },
  "a page that removes all that is changed or inserted, each frame, is left alone and told of once a change": async (site) => {
    const result = await inPage(site, "<p id=a>a</p><ul id=u></ul>", async ({ make, said, q, frames, pause }) => {
      let removed = 0;
      const remove = () => { for (const each of document.querySelectorAll("i, #u *")) { each.remove(); removed++; } if (!q("#a")) { q("#u").insertAdjacentHTML("beforebegin", "<p id=a>a</p>"); } requestAnimationFrame(remove); };
      remove();
      make().apply("experiment one", [{ select: "#a", insert: { place: "after", element: { tag: "i" } } }, { select: "p", move: { to: "#u" } }]);
      for (let i = 0; i < 60 && said().length < 2; i++) await pause(100);
      const at = removed;
      await frames(20);
      return { said: said().sort(), more: removed - at <= 2 };
    });
    assert.deepEqual(result, { said: ["experiment one | frozen | #a", "experiment one | frozen | p"], more: true });
  },
});
