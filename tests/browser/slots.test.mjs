// @ts-check
/** Recommendations in a page: rendered from the site's template, seen, clicked, re-rendered and taken away. */
import assert from "node:assert/strict";
import { claims } from "./claims.mjs";

const CARDS = {
  items: {
    1: { item: "mug", title: "Mug <b>one</b>", price: "12.50", currency: "EUR", image: "/mug.svg", url: "/product/mug", stock: 5 },
    2: { item: "cup", title: "Cup", price: "1200", currency: "JPY", image: "/cup.svg", url: "/product/cup", stock: 0 },
    3: { item: "pot", title: "Pot", price: "9.00", currency: "???", image: "/pot.svg", url: "/product/pot" },
    4: { item: "lid", title: "Lid", price: "2.00", currency: "EUR", image: "javascript:hit()", url: "javascript:hit()", stock: 1 },
    5: { item: "jug", title: "Jug", price: "3.00", currency: "EUR", image: "//evil.example/x.png", url: "//evil.example/", stock: 1 },
  },
};
const TEMPLATE = `<template><a data-field-href="url" data-field-onclick="title" data-field-style="title"><img data-field-src="image" data-field-alt="title"><span data-field="title">old</span>
  <span data-field="price"></span><small data-field="reason"></small><em data-field="constructor">none</em><script data-field="title" type="text/plain"></script></a></template>`;
const PAGE = `<section id=s><h2>For you</h2>${TEMPLATE}<p>after</p></section>`;
const LIST = { list: "list-1", items: [{ number: 1, because: 3, reason: "covisit" }, { number: 2, because: 3, reason: "covisit" }, { number: 99, reason: "popular" }, { number: 3, reason: "popular" }, { number: 4, because: 77, reason: "covisit" }, { number: 5, reason: "odd" }] };
const SLOT = { key: "for-you", select: "#s", cards: "/cards.json", count: 4, exclude: ["out_of_stock"], text: { covisit: "Because you viewed {title}", popular: "Popular" } };

/** @param {import("./claims.mjs").Site} site @param {{html?: string, slot?: object, list?: object, cards?: object, before?: string, run?: (tools: any) => any}} options */
async function shop({ open }, { html = PAGE, slot = {}, list = LIST, cards = CARDS, before = "", run = () => {} } = {}) {
  const page = await open(html);
  const result = await page.evaluate(`(async () => {
    window.hits = 0; window.hit = () => { hits++; };
    window.told = []; window.problems = []; window.asked = []; window.control = new AbortController();
    const q = (selector) => document.querySelector(selector), list = (window.list = ${JSON.stringify(list)});
    ${before};
    window.before = record();
    window.slots = lib.createSlots({ slots: [${JSON.stringify({ ...SLOT, ...slot })}], signal: control.signal,
      fetchCards: async (url) => { asked.push(url); return ${JSON.stringify(cards)}; },
      recommend: async (key, count, among) => { asked.push(key, count); if (!among) return list; asked.push(among); return { ...list, items: list.items.filter(({ number }) => among.includes(number)) }; },
      load: () => import(globalThis.rerankAt ?? "/rerank.js"),
      emit: (touchpoint) => told.push(touchpoint), report: (problem) => problems.push(problem) });
    await pause(100);
    return (${run})({ q, told, problems, asked, control, slots, list, frames: frames_, pause, record, differences, before });
  })()`);
  return { page, result, told: () => page.evaluate("frames_(4).then(() => pause(60)).then(() => told)") };
}

