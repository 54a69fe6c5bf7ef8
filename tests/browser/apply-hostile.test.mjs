// @ts-check
/**
 * Markup and addresses that try to run script or lead elsewhere, through every kind of change. Each must be refused,
 * leave the page untouched and run nothing. The canary: the same attacks written without our checks do run, so the
 * harness would notice.
 */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

/** Addresses, by what they try. `live` ones run script in an unguarded href. */
const LIVE_URLS = [
  "javascript:hit()", "JaVaScRiPt:hit()", " javascript:hit()", "\tjavascript:hit()", "\njavascript:hit()", "\u0001javascript:hit()", "\u001fjavascript:hit()",
  "java\nscript:hit()", "java\tscript:hit()", "java\rscript:hit()", "javascript\t:hit()", "j\na\nv\na\ns\nc\nr\ni\np\nt\n:hit()", "javascript:/*--></title></style>*/hit()",
  "javascript://%0ahit()", "javascript://shop.example/%0Ahit()", "javascript:%68it()", "javascript:'<script>';hit()", "javascript:hit()//https://shop.example",
];
const DEAD_URLS = [
  "vbscript:hit()", "livescript:hit()", "data:text/html,<script>opener.hit()</script>", "data:text/html;base64,PHNjcmlwdD5oaXQoKTwvc2NyaXB0Pg==",
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='hit()'/>", "data:,x", "DATA:text/html,x", "blob:https://shop.example/0", "filesystem:https://shop.example/x",
  "view-source:https://shop.example", "about:blank", "file:///etc/passwd", "ftp://evil.example/", "ws://evil.example/", "chrome://settings", "intent://evil#Intent;end", "x:y",
  "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\t/evil.example", "\n//evil.example", " //evil.example",
  "/\n/evil.example", "https:evil.example", "https:/evil.example", "https:\\\\evil.example", "https:/\\evil.example", "https:///evil.example", "http:///evil.example",
  "https://", "https://[", "http://%zz/", "https://user@evil.example/", "https://shop.example@evil.example/", "https://a:b@evil.example", "//shop.example@evil.example",
  "ht\ntps:evil.example",
];
const HANDLERS = ["onclick", "onfocus", "onmouseover", "ONCLICK", "OnClick", "onpointerdown", "onauxclick", "onanimationstart", "ontoggle", "onbeforetoggle"];
const NAMES = [
  "style", "srcdoc", "formaction", "action", "xlink:href", "ping", "http-equiv", "is", "nonce", "background", "sandbox", "allow", "content", "name", "form", "method", "srcset",
  "imagesrcset", "manifest", "data", "code", "codebase", "classid", "archive", "longdesc", "lowsrc", "dynsrc", "HREF", "Href", "href ", "", " ", "a b", "x\"onclick=\"hit()", "data-x onclick",
  "data-", "aria-", "class", "slot", "part", "attributename", "values", "to", "from", "by", "begin", "__proto__", "constructor", "toString", "hasOwnProperty", "style\0", "on", "onclick ", "\nonclick",
];
const TAGS = [
  "script", "SCRIPT", "scRipt", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "link", "meta", "template", "noscript", "portal", "fencedframe", "param",
  "svg", "math", "form", "input", "select", "textarea", "html", "head", "body", "title", "plaintext", "xmp", "noembed", "marquee", "audio", "slot", "x-foo", "a-b", "image", "canvas", "dialog",
  "img onerror=hit()", "script ", " script", "a><script", "svg:script", "", "1", "__proto__", "constructor", "div\n",
];
const ACTIVE = ["script", "style", "iframe", "object", "embed", "base", "link", "meta", "template", "noscript"];

