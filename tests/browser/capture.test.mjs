// @ts-check
/** What is told of a visit, in real browsers: page views, clicks, goals; and what never is. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claims } from "./claims.mjs";
import { endGroup, spawnGroup } from "./drivers/children.mjs";
import { findChromium } from "./drivers/find.mjs";
import { until } from "./drivers/wait.mjs";

/**
 * Opens a page that captures from its start; `told` collects what capture says.
 * @param {import("./claims.mjs").Site} site @param {string} html @param {object} [options] goals, config
 * @param {import("./server.mjs").Knobs} [knobs]
 */
async function visit({ open }, html, options = {}, knobs) {
  const page = await open(html, knobs);
  await page.evaluate(`(() => {
    window.told = []; window.control = new AbortController();
    lib.startCapture({ ...${JSON.stringify(options)}, signal: control.signal,
      emit: ({ type, properties }) => told.push(type + (properties ? " " + JSON.stringify(properties) : type === "page_view" ? " " + location.pathname + location.search + location.hash : "")),
      goal: (key) => told.push("goal " + key),
      onPage: (facts) => { window.facts = facts; } });
    return new Promise((done) => setTimeout(done));
  })()`);
  await page.waitFor("told.length || window.facts");
  return { page, told: () => page.evaluate("told"), path: await page.evaluate("location.pathname") };
}

/** Longer than capture waits for a storm to end. */
const SETTLED = 400;

