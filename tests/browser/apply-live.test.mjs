// @ts-check
/** Changes on pages that load late, re-render, fight and throw; and what is reported of it. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

/** Runs `body` in the page with an applier that notes its problems. @param {import("./claims.mjs").Site} site @param {string} html @param {(tools: any) => any} body @param {any} [knobs] */
async function live({ open }, html, body, knobs) {
  const page = await open(html, knobs);
  return page.evaluate(`(async () => {
    const problems = [], found = [], q = (selector) => document.querySelector(selector);
    const make = (options) => lib.createApplier({ report: (problem) => problems.push(problem), ...options });
    return (${body})({ make, problems, found, q, lib, record, differences, frames: frames_, pause });
  })()`);
}

claims("changes live on pages that move", {
  "an element that comes late is changed before it is painted": async (site) => {
    const result = await live(site, "<main></main>", async ({ make, q, frames }) => {
      make().apply("k", [{ select: "#late", text: "new" }]);
      await frames();
      const seen = [];
      const note = () => seen.push(q("#late")?.textContent);
      // This callback runs in the frame that will paint the element.
      requestAnimationFrame(note);
      q("main").innerHTML = "<p id=late>old</p>";
      await frames(3);
      return seen;
    });
    assert.deepEqual(result, ["new"]);
  },
  "an element that begins to match by an attribute is changed": async (site) => {
    const result = await live(site, "<p id=a>old</p>", async ({ make, q, frames }) => {
      make().apply("k", [{ select: "[data-ready]", text: "new" }]);
      await frames();
      q("#a").setAttribute("data-ready", "");
      await frames(3);
      return q("#a").textContent;
    });
    assert.equal(result, "new");
  },
  "every kind of change survives re-rendering by new markup, new nodes and old nodes": async (site) => {
    const result = await live(site, "<main></main>", async ({ make, problems, q, frames, record, differences }) => {
      const html = '<p id=a class=x>a</p><img id=b src=/old.svg><p id=c hidden>c</p><p id=d>d</p><p id=e>e</p><ul id=u></ul>';
      const render = () => (q("main").innerHTML = html);
      const renders = [
        render,
        () => q("main").replaceChildren(document.createRange().createContextualFragment(html)),
        () => { q("#a").textContent = "a"; q("#a").className = "x"; q("#a").removeAttribute("title"); q("#a").style.cssText = ""; },
        () => { q("#a").firstChild.data = "a"; q("#b").src = "/old.svg"; q("#c").hidden = true; q("#d").style.display = ""; },
        () => q("main i")?.remove(),
        () => q("#d").before(q("#e")),
        () => { const main = q("main"); main.remove(); document.body.append(main); },
      ];
      render();
      for (const again of renders) again();
      // The page emptied a style attribute of ours: whether an empty one is left means nothing.
      const plain = () => record().text.replaceAll(' style=""', "");
      const alone = plain();
      render();
      const applier = make();
      applier.apply("k", [
        { select: "#a", text: "new", attr: { title: "t" }, class: { add: "y", remove: "x" }, css: { color: "red" } },
        { select: "#b", image: { src: "/new.svg" } },
        { select: "#c", show: true },
        { select: "#d", hide: true },
        { select: "#e", move: { to: "#u", place: "first" } },
        { select: "#a", insert: { place: "after", element: { tag: "i", text: "i" } } },
      ]);
      // Without the mark of the place that #e came from.
      const shown = () => record().text.replaceAll('8:"";', "");
      const first = shown();
      const outcomes = [];
      for (const again of renders) {
        again();
        await frames(3);
        outcomes.push(shown() === first || shown());
      }
      applier.stop();
      return { problems, outcomes, left: plain() === alone || plain(), changed: first !== alone };
    });
    assert.deepEqual(result, { problems: [], outcomes: [true, true, true, true, true, true, true], left: true, changed: true });
  },
  "text a framework keeps in several nodes comes back node by node": async (site) => {
    const result = await live(site, "<p id=a>one<!---->two</p>", async ({ make, q, frames }) => {
      const applier = make();
      applier.apply("k", [{ select: "#a", text: "new" }]);
      const [one, , two] = q("#a").childNodes;
      const seen = [q("#a").textContent];
      two.data = "three";
      await frames(3);
      seen.push(q("#a").textContent);
      one.before("zero");
      await frames(3);
      seen.push(q("#a").textContent);
      applier.stop();
      return [...seen, [...q("#a").childNodes].map((node) => node.nodeValue).join("|"), q("#a").childNodes[1] === one && q("#a").childNodes[3] === two];
    });
    assert.deepEqual(result, ["new", "new", "new", "zero|one||three", true]);
  },
  "all: elements that join a list are changed, those that leave are forgotten": async (site) => {
    const result = await live(site, "<ul><li>1</li></ul>", async ({ make, q, frames }) => {
      const applier = make();
      applier.apply("k", [{ select: "li", all: true, class: { add: "m" } }]);
      const first = q("li");
      first.remove();
      q("ul").innerHTML = "<li>2</li><li>3</li>";
      await frames(3);
      const marked = document.querySelectorAll("li.m").length;
      applier.stop();
      return [marked, first.outerHTML, document.querySelectorAll("[class]").length];
    });
    assert.deepEqual(result, [2, "<li>1</li>", 0]);
  },
  "a closed banner stays closed: what the page removes is not resurrected": async (site) => {
    const result = await live(site, "<p id=a>a</p><ul id=u></ul>", async ({ make, q, frames }) => {
      const applier = make();
      applier.apply("k", [{ select: "#a", move: { to: "#u" } }]);
      q("#a").remove();
      await frames(3);
      applier.stop();
      return document.body.innerHTML.includes("id=\"a\"");
    });
    assert.equal(result, false);
  },
  "a page that takes a change back more than 20 times a second keeps it, reported once, and is not slowed down": async (site) => {
    const result = await live(site, "<p id=a>old</p><p id=b>b</p>", async ({ make, problems, q, pause }) => {
      let reverts = 0;
      // The worst opponent: it answers in the same microtask checkpoint, for ever.
      new MutationObserver(() => {
        if (q("#a").textContent !== "old" && reverts < 5000) { reverts++; q("#a").textContent = "old"; }
      }).observe(q("#a"), { childList: true, characterData: true, subtree: true });
      const applier = make();
      applier.apply("k", [{ select: "#a", text: "new" }, { select: "#b", text: "other" }]);
      await pause(100);
      const after = [q("#a").textContent, q("#b").textContent, reverts, problems.length, problems[0]?.code, problems[0]?.key, problems[0]?.detail];
      await pause(1200);
      return [...after, reverts];
    });
    assert.deepEqual(result, ["old", "other", 21, 1, "frozen", "k", "#a", 21]);
  },
  "a page that removes what we insert in every frame wins": async (site) => {
    const result = await live(site, "<p id=a>a</p>", async ({ make, problems, q, pause }) => {
      let removed = 0;
      const remove = () => { if (q("i")) { q("i").remove(); removed++; } requestAnimationFrame(remove); };
      remove();
      make().apply("k", [{ select: "#a", insert: { place: "after", element: { tag: "i", text: "i" } } }]);
      for (let i = 0; i < 40 && !problems.length; i++) await pause(100);
      const at = removed;
      await pause(300);
      return { codes: problems.map((problem) => problem.code), more: removed - at <= 1, q: q("i") };
    });
    assert.deepEqual(result, { codes: ["frozen"], more: true, q: null });
  },
  "a page that takes a change back now and then is answered each time": async (site) => {
    const result = await live(site, "<p id=a>old</p>", async ({ make, problems, q, pause }) => {
      make().apply("k", [{ select: "#a", text: "new" }]);
      const seen = [];
      for (let i = 0; i < 30; i++) {
        q("#a").textContent = "old";
        await pause(70);
        seen.push(q("#a").textContent);
      }
      return [new Set(seen).size, seen[0], problems];
    });
    assert.deepEqual(result, [1, "new", []]);
  },
  "a list re-rendered at once is one revert, not one for each row": async (site) => {
    const result = await live(site, "<ul></ul>", async ({ make, problems, q, frames }) => {
      q("ul").innerHTML = "<li>x</li>".repeat(200);
      make().apply("k", [{ select: "li", all: true, class: { add: "m" } }]);
      for (const li of document.querySelectorAll("li")) li.className = "page";
      await frames(3);
      return [document.querySelectorAll("li.m.page").length, problems];
    });
    assert.deepEqual(result, [200, []]);
  },
  "every arm is found by the same targets, once, control with no changes included": async (site) => {
    const result = await live(site, "<main></main>", async ({ make, found, q, frames }) => {
      const applier = make();
      const targets = ["#x", "#late", "(bad"];
      applier.apply("control", [], targets, () => found.push("control"));
      applier.apply("banner", [{ select: "#late", text: "new" }], targets, () => found.push("banner:" + q("#late").textContent));
      applier.apply("other", [], ["#never"], () => found.push("other"));
      await frames();
      const early = found.length;
      q("main").innerHTML = "<p id=late>old</p><p id=x></p>";
      await frames(3);
      q("main").innerHTML = "<p id=late>old</p><p id=x></p>";
      await frames(3);
      return { early, found };
    });
    assert.deepEqual(result, { early: 0, found: ["control", "banner:new"] });
  },
  "a target that only a variant's own insert makes exposes nobody before the shared one is there": async (site) => {
    const result = await live(site, "<p id=a>a</p>", async ({ make, found, frames }) => {
      make().apply("k", [{ select: "#a", insert: { element: { tag: "i", attr: { id: "own" } } } }], ["#own"], () => found.push("k"));
      const atOnce = found.length;
      await frames(3);
      return atOnce;
    });
    assert.equal(result, 0);
  },
  "what does not appear in time is reported once, and neither applied nor counted later": async (site) => {
    const result = await live(site, "<main></main>", async ({ make, problems, found, q, pause, frames }) => {
      const applier = make({ wait: 150 });
      const changes = [{ select: ["#late", ".later"], text: "new" }];
      applier.apply("k", changes, ["#late"], () => found.push("k"));
      await pause(300);
      q("main").innerHTML = "<p id=late>old</p>";
      await frames(3);
      const late = q("#late").textContent;
      applier.apply("k", changes, ["#late"], () => found.push("next page view"));
      return { problems, late, next: q("#late").textContent, found };
    });
    assert.deepEqual(result, { problems: [{ key: "k", code: "missing", detail: "#late,.later" }], late: "old", next: "new", found: ["next page view"] });
  },
  "selectors that are none are reported once, and the others still used": async (site) => {
    const result = await live(site, "<p id=a>a</p>", async ({ make, problems, q, frames, record, differences, pause }) => {
      const before = record();
      const applier = make({ wait: 100 });
      applier.apply("k", [{ select: "p[" }, { select: "" }, { select: ":-x-none(" }, { select: "#a", move: { to: "::" } }].map((change) => ({ text: "n", ...change })));
      for (let i = 0; i < 3; i++) { q("#a").title = `${i}`; await frames(2); }
      q("#a").removeAttribute("title");
      await pause(150);
      const untouched = differences(before);
      applier.apply("l", [{ select: ["p[", "#a"], text: "new" }]);
      return { problems: problems.map(({ key, code, detail }) => [key, code, detail].join(" ")).sort(), untouched, text: q("#a").textContent };
    });
    assert.deepEqual(result, { problems: ["k missing #a", "k selector ", "k selector :-x-none(", "k selector ::", "k selector p[", "l selector p["], untouched: [], text: "new" });
  },
  "a page whose own functions throw is left as it was, and reported": async (site) => {
    const result = await live(site, "<p id=a class=x>a</p><p id=b>b</p>", async ({ make, problems, q, record, differences }) => {
      const before = record();
      q("#a").setAttribute = () => { throw new Error("page says no"); };
      const applier = make();
      applier.apply("k", [{ select: "#a", class: { add: "y" }, css: { color: "red" }, attr: { title: "t" } }, { select: "#b", text: "fine" }]);
      const after = [q("#a").className, q("#b").textContent];
      applier.stop();
      return { problems, after, left: differences(before) };
    });
    assert.deepEqual(result, { problems: [{ key: "k", code: "failed", detail: "page says no" }], after: ["x", "fine"], left: [] });
  },
  "ten thousand matches are bounded to a thousand, and said so": async (site) => {
    const result = await live(site, "<main></main>", async ({ make, problems, q, record, differences }) => {
      q("main").innerHTML = "<b>x</b>".repeat(10000);
      const before = record();
      const applier = make();
      applier.apply("k", [{ select: "b", all: true, class: { add: "m" } }]);
      const count = document.querySelectorAll("b.m").length;
      applier.stop();
      return { count, problems, left: differences(before).length };
    });
    assert.deepEqual(result, { count: 1000, problems: [{ key: "k", code: "many", detail: "b" }], left: 0 });
  },
  "after stop nothing is watched: later mutations, late elements and apply do nothing": async (site) => {
    const result = await live(site, "<p id=a>a</p>", async ({ make, problems, found, q, frames, pause }) => {
      const control = new AbortController();
      const applier = make({ wait: 100, signal: control.signal });
      applier.apply("k", [{ select: "#a", text: "new" }, { select: "#late", text: "new" }], ["#late"], () => found.push(1));
      control.abort();
      q("#a").after(document.createElement("hr"));
      document.body.insertAdjacentHTML("beforeend", "<p id=late>old</p>");
      applier.apply("l", [{ select: "#late", text: "new" }]);
      applier.undo("k");
      await frames(3);
      await pause(150);
      return [q("#a").textContent, q("#late").textContent, problems, found];
    });
    assert.deepEqual(result, ["a", "old", [], []]);
  },
  "a closed shadow root is out of reach: reported as missing, page untouched": async (site) => {
    const result = await live(site, "<div id=h></div>", async ({ make, problems, q, pause }) => {
      const shadow = q("#h").attachShadow({ mode: "closed" });
      shadow.innerHTML = "<p class=in>old</p>";
      make({ wait: 50 }).apply("k", [{ select: ".in", text: "new" }]);
      await pause(150);
      return [shadow.textContent, problems.map((problem) => problem.code)];
    });
    assert.deepEqual(result, ["old", ["missing"]]);
  },
});

