// @ts-check
/** Each kind of change does what it says, and stop() gives the page back to the byte and to the node. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

/** name, page, changes, an expression that is true while they are on the page. @type {[string, string, object[], string][]} */
const CASES = [
  ["text of a text node", "<p id=a>old</p>", [{ select: "#a", text: "new" }], `q("#a").textContent === "new"`],
  ["text of an element with children", "<p id=a>one <b class=x>two</b><!--c--> three</p>", [{ select: "#a", text: "new" }], `q("#a").innerHTML === "new"`],
  ["text of an empty element", "<p id=a></p>", [{ select: "#a", text: "new" }], `q("#a").textContent === "new"`],
  ["text beside comments", "<p id=a><!--1-->old<!--2--></p>", [{ select: "#a", text: "<b>new</b>" }], `q("#a").textContent === "<b>new</b>"`],
  ["attributes, new and old", `<a id=a title="x" href="/old">l</a>`, [{ select: "#a", attr: { href: "/new", title: "y", "aria-label": "z", "data-k": "" } }],
    `q("#a").getAttribute("href") === "/new" && q("#a").title === "y" && q("#a").getAttribute("aria-label") === "z" && q("#a").dataset.k === ""`],
  ["classes, odd white space kept", `<p id=a class="  b   c ">x</p>`, [{ select: "#a", class: { add: ["d", "c"], remove: "b" } }], `q("#a").matches(".c.d:not(.b)")`],
  ["class on an element without", "<p id=a>x</p>", [{ select: "#a", class: { add: "d" } }], `q("#a").className === "d"`],
  ["an empty class attribute", `<p id=a class="">x</p>`, [{ select: "#a", class: { add: "d" } }], `q("#a").className === "d"`],
  ["css, odd spelling kept", `<p id=a style="COLOR:red;;margin-top : 5px">x</p>`, [{ select: "#a", css: { color: "rgb(0, 0, 255)", margin: "0px" } }],
    `getComputedStyle(q("#a")).color === "rgb(0, 0, 255)" && q("#a").style.marginTop === "0px"`],
  ["css with priority and a custom property", `<p id=a style="color: red !important">x</p>`, [{ select: "#a", css: { color: "green !important", "--gap": "3px" } }],
    `q("#a").style.getPropertyPriority("color") === "important" && q("#a").style.getPropertyValue("--gap") === "3px"`],
  ["css on an element without", "<p id=a>x</p>", [{ select: "#a", css: { "font-size": "30px" } }], `getComputedStyle(q("#a")).fontSize === "30px"`],
  ["hide", `<p id=a style="display:flex!important">x</p>`, [{ select: "#a", hide: true }], `getComputedStyle(q("#a")).display === "none"`],
  ["show what has the hidden attribute", "<p id=a hidden>x</p>", [{ select: "#a", show: true }], `getComputedStyle(q("#a")).display === "block"`],
  ["show what an inline style hides", `<p id=a style="display:none">x</p>`, [{ select: "#a", show: true }], `getComputedStyle(q("#a")).display === "block"`],
  ["show what a sheet hides", "<style>#a{display:none!important}</style><p id=a hidden>x</p>", [{ select: "#a", show: true }], `getComputedStyle(q("#a")).display === "block"`],
  ["show leaves what is visible as it is", "<p id=a hidden style='display:flex'>x</p>", [{ select: "#a", show: true }], `getComputedStyle(q("#a")).display === "flex"`],
  ["move after", "<div><p id=a>a</p> <p id=b>b</p> </div>", [{ select: "#a", move: { to: "#b", place: "after" } }], `q("#b").nextElementSibling === q("#a")`],
  ["move before", "<div><p id=a>a</p><p id=b>b</p></div>", [{ select: "#b", move: { to: "#a", place: "before" } }], `q("#a").previousElementSibling === q("#b")`],
  ["move first", "<p id=a>a</p><ul id=u><li>1</li></ul>", [{ select: "#a", move: { to: "#u", place: "first" } }], `q("#u").firstChild === q("#a")`],
  ["move last", "<p id=a>a</p><ul id=u><li>1</li></ul>", [{ select: "#a", move: { to: "#u" } }], `q("#u").lastChild === q("#a")`],
  ["insert a tree", "<p id=a>a</p>", [{ select: "#a", insert: { place: "after", element: { tag: "aside", class: ["x", "y"], attr: { role: "note" }, children: [{ tag: "b", text: "<i>" }, { tag: "a", attr: { href: "/go" }, text: "go" }] } } }],
    `q("#a").nextElementSibling.outerHTML === '<aside role="note" class="x y"><b>&lt;i&gt;</b><a href="/go">go</a></aside>'`],
  ["insert before, first and last", "<p id=a>a</p>", [
    { select: "#a", insert: { place: "before", element: { tag: "i", text: "1" } } },
    { select: "#a", insert: { place: "first", element: { tag: "i", text: "2" } } },
    { select: "#a", insert: { element: { tag: "i", text: "3" } } }], `document.body.textContent.startsWith("12a3")`],
  ["image, srcset out of the way", `<img id=a src="/old.svg" srcset="/big.svg 2x" alt="old">`, [{ select: "#a", image: { src: "/new.svg", alt: "new" } }],
    `q("#a").getAttribute("src") === "/new.svg" && !q("#a").hasAttribute("srcset") && q("#a").alt === "new"`],
  ["image in a picture", `<picture><source srcset="/big.svg"><source srcset="/b.svg" media="(min-width:1px)"><img id=a src="/old.svg"></picture>`, [{ select: "#a", image: { src: "/new.svg" } }],
    `new URL(q("#a").src).pathname === "/new.svg" && !document.querySelector("[srcset]")`],
  ["several kinds at once", "<p id=a>a</p>", [{ select: "#a", text: "n", class: { add: "k" }, css: { color: "red" }, attr: { title: "t" } }], `q("#a.k[title=t][style]").textContent === "n"`],
  ["all matches", "<ul><li>1</li><li class=x>2</li><li>3</li></ul>", [{ select: "li", all: true, class: { add: "m" } }], `document.querySelectorAll("li.m").length === 3`],
  ["the first match alone", "<ul><li>1</li><li>2</li></ul>", [{ select: "li", class: { add: "m" } }], `document.querySelectorAll("li.m").length === 1 && q("li.m") === q("li")`],
  ["selectors in order of preference", "<p id=b>b</p><p id=a>a</p>", [{ select: [".none", "#a", "#b"], text: "n" }], `q("#a").textContent === "n" && q("#b").textContent === "b"`],
  ["changes that build on each other", "<p id=a>a</p>", [
    { select: "#a", insert: { place: "after", element: { tag: "p", attr: { id: "n" }, text: "n" } } },
    { select: "#n", css: { color: "red" } }, { select: "#n", move: { to: "#a", place: "before" } }], `q("#n").style.color === "red" && q("#a").previousElementSibling === q("#n")`],
  ["two changes of one text: the later wins", "<p id=a>a</p>", [{ select: "#a", text: "1" }, { select: "#a", text: "2" }], `q("#a").textContent === "2"`],
  ["two changes of one style", "<p id=a style='color:red'>a</p>", [{ select: "#a", css: { color: "green" } }, { select: "#a", css: { color: "blue" } }, { select: "#a", hide: true }], `q("#a").style.color === "blue"`],
  ["a child changed, then its parent's text", "<div id=d>x <p id=a>a</p></div>", [{ select: "#a", text: "n" }, { select: "#d", text: "m" }], `q("#d").innerHTML === "m"`],
  ["text, then a child inserted", "<p id=a>a<b>c</b></p>", [{ select: "#a", text: "n" }, { select: "#a", insert: { element: { tag: "i", text: "i" } } }], `q("#a").innerHTML === "n<i>i</i>"`],
  ["inserted, then overwritten", "<p id=a>a<b>c</b></p>", [{ select: "#a", insert: { element: { tag: "i", text: "i" } } }, { select: "#a", text: "n" }], `q("#a").innerHTML === "n"`],
  ["the whole body's class", "<p>x</p>", [{ select: "body", class: { add: "night" } }, { select: "html", attr: { "data-theme": "night" } }], `q("html[data-theme=night] body.night")`],
  ["a form that hides its own properties", "<form id=a><input name=id><input name=matches></form>", [{ select: "form", attr: { title: "t" } }], `q("form[title=t]")`],
];