claims("capture", {
  "a load is one page view, with its facts before it": async (site) => {
    const { page, told, path } = await visit(site, "<p>x</p>");
    assert.deepEqual(await told(), [`page_view ${path}`]);
    const facts = await page.evaluate("facts");
    assert.equal(facts["page.path"], path);
    assert.equal(facts["page.host"], "127.0.0.1");
    assert.equal(facts["page.url"], site.server.url + path);
    assert.equal(facts["page.title"], "page");
    assert.equal(facts["device.type"], "desktop");
    assert.equal(facts["device.language"], await page.evaluate("navigator.language"));
  },
  "facts hold the query by name, bounded, and no hash": async (site) => {
    const { page, path } = await visit(site, "");
    const facts = await page.evaluate((/** @type {string} */ path) => {
      history.replaceState(null, "", `${path}?a=1&a=2&b=%26&__proto__=x&${"n".repeat(100)}=1&long=${"v".repeat(3000)}&${Array.from({ length: 40 }, (_, i) => `q${i}=1`).join("&")}#secret`);
      return /** @type {any} */ (window).lib.pageFacts();
    }, path);
    assert.equal(facts["page.query.a"], "1");
    assert.equal(facts["page.query.b"], "&");
    assert.equal(facts["page.query.__proto__"], "x");
    assert.equal(facts[`page.query.${"n".repeat(64)}`], "1");
    assert.equal(facts["page.query.long"].length, 500);
    assert.equal(Object.keys(facts).filter((name) => name.startsWith("page.query.")).length, 19);
    assert.equal(facts["page.url"].length, 2000);
    assert.ok(!JSON.stringify(facts).includes("secret"));
  },
  "a hash route is the page's path, an anchor is not a page": async (site) => {
    const { page, told, path } = await visit(site, "<p id=x>x</p>", { goals: [{ key: "cart", page: "/cart*" }] });
    for (const hash of ["#x", "#/cart/1?coupon=2", "#!/thanks"]) {
      await page.evaluate(`(location.hash = "${hash}", pause(${SETTLED}))`);
    }
    assert.deepEqual(await told(), [`page_view ${path}`, `page_view ${path}#/cart/1?coupon=2`, "goal cart", `page_view ${path}#!/thanks`]);
    assert.equal(await page.evaluate("facts['page.path']"), "/thanks");
  },
  "each navigation in the page is one page view; the same address is none": async (site) => {
    const { page, told, path } = await visit(site, "");
    for (const script of ["history.pushState(1, '', '/a')", "history.pushState(2, '', '/a')", "history.replaceState(3, '', '/b?x=1')", "history.replaceState(4, '', location.href)", "history.replaceState(5, '')", "history.pushState(6, '', '#anchor')"])
      await page.evaluate(`${script}, pause(${SETTLED})`);
    assert.deepEqual(await told(), [`page_view ${path}`, "page_view /a", "page_view /b?x=1"]);
    await page.evaluate(`history.go(-2), pause(${SETTLED})`);
    assert.deepEqual((await told()).slice(3), ["page_view /a"]);
  },
  "a page view is told before the task after the navigation": async (site) => {
    const { page } = await visit(site, "");
    assert.equal(await page.evaluate(async () => {
      history.pushState(1, "", "/at-once");
      await new Promise((done) => setTimeout(done));
      return /** @type {any} */ (window).told.at(-1);
    }), "page_view /at-once");
  },
  "a storm of navigations is its first and its last": async (site) => {
    const { page, told, path } = await visit(site, "");
    await page.evaluate(`(() => { for (let i = 0; i < 60; i++) history.pushState(i, "", "/sync/" + i); return pause(${SETTLED}); })()`);
    await page.evaluate(`(async () => { for (let i = 0; i < 30; i++) { history.replaceState(i, "", "/scroll?" + i); await pause(10); } await pause(${SETTLED}); })()`);
    assert.deepEqual(await told(), [`page_view ${path}`, "page_view /sync/59", "page_view /scroll?0", "page_view /scroll?29"]);
  },
  "without the Navigation API the history is enough, and is given back on stop": async (site) => {
    const page = await site.open("");
    const result = await page.evaluate(`(async () => {
      Object.defineProperty(globalThis, "navigation", { value: undefined, configurable: true });
      const before = [history.pushState, history.replaceState], told = [], control = new AbortController();
      lib.startCapture({ emit: () => told.push(location.pathname + location.hash), goal() {}, onPage() {}, signal: control.signal });
      await pause(50);
      const length = history.length;
      for (const action of [() => history.pushState({ a: 1 }, "", "/a"), () => history.replaceState(null, "", "/b"), () => history.pushState(null, "", "/c"), () => history.back(), () => (location.hash = "#/d")]) { action(); await pause(${SETTLED}); }
      control.abort();
      history.pushState(null, "", "/after");
      await pause(${SETTLED});
      return { told: told.slice(1), restored: history.pushState === before[0] && history.replaceState === before[1] };
    })()`);
    assert.deepEqual(result, { told: ["/a", "/b", "/c", "/b", "/b#/d"], restored: true });
  },
  "a patch laid over ours stays, and ours falls silent": async (site) => {
    const page = await site.open("");
    const result = await page.evaluate(`(async () => {
      Object.defineProperty(globalThis, "navigation", { value: undefined, configurable: true });
      const told = [], control = new AbortController();
      lib.startCapture({ emit: () => told.push(1), goal() {}, onPage() {}, signal: control.signal });
      await pause(50);
      const ours = history.pushState, theirs = function (...args) { return ours.apply(this, args); };
      history.pushState = theirs;
      control.abort();
      history.pushState(null, "", "/after");
      await pause(${SETTLED});
      return [history.pushState === theirs, told.length, location.pathname];
    })()`);
    assert.deepEqual(result, [true, 1, "/after"]);
  },
  "a real click on a marked element is a click with its name, whatever the page does with the event": async (site) => {
    const { page, told } = await visit(site, `<button data-parlour-click=buy onclick="event.stopImmediatePropagation(); event.preventDefault()">secret <b id=b>text</b></button><p id=p>x</p><div id=host></div>
      <script>document.addEventListener("click", (event) => event.stopImmediatePropagation(), true);
      document.querySelector("#host").attachShadow({ mode: "open" }).innerHTML = "<button data-parlour-click=inner>in</button>"</script>`);
    for (const selector of ["#b", "#p"]) await page.click(selector);
    await page.evaluate(`document.querySelector("#host").shadowRoot.firstChild.click()`);
    assert.deepEqual((await told()).slice(1), ['click {"name":"buy"}', 'click {"name":"inner"}']);
  },
  "goals by click, submit and page are reached without code": async (site) => {
    const goals = [{ key: "asked", click: ".contact a" }, { key: "sent", submit: "form.order" }, { key: "done", page: "/thanks*" }, { key: "never", click: "a[", submit: "((", page: "" }];
    const { page, told } = await visit(site, `<p class=contact><a href="#x"><b id=b>ask</b></a></p><a id=other href="#y">o</a>
      <form class=order onsubmit="event.preventDefault(); event.stopPropagation()"><input name=matches value=v><input name=id><button id=s>send</button></form>
      <form class=other onsubmit="event.preventDefault()"><button id=t>send</button></form>`, { goals });
    for (const selector of ["#b", "#other", "#s", "#t"]) await page.click(selector);
    await page.evaluate(`history.pushState(0, "", "/thanks/42"), pause(${SETTLED})`);
    assert.deepEqual((await told()).slice(1), ["goal asked", "goal sent", "page_view /thanks/42", "goal done"]);
  },
  "a visible goal is half in view: late elements too, once a page view, long ones by half a window": async (site) => {
    const goals = [{ key: "seen", visible: ".seen" }, { key: "long", visible: "#long" }, { key: "late", visible: ".late" }, { key: "bad", visible: "((" }];
    const { page, told } = await visit(site, `<div style="height:3000px">top</div><div class=seen style="height:100px">s</div><div style="height:3000px"></div><div id=long style="height:20000px">long</div><main></main>`, { goals });
    const spoken = async () => (await page.evaluate("frames_(4).then(() => pause(60)).then(() => told)")).filter((/** @type {string} */ line) => line.startsWith("goal"));
    assert.deepEqual(await spoken(), []);
    const scroll = (/** @type {string} */ y) => page.evaluate(`scrollTo(0, ${y})`);
    await scroll("3000 - innerHeight + 40");
    assert.deepEqual(await spoken(), [], "40 of 100 px are not half");
    await scroll("3000 - innerHeight + 60");
    assert.deepEqual(await spoken(), ["goal seen"]);
    await scroll("0");
    await scroll("3000");
    assert.deepEqual(await spoken(), ["goal seen"]);
    // In small steps, as a wheel scrolls: no jump that tells more than a step would.
    for (let part = 0.9; part > 0.55; part -= 0.1) await scroll(`6100 - innerHeight * ${part}`).then(spoken);
    assert.deepEqual(await spoken(), ["goal seen"], "0.4 of a window is not half");
    await scroll("6100 - innerHeight * 0.45").then(spoken);
    await scroll("6100 - innerHeight * 0.2").then(spoken);
    await scroll("6100");
    assert.deepEqual(await spoken(), ["goal seen", "goal long"]);
    await page.evaluate(`document.querySelector("div").insertAdjacentHTML("beforebegin", "<p class=late>late</p>"), scrollTo(0, 0)`);
    assert.deepEqual(await spoken(), ["goal seen", "goal long", "goal late"]);
    await page.evaluate(`history.pushState(0, "", "/next"), pause(${SETTLED})`);
    assert.deepEqual(await spoken(), ["goal seen", "goal long", "goal late", "goal late"], "a new page view starts anew");
  },
  "the values of inputs are never read: each getter is a canary": async (site) => {
    const goals = [{ key: "sent", submit: "form" }, { key: "typed", click: "input" }, { key: "seen", visible: "input" }];
    const { page, told } = await visit(site, `<p>x</p>`, { goals });
    await page.evaluate(`(() => {
      window.read = [];
      for (const { prototype } of [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement, HTMLOptionElement, HTMLButtonElement])
        for (const name of ["value", "valueAsNumber", "valueAsDate", "defaultValue", "checked", "defaultChecked", "files", "selectedIndex", "selectedOptions", "options", "text", "selectionStart"]) {
          const own = Object.getOwnPropertyDescriptor(prototype, name);
          if (own && own.get) Object.defineProperty(prototype, name, { ...own, get() { read.push(name); return own.get.call(this); } });
        }
      const form = HTMLFormElement.prototype;
      const own = Object.getOwnPropertyDescriptor(form, "elements");
      Object.defineProperty(form, "elements", { ...own, get() { read.push("elements"); return own.get.call(this); } });
      const data = FormData; window.FormData = class extends data { constructor(...args) { super(...args); read.push("FormData"); } };
      document.body.innerHTML = '<form onsubmit="event.preventDefault()" data-parlour-click=form><input id=i value=secret><textarea id=a>secret</textarea><select><option>secret</select><button id=s>go</button></form>';
    })()`);
    for (const selector of ["#i", "#a", "#s"]) await page.click(selector);
    await page.evaluate("frames_(4).then(() => pause(60))");
    assert.deepEqual(await page.evaluate("read"), []);
    const said = await told();
    assert.ok(["goal sent", "goal typed", "goal seen"].every((line) => said.includes(line)), String(said));
    assert.ok(!JSON.stringify(said).includes("secret"));
    await page.evaluate("document.querySelector('#i').value");
    assert.deepEqual(await page.evaluate("read"), ["value"], "the canary sings when a value is read");
  },
  "touchpoints can be switched off, goals remain": async (site) => {
    const { page, told } = await visit(site, `<button id=b data-parlour-click=x>x</button>`, { config: { page_view: false, click: false }, goals: [{ key: "pressed", click: "#b" }] });
    await page.click("#b");
    assert.deepEqual(await told(), ["goal pressed"]);
  },
  "after stop nothing is told": async (site) => {
    const { page, told } = await visit(site, `<button id=b data-parlour-click=x>x</button>`, { goals: [{ key: "g", click: "#b", visible: ".v", page: "/gone" }] });
    await page.evaluate("control.abort()");
    await page.click("#b");
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", "<p class=v>v</p>"), history.pushState(0, "", "/gone"), pause(${SETTLED})`);
    assert.equal((await told()).length, 1);
  },
});

