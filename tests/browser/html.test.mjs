// @ts-check
// The change kind `html`: put in, held, undone to the node, sanitised alike in every engine, under Trusted Types as well.
// That nothing runs is the matter of attacks.test.mjs.

import assert from "node:assert/strict";
import { join } from "node:path";
import { claims } from "./claims.mjs";
import { DIST } from "./server.mjs";
import { inShop, pageHtml, scriptTag, STUB, TAG } from "./shop.mjs";

const parlour = /** @type {any} */ (undefined);
const STRICT = "script-src 'nonce-n' 'strict-dynamic'; style-src 'self'; require-trusted-types-for 'script'; trusted-types parlour-html";
const START = `const { createMarkup } = await import("/html.js");
  const markup = await createMarkup((name) => import(new URL(name, location.href).href));
  const problems = [];
  const applier = lib.createApplier({ report: (problem) => problems.push(problem), more: (element, { html }) => html == null ? [] : markup(element, html) });
  const put = (html, more) => applier.apply("k", [{ select: "#x", html, ...more }]);`;
/** @param {string} body */
const inPage = (body) => `(async () => { ${START} ${body} })()`;

/** Markup → what is left of it. */
const ROWS = [
  ["<b>New</b> and <i class=x title=y>old</i>", '<b>New</b> and <i class="x" title="y">old</i>'],
  ['<a href="/sale" onclick="x()">a</a><a href="//evil.example">b</a><a href="https:evil.example">c</a>', '<a href="/sale">a</a><a>b</a><a>c</a>'],
  ['<img src="/dot.svg" onerror=x() style="color:red"><script>x()</script><style>*{}</style>z', '<img src="/dot.svg">z'],
  ["<form action=/x><input name=y></form><iframe src=/x></iframe><p>kept", "<p>kept</p>"],
  ["<x-y>gone</x-y><svg><a href=/x>gone</a></svg><!-- gone --><em data-a=1 aria-label=l>kept</em>", '<em data-a="1" aria-label="l">kept</em>'],
  ["a &amp; b &lt;script&gt;", "a &amp; b &lt;script&gt;"],
  ["", ""],
];

claims("markup", {
  "is sanitised alike in every engine, under Trusted Types and without": async ({ open, server }) => {
    server.route("/parlour-purify.js", { file: join(DIST, "parlour-purify.js") });
    server.route("/dot.svg", { body: '<svg xmlns="http://www.w3.org/2000/svg"/>' });
    for (const csp of ["", STRICT]) {
      const page = await open('<div id="x"><u>theirs</u></div>', { csp });
      const found = await page.evaluate(inPage(`return [${JSON.stringify(ROWS)}.map(([html]) => { put(html); return x.innerHTML.replace(/<em .*?>/, (tag) => tag.includes("data-a") && tag.includes("aria-label") ? '<em data-a="1" aria-label="l">' : tag); }), problems]`));
      assert.deepEqual(found, [ROWS.map(([, left]) => left), []], csp);
    }
  },
  "comes again when the page renders anew, and is undone to the node": async ({ open, server }) => {
    server.route("/parlour-purify.js", { file: join(DIST, "parlour-purify.js") });
    const page = await open('<div id="x">a <u>b</u><!-- c --></div><p id="y">p</p>', { csp: STRICT });
    const found = await page.evaluate(inPage(`
      const before = record(), said = [];
      put("<b>new</b>"); put("<b>new</b>");
      said.push(x.innerHTML);
      const ours = x.firstChild;
      x.replaceChildren(...before.nodes.filter((node) => node.parentNode === null && node.nodeType === 1));
      await frames_();
      said.push(x.innerHTML, x.firstChild === ours);
      applier.stop();
      return { said, problems };
    `));
    assert.deepEqual(found, { said: ["<b>new</b>", "<b>new</b>", true], problems: [] });
    const again = await open('<div id="x">a <u>b</u><!-- c --></div><p id="y">p</p>', { csp: STRICT });
    assert.deepEqual(await again.evaluate(inPage(`const before = record(); put("<b>new</b><i>newer</i>"); put("<i>other</i>"); applier.stop(); return differences(before)`)), []);
    assert.deepEqual(await again.evaluate(inPage(`const before = record(); put(""); applier.stop(); return differences(before)`)), []);
  },
  "of more than 200 elements, or for a drawing, is refused and said": async ({ open, server }) => {
    server.route("/parlour-purify.js", { file: join(DIST, "parlour-purify.js") });
    const page = await open('<div id="x">a</div><svg id="s"></svg><script id="t" type="text/plain"></script>');
    const found = await page.evaluate(inPage(`
      put("<i></i>".repeat(201)); put("<b>x</b>", { select: "#s" }); put("<b>x</b>", { select: "#t" });
      return [x.innerHTML, s.innerHTML, problems.map(({ code, detail }) => code + " " + detail)];
    `));
    assert.deepEqual(found, ["a", "", ["refused html of 201 elements, more than 200", "refused html on <svg>", "refused <script>"]]);
  },
});

inShop("a plan with markup", {
  "fetches what it needs for it, once it meets the element": async (page, shop, browser) => {
    shop.route("/", { body: pageHtml({ head: `<script>${STUB}</script>${scriptTag({ ...TAG, "data-consent": "measure" })}` }) });
    await page.goto(`${shop.url}/`);
    await page.waitFor(() => document.querySelector("#headline b")?.textContent === "for you");
    assert.equal(shop.requests("/parlour-html.js").length, 1);
    assert.equal(shop.requests("/parlour-purify.js").length, await page.evaluate("'setHTML' in Element.prototype") ? 0 : 1, browser.name);
    await page.evaluate(() => parlour.stop());
    assert.equal(await page.evaluate("document.querySelector('#headline').innerHTML"), "Plain words");
  },
}, { config: { site: ["127.0.0.1"], html: true, experiments: { one: { status: "running", late: "apply", variants: { a: { weight: 0 }, b: { changes: [{ select: "#headline", html: "Made <b>for you</b>" }] } } } } } });
