// @ts-check
/**
 * Every text of tests/vectors/attacks.mjs in every place of every kind of change: nothing runs, nothing is left, no
 * prototype is spoilt. And the proofs that a hit would be noticed.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ATTACKS } from "../vectors/attacks.mjs";
import { attacked, PLACES, POLICY } from "./attacked.mjs";
import { claims } from "./claims.mjs";
import { DIST } from "./server.mjs";

/** What `values` holds reaches the site's code as it stands in the file: each text as value, as key and in depth. */
const values = Object.fromEntries([...ATTACKS.entries()].map(([i, { text }]) => [`v${i}`, { text, [text]: [text, JSON.parse(`{${JSON.stringify(text)}: {"hit": "hit()"}, "constructor": {"prototype": {"hit": 1}}, "__proto__": {"hit": 1}}`)] }]));

/** The same in parts: no object of a plan has more than 1,000 members, and each variant is one of 64. */
const config = { site: ["127.0.0.1"], experiments: { attacked: { status: "running", variants: { a: { weight: 0 }, b: { values } } } } };

claims("attacks in changes", {
  [`${ATTACKS.length} attacks in ${PLACES.length} places of ${new Set(PLACES.map(([kind]) => kind)).size} kinds: nothing runs, nothing stays, no prototype changes`]: async (site) => {
    assert.ok(ATTACKS.length >= 330 && new Set(ATTACKS.map(({ form, text }) => form + text)).size === ATTACKS.length);
    const { guarded } = await attacked(site);
    const { cases, refused, ...found } = await guarded(ATTACKS);
    assert.deepEqual(found, { ran: [], left: [], forbidden: [], polluted: false, loud: [] });
    assert.equal(cases, ATTACKS.length * PLACES.length);
    assert.ok(refused > cases / 10, `${refused} of ${cases} refused`);
  },
  "the canary: attacks that run with nobody checking are all noticed": async (site) => {
    const running = [...ATTACKS.entries()].filter(([, { runs }]) => runs).map(([number]) => number);
    assert.ok(running.length >= 150);
    const ran = new Set(await (await attacked(site)).unguarded(ATTACKS));
    assert.deepEqual(running.filter((number) => !ran.has(number)).map((number) => ATTACKS[number]), []);
  },
  "the canary: one attack planted among thousands is noticed, and so are a spoilt prototype and what is left": async (site) => {
    const { guarded } = await attacked(site);
    const some = ATTACKS.slice(0, 20);
    const link = await guarded(some, { plant: `(area) => { const a = document.createElement("a"); a.href = "javascript:hit('planted')"; area.append(a); a.click(); }` });
    assert.deepEqual([link.ran, link.polluted], [["planted"], false]);
    const image = await guarded(some, { plant: `(area) => area.append(document.createRange().createContextualFragment("<img src=/none.svg onerror=hit('planted')>"))` });
    assert.deepEqual(image.ran, ["planted"]);
    const left = await guarded(some, { plant: `(area) => area.querySelector("p").setAttribute("title", "left")` });
    assert.equal(left.left.length, 1);
    const spoilt = await guarded(some, { plant: "() => { Object.prototype.hit = 1; }" });
    assert.equal(spoilt.polluted, true);
  },
  "values reach the page's code as they stand in the file, and spoil nothing": async (site) => {
    const authoring = await import(join(DIST, "parlour-authoring.js"));
    await authoring.init(await (await import("node:fs/promises")).readFile(join(DIST, "parlour-authoring.wasm")));
    const { plan, lines } = await authoring.compile(JSON.stringify(config));
    assert.ok(plan, lines.join("\n"));
    site.server.route("/plan.bin", { body: plan, type: "application/octet-stream" });
    site.server.route("/parlour.wasm", { file: join(DIST, "parlour.wasm") });
    const page = await site.open("", { csp: `${POLICY}; script-src 'self' 'wasm-unsafe-eval' 'nonce-n'` });
    const got = await page.evaluate(`(async () => {
      window.hit = () => { window.ran = true; };
      const parlour = await import("/parlour.js");
      parlour.start({ plan: "/plan.bin", consent: "measure" });
      await parlour.ready();
      const { values } = parlour.decide("attacked");
      // What careless code does with them.
      Object.assign({}, values, ...Object.values(values));
      return { text: JSON.stringify(values), ran: !!window.ran, polluted: "hit" in {} || "hit" in (() => {}) };
    })()`);
    assert.deepEqual(got, { text: JSON.stringify(values), ran: false, polluted: false });
  },
});