// In a browser of its own: Firefox's driver waits in vain for the next load of a tab that came out of the cache.
claims("capture over the back/forward cache", {
  "a page that comes back from the back/forward cache is viewed again": async (site) => {
    const { page, told, path } = await visit(site, "", {}, { headers: { "cache-control": "no-cache" } });
    site.server.route("/elsewhere", { body: "<!doctype html>" });
    await page.evaluate("void setTimeout(() => { location.href = '/elsewhere'; }, 50)");
    await page.waitFor("location.pathname === '/elsewhere' && document.readyState === 'complete'");
    await page.evaluate("void setTimeout(() => history.back(), 50)");
    await page.waitFor(`location.pathname === "${path}"`);
    await page.waitFor("window.told && told.length > 1");
    await page.evaluate(`pause(${SETTLED})`);
    assert.deepEqual(await told(), [`page_view ${path}`, `page_view ${path}`], "the document kept its memory, so it was not loaded anew");
  },
});

claims("capture of a prerendered page", {
  "nothing is told before the page is shown": async ({ server }) => {
    // Chromium prerenders only where no debugger is attached, so what happens is seen from the server.
    server.route("/start", { body: `<!doctype html><script type=speculationrules>{"prerender":[{"urls":["/pre"],"eagerness":"immediate"}]}</script>
      <script>setTimeout(async function go() { (await fetch("/may-go")).ok ? (location.href = "/pre") : setTimeout(go, 100); }, 100)</script>` });
    server.route("/pre", { body: `<!doctype html><script type=module>
      import { startCapture } from "/capture.js";
      const say = (what) => fetch("/said?" + what + "=" + document.prerendering);
      startCapture({ signal: new AbortController().signal, goals: [{ key: "g", page: "/pre" }], onPage: () => say("facts"), emit: ({ type }) => say(type), goal: (key) => say("goal") });
      setTimeout(() => say("loaded"), 300);
    </script>` });
    server.route("/said", { body: "" });
    server.route("/may-go", { status: 503, body: "" });
    const profile = await mkdtemp(join(tmpdir(), "parlour-"));
    const child = spawnGroup(String(findChromium()), ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", `--user-data-dir=${profile}`, `${server.url}/start`]);
    const said = () => server.requests("/said").map(({ query }) => query.slice(1));
    try {
      await until(async () => said().length, 20_000, "the page is prerendered");
      assert.deepEqual(said(), ["loaded=true"]);
      server.route("/may-go", { body: "" });
      await until(async () => said().length >= 4, 20_000, "the page is shown");
      assert.deepEqual(said().sort(), ["facts=false", "goal=false", "loaded=true", "page_view=false"]);
    } finally {
      await endGroup(child);
      await rm(profile, { recursive: true, force: true });
    }
  },
}, { engines: ["chromium"] });
