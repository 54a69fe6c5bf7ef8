// @ts-check
/** Random pages, random changes of several experiments, applied and undone in random order: stop() gives back every byte and every node. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

const PAGES = 600;

/** In the page: `check(seed)` says what was left. */
const RANDOM = `
  window.draw = (seed) => {
    const calm = seed % 2 ? (seed % 100 === 1 ? 2 : 1) : 0;
    // Mulberry32.
    const next = () => { seed = (seed + 0x6d2b79f5) | 0; let t = Math.imul(seed ^ (seed >>> 15), 1 | seed); t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t; return ((t ^ (t >>> 14)) >>> 0) / 4294967296; };
    const below = (n) => Math.floor(next() * n), one = (list) => list[below(list.length)], often = (share) => next() < share;
    const some = (most, make) => Array.from({ length: below(most + 1) }, make);
    const CLASSES = ["a", "b", "c"], IDS = ["x", "y", "z"], TAGS = ["p", "div", "span", "ul", "li", "b", "section"];
    const STYLES = ["color:red", " COLOR : blue ;", "margin:1px;;display:none", "", "--g: 1", "color:red!important;", "nonsense", "display:flex ; color:rgb(1,2,3)"];
    const attributes = () => [
      often(0.3) ? ' id="' + one(IDS) + '"' : "", often(0.5) ? ' class="' + some(3, () => one(["", " ", "  ", "\\n"]) + one(CLASSES)).join(" ") + one(["", " "]) + '"' : "",
      often(0.3) ? ' style="' + one(STYLES) + '"' : "", often(0.15) ? " hidden" : "", often(0.1) ? ' aria-hidden="true"' : "", often(0.2) ? ' title="' + one(["", "t", " t "]) + '"' : "",
    ].join("");
    const text = () => one(["x", " ", "long text &amp; more", "\\n  ", "é", ""]);
    const markup = (depth) => {
      const kind = below(10);
      if (kind < (depth ? 3 : 1) || depth > 4) return text();
      if (kind === 3) return "<!--" + one(["", "c"]) + "-->";
      if (kind === 4) return "<img src=/a.svg" + attributes() + (often(0.5) ? " srcset='/b.svg 2x'" : "") + ">";
      if (kind === 5) return "<picture><source srcset=/s.svg><img src=/i.svg alt=i></picture>";
      const tag = one(TAGS);
      return "<" + tag + attributes() + ">" + some(4, () => markup(depth + 1)).join("") + "</" + tag + ">";
    };
    const selector = () => one([...CLASSES.map((name) => "." + name), ...IDS.map((id) => "#" + id), ...TAGS, "img", "p > *", "div *", ":empty", "[hidden]", "[style]", "i", "main", "main > :first-child", "main > :last-child"]);
    const tree = () => ({ tag: one(["i", "p", "a"]), ...(often(0.5) && { text: "new" }), ...(often(0.3) && { class: some(2, () => one(CLASSES)) }), ...(often(0.2) && { attr: { id: one(IDS) } }), ...(often(0.3) && { children: [{ tag: "b", text: "in" }, "x"] }) });
    const place = () => one(["before", "after", "first", "last"]);
    const KINDS = {
      text: () => one(["new", "", "x", "other"]), attr: () => ({ [one(["title", "lang", "alt", "hidden", "id"])]: one(["v", "", null]) }),
      class: () => ({ add: some(2, () => one(CLASSES)), remove: some(2, () => one(CLASSES)) }), css: () => ({ [one(["color", "margin", "display", "--g", "margin-top"])]: one(["red", "2px", "none", "", "blue !important"]) }),
      hide: () => true, show: () => true, move: () => ({ to: selector(), place: place() }), insert: () => ({ place: place(), element: tree() }), image: () => ({ src: "/n.svg", ...(often(0.5) && { alt: "n" }) }),
    };
    const change = () => {
      const made = { select: often(0.2) ? [selector(), selector()] : selector(), ...(often(0.4) && { all: true }) };
      for (let i = often(0.2) ? 2 : 1; i; i--) { const kind = one(Object.keys(KINDS)); made[kind] = KINDS[kind](); }
      return made;
    };
    return {
      calm, html: [1, 2, 3, ...some(6, () => 0)].map(() => markup(0)).join(""),
      changes: [0, 1, 2].map(() => [change(), change(), ...some(3, change)]), steps: [0, 1, ...some(4, () => 0)].map(() => [below(4), below(3)]),
    };
  };
  window.outcome = async ({ calm, html, changes, steps }) => {
    const main = document.body.appendChild(document.createElement("main"));
    main.innerHTML = html;
    const parsed = main.innerHTML, before = record();
    const applier = lib.createApplier({ root: document.body, report() {} });
    let changed = false;
    for (const [what, key] of steps) {
      if (what) applier.apply("k" + key, what === 3 ? [] : changes[key], [], undefined, key);
      else applier.undo("k" + key);
      changed ||= main.innerHTML !== parsed;
      // Some pages let observers have their say in between, and some a frame.
      if (calm) await null;
      if (calm > 1) await frames_(1);
    }
    applier.stop();
    const left = differences(before);
    main.remove();
    return { changed, left };
  };
`;

claims("random changes on random pages", {
  [`${PAGES} pages are as they were after stop(), to the byte and to the node`]: async ({ open }) => {
    const page = await open("");
    await page.evaluate(`(() => { ${RANDOM} })()`);
    const { changed, left } = await page.evaluate(`(async () => {
      const left = [];
      let changed = 0;
      for (let seed = 1; seed <= ${PAGES}; seed++) {
        const result = await outcome(draw(seed));
        changed += result.changed;
        if (result.left.length && left.length < 3) left.push({ seed, ...draw(seed), left: result.left });
      }
      return { changed, left };
    })()`);
    assert.deepEqual(left, []);
    // Not for want of changes.
    assert.ok(changed > PAGES / 2, `${changed}`);
  },
});