claims("slots", {
  "cards are filled into the template's copies, as text and checked attributes": async (site) => {
    const { result } = await shop(site, {
      run: ({ q, asked, problems, before, differences, control }) => {
        const cards = [...document.querySelectorAll("#s > a")];
        const filled = cards.map((card) => [card.getAttribute("href"), card.querySelector("img")?.getAttribute("src"), card.querySelector("img")?.alt, ...[...card.querySelectorAll("span, small, em")].map((each) => each.textContent)]);
        const odd = cards.some((card) => card.hasAttribute("onclick") || card.hasAttribute("style") || card.querySelector("script")?.textContent);
        const order = [...q("#s").children].map((each) => each.localName).join(" ");
        const list = q("#s").getAttribute("data-parlour-list");
        control.abort();
        return { filled, odd, order, list, asked, codes: problems.map((/** @type {any} */ problem) => problem.key + " " + problem.code), left: differences(before), hits: /** @type {any} */ (window).hits };
      },
    });
    const price = (/** @type {number} */ amount) => new Intl.NumberFormat("en", { style: "currency", currency: "EUR" }).format(amount);
    assert.deepEqual(result.filled, [
      ["/product/mug", "/mug.svg", "Mug <b>one</b>", "Mug <b>one</b>", price(12.5), "Because you viewed Pot", "none"],
      ["/product/pot", "/pot.svg", "Pot", "Pot", "9.00", "Popular", "none"],
      [null, null, "Lid", "Lid", price(2), "", "none"],
      [null, null, "Jug", "Jug", price(3), "", "none"],
    ]);
    assert.deepEqual({ ...result, filled: 0 }, { filled: 0, odd: false, order: "h2 template a a a a p", list: "list-1", asked: ["/cards.json", "for-you", 8], codes: ["for-you refused"], left: [], hits: 0 });
  },
  "the words of a reason are the site's, and a title cannot rewrite them": async (site) => {
    const cards = { items: { 1: { item: "a", title: "A" }, 2: { item: "b", title: "$& {title}" } } };
    const { result } = await shop(site, { cards, slot: { text: { covisit: "Passt zu {title}", popular: "Beliebt" } }, list: { list: "l", items: [{ number: 1, because: 2, reason: "covisit" }, { number: 2, reason: "popular" }] },
      run: () => [...document.querySelectorAll("#s small")].map((each) => each.textContent) });
    assert.deepEqual(result, ["Passt zu $& {title}", "Beliebt"]);
  },
  "items out of stock are shown where the slot does not exclude them, and no more than count": async (site) => {
    const { result } = await shop(site, { slot: { exclude: [], count: 2 }, run: () => [...document.querySelectorAll("#s > a span:first-of-type")].map((each) => each.textContent) });
    assert.deepEqual(result, ["Mug <b>one</b>", "Cup"]);
  },
  "the list arrives in one step": async (site) => {
    const { result } = await shop(site, {
      before: "window.steps = []; new MutationObserver((records) => records.forEach(({ addedNodes }) => addedNodes.length && steps.push(addedNodes.length))).observe(document.body, { childList: true, subtree: true })",
      run: () => /** @type {any} */ (window).steps,
    });
    assert.deepEqual(result, [4]);
  },
  "half in view is an impression, once a list; a click has its position": async (site) => {
    const { page, told } = await shop(site, { html: `<div style="height:3000px"></div>${PAGE}<style>#s{height:200px}</style>` });
    assert.deepEqual(await told(), []);
    await page.evaluate("scrollTo(0, 3000 - innerHeight + 60)");
    assert.deepEqual(await told(), [], "not half of it");
    await page.evaluate("scrollTo(0, 3000 - innerHeight + 180)");
    const view = { type: "slot_view", items: [{ item: "mug" }, { item: "pot" }, { item: "lid" }, { item: "jug" }], properties: { list_id: "list-1", slot: "for-you" } };
    assert.deepEqual(await told(), [view]);
    await page.evaluate("scrollTo(0, 0)");
    await page.evaluate("frames_(4).then(() => scrollTo(0, 3000))");
    assert.deepEqual(await told(), [view]);
    await page.evaluate("addEventListener('click', (event) => event.preventDefault())");
    await page.click("#s > a:nth-of-type(2) span");
    await page.click("#s h2");
    assert.deepEqual((await told()).slice(1), [{ type: "slot_click", item: "pot", properties: { list_id: "list-1", slot: "for-you", position: 2 } }]);
  },
  "a new page view asks for a new list and is a new impression": async (site) => {
    const { page, told } = await shop(site);
    assert.equal((await told()).length, 1);
    await page.evaluate("slots.refresh(), pause(100)");
    assert.deepEqual(await page.evaluate("[document.querySelectorAll('#s > a').length, asked]"), [4, ["/cards.json", "for-you", 8, "/cards.json", "for-you", 8]]);
    assert.equal((await told()).length, 2);
  },
  "the old list stays until the new one is there, and goes when there is nothing new": async (site) => {
    const { page } = await shop(site);
    const result = await page.evaluate(`(async () => {
      const old = document.querySelector("#s > a"), seen = [];
      new MutationObserver(() => seen.push(document.querySelectorAll("#s > a").length)).observe(document.querySelector("#s"), { childList: true });
      slots.refresh();
      const during = old.isConnected;
      await pause(100);
      return { during, after: old.isConnected, seen };
    })()`);
    assert.deepEqual(result, { during: true, after: false, seen: [4] });
    const empty = await shop(site, { before: "setTimeout(() => { list.items = []; }, 60)", run: async ({ slots, pause, differences, before }) => {
      const first = document.querySelectorAll("#s > a").length;
      slots.refresh();
      await pause(100);
      return { first, left: differences(before) };
    } });
    assert.deepEqual(empty.result, { first: 4, left: [] });
  },
  "a slot that comes late or is rendered anew is filled, with the same list": async (site) => {
    const { page, told } = await shop(site, { html: "<main></main>" });
    const fill = `document.querySelector("main").innerHTML = ${JSON.stringify(PAGE)}, pause(100).then(() => [document.querySelectorAll("#s > a").length, asked.length])`;
    assert.deepEqual(await page.evaluate(fill), [4, 3]);
    assert.equal((await told()).length, 1);
    assert.deepEqual(await page.evaluate(fill), [4, 3]);
    await page.evaluate("document.querySelector('#s > a').remove(), pause(100)");
    assert.deepEqual(await page.evaluate("document.querySelectorAll('#s > a').length"), 4);
    assert.equal((await told()).length, 1, "the same list is one impression");
  },
  "a page that keeps removing the list wins": async (site) => {
    const { page, result } = await shop(site, {
      before: "window.removed = 0; new MutationObserver(() => { for (const each of document.querySelectorAll('#s > a')) each.remove(), removed++; }).observe(document.body, { childList: true, subtree: true })",
      run: async ({ pause }) => {
        await pause(1500);
        return /** @type {any} */ (window).removed;
      },
    });
    assert.equal(result, 20 * 4);
    assert.equal(await page.evaluate("pause(300).then(() => removed)"), 20 * 4);
  },
  "with nothing to show, no template or a bad selector the page stays as it was": async (site) => {
    for (const [options, codes] of /** @type {[object, string[]][]} */ ([
      [{ list: { list: "l", items: [] } }, []],
      [{ cards: { items: {} } }, []],
      [{ list: { list: "l", items: [{ number: 0, reason: "popular" }, { number: -1, reason: "popular" }] } }, []],
      [{ html: "<section id=s>x</section>" }, ["template"]],
      [{ slot: { select: "((" } }, ["selector"]],
      [{ html: "<p>x</p>" }, []],
      [{ cards: {} }, ["failed"]],
    ])) {
      const { result } = await shop(site, { ...options, run: async ({ problems, before, differences, frames }) => {
        document.body.append(document.createElement("hr"));
        await frames(3);
        document.querySelector("hr")?.remove();
        return { codes: problems.map((/** @type {any} */ problem) => problem.code), left: differences(before) };
      } });
      assert.deepEqual(result, { codes, left: [] }, JSON.stringify(options));
    }
  },
  "a list that comes after the next page view began is not shown": async (site) => {
    const page = await site.open(PAGE);
    const result = await page.evaluate(`(async () => {
      let calls = 0;
      const slots = lib.createSlots({ slots: [${JSON.stringify(SLOT)}], signal: new AbortController().signal, fetchCards: async () => (${JSON.stringify(CARDS)}), emit() {}, report() {},
        recommend: async () => { const call = ++calls; await pause(call === 1 ? 200 : 20); return { ...${JSON.stringify(LIST)}, list: "list-" + call }; } });
      slots.refresh();
      await pause(400);
      return [calls, document.querySelector("#s").dataset.parlourList, document.querySelectorAll("#s > a").length];
    })()`);
    assert.deepEqual(result, [2, "list-2", 4]);
  },
  "cards that fail to load are reported, and nothing breaks": async (site) => {
    const page = await site.open(PAGE);
    const result = await page.evaluate(`(async () => {
      const before = record(), problems = [], rejected = [];
      addEventListener("unhandledrejection", (event) => rejected.push(String(event.reason)));
      const control = new AbortController();
      lib.createSlots({ slots: [${JSON.stringify(SLOT)}], signal: control.signal, fetchCards: () => Promise.reject(new Error("offline")), recommend: () => ({ list: "l", items: [] }), emit() {}, report: (problem) => problems.push(problem) });
      await pause(100);
      return { problems, rejected, left: differences(before) };
    })()`);
    assert.deepEqual(result, { problems: [{ key: "for-you", code: "failed", detail: "Error: offline" }], rejected: [], left: [] });
  },
  "stopped while cards load, nothing is rendered": async (site) => {
    const page = await site.open(PAGE);
    const result = await page.evaluate(`(async () => {
      const before = record(), control = new AbortController();
      lib.createSlots({ slots: [${JSON.stringify(SLOT)}], signal: control.signal, fetchCards: () => pause(50).then(() => (${JSON.stringify(CARDS)})), recommend: () => (${JSON.stringify(LIST)}), emit() {}, report() {} });
      control.abort();
      await pause(150);
      return differences(before);
    })()`);
    assert.deepEqual(result, []);
  },
});