/** @type {{name: string, change: any, live?: boolean, use?: string}[]} */
const ATTACKS = [];
const attack = (/** @type {string} */ name, /** @type {any} */ change, live = false, use = "click") => void ATTACKS.push({ name, change, live, use });
for (const url of LIVE_URLS) attack("href", { tag: "a", attr: { href: url } }, true);
for (const url of DEAD_URLS) attack("href", { tag: "a", attr: { href: url } });
for (const url of ["javascript:hit()", "data:text/html,x", "data:application/javascript,hit()", "data:image", "data:imagex/png,x", "//evil.example/x.png", "blob:x", "mailto:a@b", "tel:1"]) attack("src", { tag: "img", attr: { src: url } });
for (const url of ["javascript:hit()", "//evil.example/x.png"]) attack("image", { tag: "img", image: { src: url } });
attack("image on a link", { tag: "a", image: { src: "/x.svg" } });
for (const name of HANDLERS.slice(0, 5)) attack("handler", { tag: "button", attr: { [name]: "hit()" } }, true, "poke");
for (const name of HANDLERS.slice(5)) attack("handler", { tag: "button", attr: { [name]: "hit()" } });
for (const name of ["onerror", "onload"]) attack("handler", { tag: "img", attr: { [name]: "hit()", src: name === "onload" ? "/dot.svg" : "/none.svg" } }, true, "wait");
for (const name of NAMES) attack("attribute", { tag: "p", attr: JSON.parse(`{${JSON.stringify(name)}: "hit()"}`) });
for (const tag of ["p", "b", "link", "form", "svg", "script", "iframe"]) attack("href on another element", { tag, attr: { href: "/x" } });
for (const tag of ["p", "input", "script", "iframe", "embed"]) attack("src on another element", { tag, attr: { src: "/x" } });
attack("srcdoc", { tag: "iframe", attr: { srcdoc: "<script>parent.hit()</script>" } }, true, "wait");
attack("iframe src", { tag: "iframe", attr: { src: "javascript:parent.hit()" } }, true, "wait");
attack("object data", { tag: "object", attr: { data: "javascript:hit()" } });
attack("text of a script", { tag: "script", text: "hit()" }, true, "wait");
for (const tag of ACTIVE.slice(1)) attack("text of an active element", { tag, text: "*{color:red}" });
for (const tag of ACTIVE) {
  attack("class of an active element", { tag, class: { add: "x" } });
  attack("move of an active element", { tag, move: { to: "body" } });
  attack("insert into an active element", { tag, insert: { place: "first", element: { tag: "b" } } });
  attack("move into an active element", { tag: "p", move: { to: `${tag}.t`, place: "last" } });
}
for (const tag of TAGS) attack("insert", { tag: "p", insert: { element: { tag, text: "hit()" } } }, tag.toLowerCase() === "script", "wait");
attack("insert, deep", { tag: "p", insert: { element: { tag: "div", children: [{ tag: "p", children: [{ tag: "script", text: "hit()" }] }] } } }, true, "wait");
attack("insert with a handler", { tag: "p", insert: { element: { tag: "img", attr: { src: "/none.svg", onerror: "hit()" } } } }, true, "wait");
for (const url of LIVE_URLS.slice(0, 3)) attack("insert with an address", { tag: "p", insert: { element: { tag: "a", attr: { href: url } } } });
for (const element of [null, 1, "<b>", [], {}, { tag: null }, { tag: {} }, { tag: "b", children: [null] }, { tag: "b", children: [[]] }]) attack("insert of no element", { tag: "p", insert: { element } });
attack("insert of too many", { tag: "p", insert: { element: { tag: "ul", children: Array(200).fill({ tag: "li" }) } } });
for (const place of ["constructor", "__proto__", "replaceWith", "innerHTML", "beforebegin", ""]) attack("place", { tag: "p", insert: { place, element: { tag: "b" } } });
attack("class with a space", { tag: "p", class: { add: "a b" } });

const body = ATTACKS.map(({ change: { tag } }, i) => (tag === "template" || tag === "noscript" ? `<${tag} class=t id=t${i}></${tag}>` : "")).join("");

/** In the page: one element for each attack, those that start loading or running when connected included. */
const prepare = `(attacks) => {
  window.hits = 0; window.hit = () => { hits++; };
  attacks.forEach(({ change: { tag } }, i) => {
    if (document.getElementById("t" + i)) return;
    const element = tag === "svg" ? document.createElementNS("http://www.w3.org/2000/svg", "svg") : document.createElement(tag);
    element.id = "t" + i; element.setAttribute("class", "t");
    (tag === "base" || tag === "meta" || tag === "link" ? document.head : document.body).append(element);
  });
}`;
const poke = `async (attacks) => {
  attacks.forEach(({ use }, i) => {
    for (const element of document.querySelectorAll("#t" + i + ", #t" + i + " a")) {
      if (use === "wait" || !element.click) continue;
      if (element.localName === "a" && element.href && !/^javascript/.test(element.protocol)) continue;
      element.click();
      if (use === "poke") for (const type of ["focus", "mouseover"]) element.dispatchEvent(new Event(type));
    }
  });
  await pause(400);
  return hits;
}`;

