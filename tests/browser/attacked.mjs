// @ts-check
/**
 * Puts every text of tests/vectors/attacks.mjs into every place of every kind of change, in one page.
 *
 * For a new kind of change: add its places to PLACES below, `[kind, name, host, (text, name) => change]`. `host` is the
 * tag of the element that is changed; a change without `select` may leave it out. Kinds whose code is in a chunk give
 * `prepare`, an expression in the page that resolves to options for `createApplier`.
 */

import { join } from "node:path";
import { DIST } from "./server.mjs";

/** @typedef {import("../vectors/attacks.mjs").Attack} Attack */

/**
 * Functions are sent to the page as text: nothing from here may be used in them.
 * @type {[kind: string, place: string, host: string, change: (text: string) => object][]}
 */
export const PLACES = [
  ...["p", "a", "textarea", "script", "style", "iframe", "template", "title"].map((host) => /** @type {typeof PLACES[0]} */ (["text", `of <${host}>`, host, (text) => ({ text })])),
  ["attr", "href", "a", (text) => ({ attr: { href: text } })],
  ["attr", "href of an area", "area", (text) => ({ attr: { href: text } })],
  ["attr", "src", "img", (text) => ({ attr: { src: text } })],
  ["attr", "poster", "video", (text) => ({ attr: { poster: text } })],
  ["attr", "title", "b", (text) => ({ attr: { title: text } })],
  ["attr", "id", "b", (text) => ({ attr: { id: text } })],
  ["attr", "role, aria-label and data-", "b", (text) => ({ attr: { role: text, "aria-label": text, "data-x": text } })],
  ["attr", "target and rel", "a", (text) => ({ attr: { target: text, rel: text } })],
  ["attr", "value and type", "input", (text) => ({ attr: { value: text, type: text } })],
  ["attr", "onclick", "b", (text) => ({ attr: { onclick: text } })],
  ["attr", "style", "b", (text) => ({ attr: { style: text } })],
  ["attr", "srcdoc", "iframe", (text) => ({ attr: { srcdoc: text } })],
  ["attr", "src of a frame", "iframe", (text) => ({ attr: { src: text } })],
  ["attr", "src of a script", "script", (text) => ({ attr: { src: text } })],
  ["attr", "data", "object", (text) => ({ attr: { data: text } })],
  ["attr", "action", "form", (text) => ({ attr: { action: text } })],
  ["attr", "formaction", "button", (text) => ({ attr: { formaction: text } })],
  ["attr", "srcset", "img", (text) => ({ attr: { srcset: text } })],
  ["attr", "href in a drawing", "svg", (text) => ({ attr: { href: text } })],
  ["attr", "content", "meta", (text) => ({ attr: { content: text, "http-equiv": "refresh" } })],
  ["attr", "the name", "b", (text) => ({ attr: Object.fromEntries([[text, "hit()"]]) })],
  ["attr", "all there is", "b", (text) => ({ attr: text })],
  ["class", "add", "b", (text) => ({ class: { add: text } })],
  ["class", "remove", "b", (text) => ({ class: { remove: [text] } })],
  ["class", "the key", "b", (text) => ({ class: Object.fromEntries([[text, "x"]]) })],
  ["css", "a property's value", "b", (text) => ({ css: { color: text, width: text, background: text, content: text, behavior: text, "-moz-binding": text } })],
  ["css", "a custom property's value", "b", (text) => ({ css: { "--x": text } })],
  ["css", "inside url()", "b", (text) => ({ css: { "background-image": `url(${text})`, "list-style": `url("${text}")`, cursor: `url('${text}'),auto` } })],
  ["css", "the property", "b", (text) => ({ css: Object.fromEntries([[text, "hit()"]]) })],
  ["hide", "instead of true", "b", (text) => ({ hide: text })],
  ["show", "instead of true", "b", (text) => ({ show: text })],
  ["move", "to", "b", (text) => ({ move: { to: text } })],
  ["move", "place", "b", (text) => ({ move: { to: "i", place: text } })],
  ["insert", "tag", "p", (text) => ({ insert: { element: { tag: text, text: "hit()" } } })],
  ["insert", "tag with an address", "p", (text) => ({ insert: { element: { tag: text, attr: { src: "/none.svg", href: "javascript:hit()" } } } })],
  ["insert", "tag of a child", "p", (text) => ({ insert: { element: { tag: "div", children: ["x", { tag: text, children: ["hit()"] }] } } })],
  ["insert", "place", "p", (text) => ({ insert: { place: text, element: { tag: "b" } } })],
  ["insert", "text and children", "p", (text) => ({ insert: { element: { tag: "b", text, children: [text, text] } } })],
  ["insert", "into an active element", "script", (text) => ({ insert: { place: "first", element: { tag: "b", text } } })],
  ["insert", "class", "p", (text) => ({ insert: { element: { tag: "b", class: [text, text] } } })],
  ["insert", "href", "p", (text) => ({ insert: { element: { tag: "a", text: "x", attr: { href: text } } } })],
  ["insert", "src", "p", (text) => ({ insert: { element: { tag: "img", attr: { src: text, alt: text } } } })],
  ["insert", "source", "p", (text) => ({ insert: { element: { tag: "video", attr: { poster: text }, children: [{ tag: "source", attr: { src: text } }] } } })],
  ["insert", "an attribute's name", "p", (text) => ({ insert: { element: { tag: "img", attr: Object.fromEntries([["src", "/none.svg"], [text, "hit()"]]) } } })],
  ["insert", "style and handlers", "p", (text) => ({ insert: { element: { tag: "b", attr: { style: text, onclick: text } } } })],
  ["insert", "the key", "p", (text) => ({ insert: { element: Object.fromEntries([["tag", "b"], [text, { hit: "hit()" }]]) } })],
  ["insert", "all there is", "p", (text) => ({ insert: { element: text } })],
  ["image", "src", "img", (text) => ({ image: { src: text } })],
  ...["p", "ul", "table", "a", "textarea", "script", "svg"].map((host) => /** @type {typeof PLACES[0]} */ (["html", `of <${host}>`, host, (text) => ({ html: text })])),
  ["html", "a link", "p", (text) => ({ html: `<a href="${text}">x</a><a href='${text}'>y</a><img src="${text}"><video poster="${text}"></video>` })],
  ["html", "a tag", "p", (text) => ({ html: `<${text}>hit()</${text}><div><${text} src=/none.svg onerror=hit()>x` })],
  ["html", "an attribute's name", "p", (text) => ({ html: `<img src=/none.svg ${text}=hit()><b ${text}="hit()">x</b>` })],
  ["html", "an attribute's value", "p", (text) => ({ html: `<b title="${text}" id='${text}' class=${text} style="${text}" data-x="${text}">x</b>` })],
  ["html", "inside what parsers read in other ways", "p", (text) => ({ html: `<svg><p><style>${text}</style></p></svg><math><mtext><table><mglyph><style><!--</style>${text}--></table></mtext></math><noscript>${text}</noscript><textarea>${text}</textarea><select>${text}</select><template>${text}</template><!--${text}--><form><math>${text}` })],
  ["image", "alt", "img", (text) => ({ image: { src: "/dot.svg", alt: text } })],
  ["select", "the selector", "b", (text) => ({ select: text, text: "x" })],
];