const ITEMS = ["pot", "lid", "mug", "cup", "ant"];
const ROOM = `<ul id=s><li class=ad>ad</li>${ITEMS.map((item) => `<!-- ${item} --><li data-item=${item}><a href="#${item}">${item}</a><input value=${item}></li>\n`).join("")}<li>last</li></ul>`;
/** Best first: of the page's items jug is none, cup is out of stock, ant is not in the catalogue. */
const BEST = { list: "list-2", items: [{ number: 5, reason: "popular" }, { number: 1, because: 3, reason: "covisit" }, { number: 2, reason: "popular" }, { number: 4, reason: "popular" }] };
const RERANK = { slot: { rerank: "data-item" }, html: ROOM, list: BEST };
const ORDER = `[...document.querySelectorAll("#s > *")].map((each) => each.dataset.item ?? each.textContent).join(" ")`;

claims("slots that re-rank", {
  "the best come first among the items, all else stays in its place, and stop() puts all back to the node": async (site) => {
    const { page, result } = await shop(site, { ...RERANK, run: ({ asked, problems, q }) => ({ asked, problems, list: q("#s").dataset.parlourList }) });
    assert.deepEqual(result, { asked: ["/cards.json", "for-you", 8, [1, 2, 3, 4]], problems: [], list: "list-2" });
    assert.equal(await page.evaluate(ORDER), "ad mug lid pot cup ant last");
    assert.deepEqual(await page.evaluate("control.abort(), differences(before)"), []);
  },
  "impressions and clicks are those of what was put first": async (site) => {
    const { page, told } = await shop(site, RERANK);
    const properties = { list_id: "list-2", slot: "for-you" };
    const view = { type: "slot_view", items: [{ item: "mug" }, { item: "lid" }], properties };
    assert.deepEqual(await told(), [view]);
    await page.click("[data-item=lid] a");
    await page.click("[data-item=pot] a");
    assert.deepEqual(await told(), [view, { type: "slot_click", item: "lid", properties: { ...properties, position: 2 } }]);
    await page.evaluate("control.abort()");
    await page.click("[data-item=lid] a");
    assert.equal((await told()).length, 2);
  },
  "focus and what was written stay, there and back": async (site) => {
    const { result } = await shop(site, { ...RERANK, before: 'q("[data-item=mug] input").focus(); q("[data-item=mug] input").value = "half a word"; list.items.reverse()', run: ({ q, control }) => {
      const input = q("[data-item=mug] input");
      const first = [document.activeElement === input, input.value];
      control.abort();
      return [...first, document.activeElement === input, input.value];
    } });
    assert.deepEqual(result, [true, "half a word", true, "half a word"]);
  },
  "tabbing goes in the order that is seen": async (site) => {
    const { result } = await shop(site, { ...RERANK, run: () => {
      const links = [...document.querySelectorAll("#s a")];
      return links.map((link) => link.getBoundingClientRect().top).every((top, at, all) => at === 0 || top > (all[at - 1] ?? 0));
    } });
    assert.equal(result, true);
  },
  "a new page view ranks from the page's own order": async (site) => {
    const { page, told } = await shop(site, RERANK);
    await page.evaluate("list.items = [{ number: 3, reason: 'popular' }, { number: 4, reason: 'popular' }], slots.refresh(), pause(100)");
    assert.equal(await page.evaluate(ORDER), "ad pot lid mug cup ant last");
    await page.click("[data-item=mug] a");
    assert.deepEqual((await told()).map((/** @type {any} */ each) => each.items?.map((/** @type {any} */ { item }) => item).join() ?? each.item), ["mug,lid", "pot,lid"], "the mug is of no list any more");
    assert.deepEqual(await page.evaluate("control.abort(), differences(before)"), []);
  },
  "an order that page or visitor chose meanwhile stays": async (site) => {
    const { page } = await shop(site, RERANK);
    await page.evaluate("document.querySelector('#s').append(document.querySelector('[data-item=mug]')), pause(100)");
    const chosen = "ad lid pot cup ant last mug";
    assert.equal(await page.evaluate(ORDER), chosen);
    assert.equal(await page.evaluate(`control.abort(), ${ORDER}`), chosen);
  },
  "items that the page takes away and adds are its own": async (site) => {
    const { page } = await shop(site, RERANK);
    await page.evaluate("document.querySelector('[data-item=pot]').remove(), document.querySelector('#s').insertAdjacentHTML('afterbegin', '<li data-item=new>'), pause(100)");
    assert.equal(await page.evaluate(`control.abort(), ${ORDER}`), "new ad lid mug cup ant last");
  },
  "keys may stand inside the items, twice, or look like selectors": async (site) => {
    const html = `<div id=s><p><a data-item='"]'>x</a></p><p data-item=pot>1</p><p data-item=mug>2</p><p data-item=mug>3</p><p data-item>4</p></div>`;
    const { page, result } = await shop(site, { ...RERANK, html, run: ({ problems }) => problems });
    assert.deepEqual(result, []);
    assert.equal(await page.evaluate(`document.querySelector("#s").textContent`), "2x134");
  },
  "where nothing of the list is on the page, or the chunk does not come, the page stays as it was": async (site) => {
    for (const [options, codes] of /** @type {[object, string[]][]} */ ([
      [{ list: { list: "l", items: [] } }, []],
      [{ html: "<ul id=s><li>1</li></ul>" }, []],
      [{ html: "<ul id=s></ul>" }, []],
      [{ before: "globalThis.rerankAt = '/nowhere.js'" }, ["failed"]],
      [{ cards: { items: {} } }, []],
    ])) {
      const { result } = await shop(site, { ...RERANK, ...options, run: ({ problems, before, differences, told }) => ({ codes: problems.map((/** @type {any} */ problem) => problem.code), left: differences(before), told }) });
      assert.deepEqual(result, { codes, left: [], told: [] }, JSON.stringify(options));
    }
  },
  "the best of many items costs no more moves than there are best": async (site) => {
    const html = `<ul id=s>${Array.from({ length: 400 }, (_, n) => `<li data-item=${["x", "mug", "cup", "pot", "lid"][n === 350 ? 1 : n === 399 ? 4 : 0]}${n}>${n}</li>`).join("").replace("mug350", "mug").replace("lid399", "lid")}</ul>`;
    const { result } = await shop(site, { ...RERANK, html, before: "window.moved = 0; new MutationObserver((records) => records.forEach(({ addedNodes }) => (moved += addedNodes.length))).observe(document.body, { childList: true, subtree: true })",
      run: () => [/** @type {any} */ (window).moved, document.querySelector("#s")?.textContent?.slice(0, 12)] });
    assert.deepEqual(result, [2, "350399012345"]);
  },
});