claims("hostile changes", {
  [`${ATTACKS.length} attacks are refused, leave the page untouched and run nothing`]: async ({ open }) => {
    assert.ok(ATTACKS.length >= 60);
    const page = await open(body);
    const result = await page.evaluate(`(async (attacks) => {
      (${prepare})(attacks);
      const before = record(), prototype = Object.getOwnPropertyNames(Object.prototype).length;
      const let_through = [], problems = [];
      attacks.forEach(({ name, change: { tag, ...change } }, i) => {
        const told = problems.length;
        const applier = lib.createApplier({ report: (problem) => problems.push(problem) });
        applier.apply("k" + i, [{ ...change, select: "#t" + i }]);
        const problem = problems[told];
        if (!problem || !/refused|failed/.test(problem.code) || differences(before).length) let_through.push([name, tag, JSON.stringify(change), problem?.code]);
        applier.stop();
      });
      const ran = await (${poke})(attacks);
      return { let_through, ran, left: differences(before), once: problems.length - attacks.length, polluted: Object.getOwnPropertyNames(Object.prototype).length - prototype + Object.keys({}).length };
    })(JSON.parse(${JSON.stringify(JSON.stringify(ATTACKS))}))`);
    assert.deepEqual(result, { let_through: [], ran: 0, left: [], once: 0, polluted: 0 });
  },
  "the canary: each attack marked live runs when nothing checks it": async ({ open, server }) => {
    server.route("/dot.svg", { body: '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' });
    const silent = [];
    const live = ATTACKS.filter((each) => each.live);
    assert.ok(live.length > 25);
    const page = await open(body);
    for (const each of live) {
      const hits = await page.evaluate(`(async (attack) => {
        (${prepare})([attack]);
        const element = document.getElementById("t0"), { attr, text, insert } = attack.change;
        element.removeAttribute("class");
        const write = (node, { attr = {}, text, children = [] }) => {
          for (const name in attr) node.setAttribute(name, attr[name]);
          if (text) node.textContent = text;
          for (const child of children) node.append(write(document.createElement(child.tag), child));
          return node;
        };
        if (insert) element.append(write(document.createElement(insert.element.tag), insert.element));
        else write(element, attack.change);
        for (let i = 0; i < 10 && !hits; i++) await (${poke.replace("400", "40")})([attack]);
        element.remove();
        return hits;
      })(${JSON.stringify(each)})`);
      if (!hits) silent.push(JSON.stringify(each.change));
    }
    assert.deepEqual(silent, []);
  },
  "what is harmless is let through": async ({ open }) => {
    const page = await open("<p id=t>x</p><a id=l>x</a><img id=i>");
    const refused = await page.evaluate(() => {
      const w = /** @type {any} */ (window);
      /** @type {any[]} */
      const problems = [];
      const applier = w.lib.createApplier({ report: (/** @type {any} */ problem) => problem.code === "conflict" || problems.push(problem) });
      const hrefs = ["/x", "x", "./x", "../x", "?a=b", "#c", "", "x y", "/a//b", "https://evil.example/", "HTTPS://Shop.Example/a?b#c", "http://127.0.0.1:1/", "mailto:a@b.example", "tel:+49123", location.href, "/javascript:hit()", "?u=javascript:hit()", "https://shop.example/?mail=a@b"];
      hrefs.forEach((href, i) => applier.apply("h" + i, [{ select: "#l", attr: { href } }]));
      const srcs = ["/x.svg", "https://cdn.example/x.png", "data:image/png;base64,AAAA", "data:image/svg+xml,<svg/>"];
      srcs.forEach((src, i) => applier.apply("s" + i, [{ select: "#i", image: { src, alt: "<script>hit()</script>" } }]));
      applier.apply("t", [{ select: "#t", text: "<script>hit()</script>", attr: { title: "\"><script>hit()</script>", "data-x": "hit()", "aria-label": "javascript:hit()" }, css: { background: "url(javascript:hit())", "--x": "expression(hit())" } }]);
      return problems;
    });
    assert.deepEqual(refused, []);
  },
});