/** The kind `html`, as visit.js puts it in. */
const MARKUP = `import("/html.js").then(async ({ createMarkup }) => {
  const markup = await createMarkup((name) => import(new URL(name, location.href).href));
  return { more: (element, { html }) => html == null ? [] : markup(element, html) };
})`;

/** In the page. `harness` is what tests use; see {@link attacked}. */
const HARNESS = `
  const PROTOTYPES = [Object, Array, Function, String, Number, Node, Element, HTMLElement, Document, Promise].map((each) => each.prototype);
  const keys = () => JSON.stringify([PROTOTYPES.map((each) => Reflect.ownKeys(each).map(String)), Object.keys({}), Reflect.ownKeys(Object).map(String)]);
  const hits = [];
  window.hit = (which = "?") => { hits.push(which); };
  const numbered = (text, number) => text.replaceAll("it()", "it(" + number + ")");
  // Markup may hide the document's own functions behind names.
  const { createElement, createElementNS } = Document.prototype, { body } = document;
  const make = (tag) => (tag === "svg" ? createElementNS.call(document, "http://www.w3.org/2000/svg", tag) : createElement.call(document, tag));
  // Forms may hide their own properties behind inputs' names.
  const attributes = Object.getOwnPropertyDescriptor(Element.prototype, "attributes").get;
  const attributesOf = (element) => [...attributes.call(element)];
  const dispatch = (element, event) => EventTarget.prototype.dispatchEvent.call(element, event);
  const protocolOf = (element) => {
    const href = attributesOf(element).find(({ name }) => name === "href" || name === "xlink:href" || name === "src")?.value;
    try { return href === undefined ? "" : new URL(href, location.href).protocol; } catch { return "none"; }
  };
  /** Every element in it is used as a visitor might, and then everything that still loads has had its time. */
  const poke = (container) => {
    for (const element of container.querySelectorAll("*")) {
      const isLink = /^(a|area)$/.test(element.localName);
      const protocol = isLink ? protocolOf(element) : "";
      for (const { name } of attributesOf(element))
        if (/^on[a-z]/i.test(name) && !/^on(load|error)$/i.test(name)) dispatch(element, new Event(name.slice(2).toLowerCase(), { cancelable: true }));
      // Links that lead elsewhere would take the harness away.
      if (protocol === "javascript:") dispatch(element, new MouseEvent("click", { bubbles: true, cancelable: true }));
      else if (!isLink) for (const type of ["click", "focus", "pointerover"]) dispatch(element, new Event(type, { cancelable: true }));
    }
  };
  addEventListener("submit", (event) => event.preventDefault(), true);
  const settled = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((done) => { const last = new Image(); last.onerror = last.onload = done; last.src = "/none.svg?" + Math.random(); });
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  /** What no change may leave behind, whether it runs or not. */
  const forbidden = (container) => [...container.querySelectorAll("*")].flatMap((element) => attributesOf(element)
    .filter(({ name }) => /^(on.*|srcdoc|formaction|action|http-equiv)$/i.test(name) || protocolOf(element) === "javascript:")
    .map(({ name, value }) => element.localName + " " + name + "=" + value));

  window.harness = {
    /** Rows through the places. @returns what ran, what was left, and how many cases there were */
    async guarded(attacks, places, options, plant) {
      const found = { cases: 0, refused: 0, ran: [], left: [], forbidden: [], polluted: false, loud: [] };
      const before = keys();
      for (let from = 0; from < attacks.length; from += 60) {
        const area = body.appendChild(make("main"));
        const running = [];
        // What nothing may change is there once for many texts: a frame costs more than all the rest.
        const shared = area.appendChild(make("section"));
        const hosts = new Set(places.map(([, , host]) => host).filter((host) => /^(iframe|object|script|style|template|meta)$/.test(host)));
        for (const host of hosts) shared.append(make(host));
        const sharedWas = shared.innerHTML;
        attacks.slice(from, from + 60).forEach(({ text: raw }, at) => {
          const text = numbered(raw, from + at);
          const container = area.appendChild(make("div"));
          container.append(make("i"));
          const changes = [], onShared = [];
          places.forEach(([, , host, change], place) => {
            if (hosts.has(host)) return onShared.push({ select: host, ...change(text) });
            const element = make(host);
            element.className = "h" + place;
            container.append(element);
            changes.push({ select: ".h" + place, ...change(text) });
          });
          const was = container.innerHTML, codes = [];
          const appliers = [[container, changes], [shared, onShared]].map(([root, list]) => {
            const applier = lib.createApplier({ ...options, root, report: ({ code }) => codes.push(code) });
            applier.apply("k", list);
            return applier;
          });
          found.cases += places.length;
          found.refused += codes.length;
          if (codes.length > 2 * places.length) found.loud.push(text);
          found.forbidden.push(...forbidden(container));
          poke(container);
          running.push({ text, container, was, appliers });
        });
        if (plant && !from) plant(area);
        await settled();
        for (const { appliers } of running) for (const applier of appliers) applier.stop();
        for (const { text, container, was } of running)
          if (container.innerHTML !== was) found.left.push([text, was, container.innerHTML]);
        if (shared.innerHTML !== sharedWas) found.left.push([attacks[from].text, sharedWas, shared.innerHTML]);
        area.remove();
      }
      found.ran = hits.splice(0);
      found.polluted = keys() !== before;
      return found;
    },
    /** The same rows with nobody checking. @returns numbers of those that ran */
    async unguarded(attacks) {
      const area = body.appendChild(make("main"));
      attacks.forEach(({ form, text: raw }, number) => {
        const text = numbered(raw, number);
        const container = area.appendChild(make("div"));
        const hit = "hit(" + number + ")";
        try {
          if (form === "url") { const a = container.appendChild(make("a")); a.setAttribute("href", text); }
          else if (form === "markup") container.append(document.createRange().createContextualFragment(text));
          else if (form === "name") { const b = make("button"); b.setAttribute(raw, hit); container.append(b); }
          else if (form === "tag") { const element = make(raw); element.textContent = hit; container.append(element); }
          else { const b = make("b"); b.setAttribute("style", "background:" + text); container.append(b); }
        } catch { /* no name */ }
        poke(container);
      });
      await settled();
      area.remove();
      return [...new Set(hits.splice(0))];
    },
  };
`;