const holds = `(({ changes, condition }) => {
  window.q = (selector) => document.querySelector(selector);
  const before = record(), problems = [];
  const applier = lib.createApplier({ report: (problem) => problems.push(problem) });
  applier.apply("k", changes);
  const works = () => !!new Function("return " + condition)();
  const result = { problems, applied: works(), changed: differences(before).length > 0 };
  return frames_().then(() => { result.lasting = works(); applier.stop(); result.left = differences(before); return result; });
})`;

/** @type {Parameters<typeof claims>[1]} */
const list = {};
for (const [name, body, changes, condition] of CASES)
  list[name] = async ({ open }) => {
    const page = await open(body);
    const result = await page.evaluate(`${holds}(${JSON.stringify({ changes, condition })})`);
    assert.deepEqual(result, { problems: [], applied: true, changed: true, lasting: true, left: [] });
  };

list["undoing one of three leaves the others, and the page exact after the last"] = async ({ open }) => {
  const page = await open("<p id=a class='x' style='color:red'>a</p>");
  const result = await page.evaluate(() => {
    const w = /** @type {any} */ (window);
    const before = w.record();
    const applier = w.lib.createApplier({ report() {} });
    applier.apply("one", [{ select: "#a", text: "1", css: { color: "green" } }]);
    applier.apply("two", [{ select: "#a", text: "2", class: { add: "two" } }]);
    applier.apply("three", [{ select: "#a", insert: { place: "after", element: { tag: "i", text: "3" } } }]);
    const steps = [document.body.textContent?.trim()];
    applier.undo("two");
    steps.push(document.body.textContent?.trim(), document.querySelector("#a")?.className);
    applier.undo("one");
    steps.push(document.body.textContent?.trim(), document.querySelector("#a")?.getAttribute("style"));
    applier.undo("three");
    applier.undo("never applied");
    return { steps, left: w.differences(before) };
  });
  assert.deepEqual(result, { steps: ["23", "13", "x", "a3", "color:red"], left: [] });
};