const STRICT = "default-src 'none'; script-src 'nonce-n' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'";
for (const [name, csp] of [["a strict policy", STRICT], ["a strict policy with Trusted Types", `${STRICT}; require-trusted-types-for 'script'; trusted-types 'none'`]])
  claims(`changes under ${name}`, {
    "every kind works, comes undone to the node, and no violation is raised": async (site) => {
      const body = `<p id=a class=" x ">a <b>b</b></p><img id=b src="/old.svg"><p id=c hidden>c</p><p id=d>d</p><p id=e>e</p><ul id=u></ul>`;
      const result = await live(site, body, async ({ make, problems, q, frames, record, differences }) => {
        const violations = [];
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) => violations.push(violatedDirective + " " + sample));
        // A style the page itself set through CSSOM, as it must under this policy.
        q("#a").style.color = "red";
        const before = record();
        const applier = make();
        applier.apply("k", [
          { select: "#a", text: "new", attr: { title: "t" }, class: { add: "y", remove: "x" }, css: { color: "blue", "margin": "3px" } },
          { select: "#b", image: { src: "/new.svg", alt: "new" } },
          { select: "#c", show: true },
          { select: "#d", hide: true },
          { select: "#e", move: { to: "#u", place: "first" } },
          { select: "#a", insert: { place: "after", element: { tag: "a", attr: { href: "/go" }, text: "go" } } },
        ]);
        await frames();
        const shown = [q("#a").textContent, getComputedStyle(q("#a")).color, getComputedStyle(q("#c")).display, getComputedStyle(q("#d")).display, q("#u").firstChild.id, q("#a + a").textContent];
        applier.stop();
        await frames();
        return { shown, problems, left: differences(before), violations };
      }, { csp });
      assert.deepEqual(result, { shown: ["new", "rgb(0, 0, 255)", "block", "none", "e", "go"], problems: [], left: [], violations: [] });
    },
  });