/** No image from elsewhere: nothing else is forbidden, so what the checks let through would run. */
export const POLICY = "img-src 'self' data:; media-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src 'self'";

/**
 * A page with the harness.
 * @param {import("./claims.mjs").Site} site
 */
export async function attacked({ open, server }) {
  server.route("/parlour-purify.js", { file: join(DIST, "parlour-purify.js") });
  server.route("/dot.svg", { body: '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' });
  const page = await open("", { csp: POLICY });
  const places = `[${PLACES.map(([kind, place, host, change]) => `[${JSON.stringify(kind)}, ${JSON.stringify(place)}, ${JSON.stringify(host)}, ${change}]`).join(",")}]`;
  await page.evaluate(`(() => { ${HARNESS} })()`);
  return {
    page,
    /** @param {Attack[]} attacks @param {{plant?: string, prepare?: string}} [options] expressions in the page */
    guarded: (attacks, { plant = "null", prepare = MARKUP } = {}) => page.evaluate(`(async () => harness.guarded(${JSON.stringify(attacks)}, ${places}, await ${prepare}, ${plant}))()`),
    /** @param {Attack[]} attacks @returns {Promise<(number | string)[]>} */
    unguarded: (attacks) => page.evaluate(`harness.unguarded(${JSON.stringify(attacks)})`),
  };
}