list["applying the same changes again changes nothing, other ones replace them"] = async ({ open }) => {
  const page = await open("<p id=a>a</p>");
  const result = await page.evaluate(() => {
    const w = /** @type {any} */ (window);
    const before = w.record();
    const applier = w.lib.createApplier({ report() {} });
    const changes = [{ select: "#a", insert: { place: "after", element: { tag: "i", text: "1" } } }];
    applier.apply("k", changes);
    const inserted = document.querySelector("i");
    applier.apply("k", structuredClone(changes));
    const same = document.querySelectorAll("i").length === 1 && document.querySelector("i") === inserted;
    applier.apply("k", [{ select: "#a", text: "n" }]);
    const replaced = document.body.textContent?.trim();
    applier.apply("k", []);
    return { same, replaced, left: w.differences(before) };
  });
  assert.deepEqual(result, { same: true, replaced: "n", left: [] });
};

list["what the page itself changed meanwhile is kept by stop()"] = async ({ open }) => {
  const page = await open("<p id=a class=x style='color:red' title=t>a</p><p id=b>b</p>");
  const result = await page.evaluate(async () => {
    const w = /** @type {any} */ (window);
    const applier = w.lib.createApplier({ report() {} });
    applier.apply("k", [{ select: "#a", text: "n", class: { add: "y" }, css: { color: "blue" }, attr: { title: "u" } }]);
    const a = /** @type {HTMLElement} */ (document.querySelector("#a"));
    a.classList.add("page");
    a.style.width = "7px";
    a.title = "page";
    /** @type {Text} */ (a.firstChild).data = "page";
    await w.frames_();
    const during = [a.textContent, a.title, a.className, a.style.color];
    applier.stop();
    return { during, after: [a.textContent, a.title, a.className, a.style.cssText] };
  });
  assert.deepEqual(result, { during: ["n", "u", "x y page", "blue"], after: ["page", "page", "x page", "color: red; width: 7px;"] });
};

claims("changes are undone exactly", list);
