// @ts-check
/** What changes mean for people who use a keyboard or assistive technology, or want no motion. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

/** Runs `body` in the page. @param {import("./claims.mjs").Site} site @param {string} html @param {(tools: any) => any} body */
async function inPage({ open }, html, body) {
  const page = await open(html);
  return page.evaluate(`(async () => {
    const problems = [], q = (selector) => document.querySelector(selector);
    const make = (options) => lib.createApplier({ report: (problem) => problems.push(problem), ...options });
    return (${body})({ make, problems, q, lib, record, differences, frames: frames_, pause });
  })()`);
}

claims("changes for everyone", {
  "a field that is moved while someone types keeps focus, caret, selection and text, there and back": async (site) => {
    const result = await inPage(site, `<p id=from><input id=i value="one two three"></p><p id=to>x</p>`, async ({ make, q, frames }) => {
      const field = q("#i"), state = () => [document.activeElement === field, field.selectionStart, field.selectionEnd, field.selectionDirection, field.value, field.parentNode.id];
      field.focus();
      field.value = "one two four";
      field.setSelectionRange(4, 7, "backward");
      const applier = make(), states = [];
      applier.apply("k", [{ select: "#i", move: { to: "#to", place: "first" } }]);
      states.push(state());
      await frames();
      applier.stop();
      states.push(state());
      return states;
    });
    assert.deepEqual(result, [[true, 4, 7, "backward", "one two four", "to"], [true, 4, 7, "backward", "one two four", "from"]]);
  },
  "a block around the field may move, too, and what is scrolled in it stays so": async (site) => {
    const result = await inPage(site, `<div id=from><section id=s><div id=scroller style="height:50px;overflow:auto"><textarea id=t style="height:400px">abc</textarea></div></section></div><div id=to></div>`, async ({ make, q, frames }) => {
      const field = q("#t"), state = () => [document.activeElement === field, field.selectionStart, q("#scroller").scrollTop, scrollY, q("#s").parentNode.id];
      field.focus();
      field.setSelectionRange(2, 2);
      q("#scroller").scrollTop = 120;
      const applier = make(), states = [];
      applier.apply("k", [{ select: "#s", move: { to: "#to" } }]);
      states.push(state());
      await frames();
      states.push(state());
      applier.stop();
      states.push(state());
      return states;
    });
    assert.deepEqual(result, [[true, 2, 120, 0, "to"], [true, 2, 120, 0, "to"], [true, 2, 120, 0, "from"]]);
  },
  "text that someone edits in place keeps its caret when it is moved": async (site) => {
    const result = await inPage(site, `<div id=from><div id=e contenteditable=true tabindex=0>edited text</div></div><div id=to></div>`, async ({ make, q }) => {
      const field = q("#e"), selection = getSelection(), state = () => [document.activeElement === field, selection.anchorNode === field.firstChild, selection.anchorOffset, selection.focusOffset];
      field.focus();
      selection.setBaseAndExtent(field.firstChild, 2, field.firstChild, 6);
      const applier = make(), states = [];
      applier.apply("k", [{ select: "#e", move: { to: "#to" } }]);
      states.push(state());
      applier.stop();
      states.push(state());
      return states;
    });
    assert.deepEqual(result, [[true, true, 2, 6], [true, true, 2, 6]]);
  },
  "inserted content keeps focus when another change beside it comes and goes": async (site) => {
    const result = await inPage(site, `<p id=a>a</p>`, async ({ make, q, frames }) => {
      const applier = make();
      applier.apply("one", [{ select: "#a", class: { add: "one" } }], [], undefined, 1);
      applier.apply("three", [{ select: "#a", insert: { place: "after", element: { tag: "button", attr: { id: "b" }, text: "b" } } }], [], undefined, 3);
      const button = q("#b"), states = [];
      button.focus();
      applier.apply("two", [{ select: "#a", text: "two" }], [], undefined, 2);
      await frames();
      states.push(document.activeElement === button);
      applier.undo("one");
      states.push(document.activeElement === button);
      applier.undo("two");
      states.push(document.activeElement === button && button.isConnected);
      return states;
    });
    assert.deepEqual(result, [true, true, true]);
  },
  "what is inserted is reached by Tab where it stands in the page, and takes no focus by itself": async (site) => {
    const result = await inPage(site, `<a id=a href=#a>a</a><a id=z href=#z>z</a>`, async ({ make, problems, q, frames }) => {
      q("#a").focus();
      const applier = make();
      applier.apply("k", [{ select: "#a", insert: { place: "after", element: { tag: "a", attr: { id: "m", href: "/m" }, text: "m" } } }]);
      applier.apply("first", [{ select: "#z", attr: { tabindex: "3" } }]);
      applier.apply("inserted", [{ select: "#z", insert: { place: "after", element: { tag: "a", attr: { href: "/x", tabindex: 1 } } } }]);
      applier.apply("fine", [{ select: "#a", attr: { tabindex: "0" } }, { select: "#m", attr: { tabindex: "-1" } }]);
      await frames();
      return { active: document.activeElement.id, order: [...document.querySelectorAll("a")].map(({ id }) => id), jumps: document.querySelectorAll("[tabindex='1'],[tabindex='3']").length, refused: problems.map(({ key, code }) => `${key} ${code}`) };
    });
    assert.deepEqual(result, { active: "a", order: ["a", "m", "z"], jumps: 0, refused: ["first refused", "inserted refused"] });
  },
  "hidden is hidden for everyone: no box, no focus inside, not reached by Tab": async (site) => {
    const result = await inPage(site, `<style>#a, #a * { display: flex !important; visibility: visible !important }</style><div id=a><button id=b>b</button></div><button id=c>c</button>`, async ({ make, q, frames }) => {
      q("#b").focus();
      make().apply("k", [{ select: "#a", hide: true }]);
      await frames(3);
      const left = document.activeElement === q("#b");
      q("#b").focus();
      await frames(3);
      return { box: q("#a").getClientRects().length + q("#b").getClientRects().length, left, focusable: document.activeElement === q("#b") };
    });
    assert.deepEqual(result, { box: 0, left: false, focusable: false });
  },
  "shown is shown for everyone: what only keeps assistive technology or the keyboard out goes, too": async (site) => {
    const result = await inPage(site, `<div id=a hidden inert aria-hidden=true><button id=b>b</button></div>`, async ({ make, q, record, differences }) => {
      const before = record();
      const applier = make();
      applier.apply("k", [{ select: "#a", show: true }]);
      q("#b").focus();
      const shown = [q("#b").getClientRects().length, document.activeElement === q("#b"), q("#a").matches("[aria-hidden],[inert],[hidden]")];
      applier.stop();
      return { shown, left: differences(before) };
    });
    assert.deepEqual(result, { shown: [1, true, false], left: [] });
  },
  "nothing is animated: no kind of change starts an animation, a transition or a smooth scroll": async (site) => {
    const result = await inPage(site, `<style>html { scroll-behavior: smooth }</style><p id=a>a</p><p id=c hidden>c</p><p id=d>d</p><img id=i src=/dot.svg><ul id=u></ul>`, async ({ make, q, frames }) => {
      const seen = [];
      for (const type of ["animationstart", "transitionrun", "scroll"]) addEventListener(type, () => seen.push(type), true);
      const applier = make();
      applier.apply("k", [
        { select: "#a", text: "n", attr: { title: "t" }, class: { add: "k" }, css: { color: "red", opacity: "0.5", transform: "none" } },
        { select: "#c", show: true }, { select: "#d", hide: true }, { select: "#i", image: { src: "/other.svg" } },
        { select: "#a", move: { to: "#u" } }, { select: "#u", insert: { place: "after", element: { tag: "aside", text: "new" } } },
      ]);
      await frames(3);
      const running = document.getAnimations().length;
      applier.stop();
      await frames(3);
      return { running, after: document.getAnimations().length, seen };
    });
    assert.deepEqual(result, { running: 0, after: 0, seen: [] });
  },
});
