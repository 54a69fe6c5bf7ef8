// @ts-check
/** Each thing broken on purpose, and the browser test that must turn red, by the name of its claim. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { randomBytes } from "node:crypto";
import { isInstalled } from "../browser/drivers/index.mjs";
import { ROOT, run } from "../../scripts/run.mjs";
import { failuresOver, replaceFile, withSabotaged } from "./sabotaged-build.mjs";

/** @typedef {import("./sabotaged-build.mjs").Sabotage & {what: string, tests: string, claim: string}} Row `claim`: a pattern for the tests that run */

/** @type {Row[]} */
const ROWS = [
  {
    what: "the variants are swapped",
    file: "engine.js",
    from: "variant: (packed & 255) - 1",
    to: "variant: [-1, 1, 0][packed & 255] ?? -1",
    tests: "tests/browser/engines.test.mjs",
    claim: "a script tag waits for consent",
  },
  {
    what: "the wasm is a stub whose answers are all 0",
    spoil: async (dist) => replaceFile(dist, "parlour.wasm", await stubOf(readFileSync(join(dist, "parlour.wasm")))),
    tests: "tests/browser/engines.test.mjs",
    claim: "so does the module",
  },
  {
    what: "the JavaScript of the core is that of another core, whose answers are all 0",
    spoil: (dist) => {
      const text = readFileSync(join(dist, "parlour-fallback.js"), "utf8");
      replaceFile(dist, "parlour-fallback.js", `${text.replace("export const instantiate=", "const real=")}
        export const instantiate = () => Object.fromEntries(Object.entries(real()).map(([name, value]) => [name, name === "decide" ? () => 0 : value]));`);
    },
    tests: "tests/browser/fallback.test.mjs",
    claim: "under a list of hosts",
  },
  {
    what: "consent is taken as given",
    file: "consent.js",
    from: "get allowed() {",
    to: "get allowed() {\n      return true;",
    tests: "tests/browser/consent.test.mjs",
    claim: "before anyone chose",
  },
  {
    what: "an event gets a new id each time it is sent",
    file: "transport.js",
    from: "batch.map((record) => record.text)",
    to: 'batch.map((record) => record.text.replace(record.id, record.id.slice(0, -6) + String(Math.random()).slice(2, 8)))',
    tests: "tests/browser/delivery.test.mjs",
    claim: "same ids",
  },
  {
    what: "any answer counts as an acknowledgement",
    file: "transport.js",
    from: "answer?.success === true ?",
    to: "status ?",
    tests: "tests/browser/delivery.test.mjs",
    claim: "an answer of html acknowledges nothing",
  },
  {
    what: "every signature is taken as sound",
    file: "signature.js",
    from: "return await crypto.subtle.verify(",
    to: "return (await 1) || await crypto.subtle.verify(",
    tests: "tests/browser/signed.test.mjs",
    claim: "refuses every other plan",
  },
  {
    what: "any key may sign a plan",
    file: "signature.js",
    from: "isKnown ||= ",
    to: "isKnown = true || ",
    tests: "tests/browser/signed.test.mjs",
    claim: "refuses every other plan",
  },
  {
    what: "an older plan is taken",
    file: "signed.js",
    from: "found.version < last.version",
    to: "found.version < 0",
    tests: "tests/browser/signed.test.mjs",
    claim: "goes on with the last valid plan",
  },
  {
    what: "preview links are not checked",
    file: "signature.js",
    from: "return await crypto.subtle.verify(",
    to: "return (await 1) || await crypto.subtle.verify(",
    tests: "tests/browser/preview.test.mjs",
    claim: "is refused when it is changed",
  },
  {
    what: "wasm runs whatever its digest",
    file: "load.js",
    from: "const response = await get(url, digestOf(url));",
    to: "const response = await get(url);",
    tests: "tests/browser/policies.test.mjs",
    claim: "a wasm that was tampered with is refused",
  },
  {
    what: "chunks are imported unchecked",
    file: "load.js",
    from: "const digest = digestOf(`${url}`);",
    to: "const digest = '';",
    tests: "tests/browser/policies.test.mjs",
    claim: "the JavaScript of the core runs from checked bytes",
  },
  {
    what: "problems are sent without end",
    file: "visit.js",
    from: "told.size >= PROBLEMS",
    to: "told.size >= 1000",
    tests: "tests/browser/problems.test.mjs",
    claim: "are at most twenty",
  },
  {
    what: "frames of other sites are worked in",
    file: "api.js",
    from: "if (isForeign()) {",
    to: "if (false) {",
    tests: "tests/browser/policies.test.mjs",
    claim: "another site's page does nothing",
  },
  {
    what: "markup is not sanitised",
    file: "html.js",
    from: "    const content = sanitise(`${html}`, element.localName);\n    judge(content);",
    to: "    const content = document.createElement('div');\n    content.innerHTML = html;",
    tests: "tests/browser/attacks.test.mjs",
    claim: "nothing runs",
  },
  {
    what: "only the start of a redirect's address is looked at",
    file: "redirect.js",
    from: "  if (!parts || to.length > 2000 || (!parts[1] && to[0] !== '/')) return;",
    to: "  if (!parts) return to[0] === '/' ? new URL(to, from).href : undefined;",
    tests: "tests/browser/redirect.test.mjs",
    claim: "refuses in the page what the compiler refuses",
  },
  {
    what: "items are re-ranked without care for focus",
    file: "rerank.js",
    from: "keepFocus(() => arrange(list, after));",
    to: "arrange(list, after);",
    tests: "tests/browser/slots.test.mjs",
    claim: "focus and what was written stay",
  },
  {
    what: "a re-ranked list is put back over an order that was chosen meanwhile",
    file: "rerank.js",
    from: ".every((element, place) => element === ours[place])",
    to: ".every(() => true)",
    tests: "tests/browser/slots.test.mjs",
    claim: "chose meanwhile stays",
  },
  {
    what: "attributes and addresses are not checked",
    file: "allowed.js",
    from: "export const checkAttribute = (element, name, value) => {",
    to: "export const checkAttribute = (element, name, value) => {\n  return;",
    tests: "tests/browser/apply-hostile.test.mjs",
    claim: "attacks are refused",
  },
  {
    what: "every address is allowed",
    file: "allowed.js",
    from: "!isAllowedUrl(`${value}`, name !== 'href')",
    to: "false",
    tests: "tests/browser/attacks.test.mjs",
    claim: "nothing runs, nothing stays",
  },
  {
    what: "every element may be inserted",
    file: "allowed.js",
    from: "!INSERTABLE.test(tag) ||",
    to: "",
    tests: "tests/browser/attacks.test.mjs",
    claim: "nothing runs, nothing stays",
  },
  {
    what: "the late rule is off",
    file: "visit.js",
    from: "reason !== 'preview' && wasSeen(targets)",
    to: "reason !== 'preview' && false",
    tests: "tests/browser/flicker.test.mjs",
    claim: "an async tag that comes late",
  },
  {
    what: "what is remembered is shown whatever the visitor allows",
    file: "first.js",
    from: "if (v === 1 && !/denied|unknown/",
    to: "if (v === 1 || !/denied|unknown/",
    tests: "tests/browser/first.test.mjs",
    claim: "goes with everything else",
  },
  {
    what: "rows are looked for in the wrong file",
    file: "rows.js",
    from: "Math.imul(hash ^ byte, 0x01000193)",
    to: "hash ^ byte",
    tests: "tests/browser/rows.test.mjs",
    claim: "are fetched for what is viewed",
  },
  {
    what: "what was forgotten is kept once more when there is time",
    file: "visit.js",
    from: "    remembers = undefined;\n",
    to: "",
    tests: "tests/browser/first.test.mjs",
    claim: "finds time only after it was forgotten",
  },
  {
    what: "what is to be kept is thrown away until there is a storage",
    file: "visit.js",
    from: "    if (storage === undefined) return;\n",
    to: "",
    tests: "tests/browser/slow-storage.test.mjs",
    claim: "holds up nobody who is new",
  },
  {
    what: "rows of what lies in the cart are never handed over",
    file: "lists.js",
    from: "    wasm.baskets();\n",
    to: "",
    tests: "tests/browser/lists.test.mjs",
    claim: "complete the cart",
  },
  {
    what: "a slot that got no list does not say so",
    file: "slots.js",
    from: "if (nodes.length || state.slot.lists) element",
    to: "if (nodes.length) element",
    tests: "tests/browser/lists.test.mjs",
    claim: "leave the slot as it is",
  },
  {
    what: "nobody waits for storage",
    file: "storage.js",
    from: ".every(({ name }) => name !== 'parlour')",
    to: ".every(() => true)",
    tests: "tests/browser/slow-storage.test.mjs",
    claim: "is waited for by whoever was here before",
  },
  {
    what: "the toolbar's clicks are the page's",
    file: "capture.js",
    from: "matches(node, 'parlour-toolbar')",
    to: "false",
    tests: "tests/browser/toolbar.test.mjs",
    claim: "without being counted",
  },
  {
    what: "what the toolbar forces is recorded as a visitor's",
    file: "devtools/force.js",
    from: "    mark();\n",
    to: "",
    tests: "tests/browser/toolbar.test.mjs",
    claim: "without being counted",
  },
  {
    what: "the toolbar opens on any host",
    file: "preview.js",
    from: "isShown || LOCAL.test(location.hostname)",
    to: "true",
    tests: "tests/browser/toolbar.test.mjs",
    claim: "on a live host",
  },
];

/** No browser, no proof: in CI the twins fail then, as the tests they stand for do. */
const skip = !isInstalled("chromium") && !process.env.CI;
if (skip) console.error("SKIPPED, chromium is not installed: the sabotaged twins of the browser tests and of the size gate");

for (const { what, tests, claim, ...sabotage } of ROWS) {
  test(`sabotaged: ${what}, and ${tests} turns red`, { skip, timeout: 400_000 }, async () => {
    const { failures, out } = await withSabotaged(sabotage, (folders) => failuresOver(tests, claim, folders));
    assert.ok(failures.some((name) => name.includes(claim)), out);
  });
}

test("sabotaged: 8 KB more wasm, and the size gate turns red", { skip, timeout: 200_000 }, async () => {
  const pad = (/** @type {string} */ dist) => {
    const name = Buffer.from("pad");
    const padding = Buffer.concat([Buffer.from([name.length]), name, randomBytes(8000)]);
    const length = Buffer.from([(padding.length & 127) | 128, padding.length >> 7]);
    const padded = Buffer.concat([readFileSync(join(dist, "parlour.wasm")), Buffer.from([0]), length, padding]);
    assert.ok(WebAssembly.validate(padded));
    replaceFile(dist, "parlour.wasm", padded);
    writeFileSync(join(dist, "parlour.wasm.br"), brotliCompressSync(padded));
  };
  const ran = await withSabotaged({ spoil: pad }, ({ dist }) => run(process.execPath, ["scripts/size.mjs"], { env: { PARLOUR_DIST: dist } }));
  assert.equal(ran.code, 1, ran.text);
  assert.match(ran.text, /over budget: first page view, JavaScript and wasm/);
});

/** A module with the same exports, each of which answers 0. @param {Uint8Array} bytes */
async function stubOf(bytes) {
  const { functionSignatures } = await import("./wasm-sections.mjs");
  const functions = functionSignatures(bytes).map(({ name, parameters, results }) =>
    `(func (export "${name}") ${parameters.map((type) => `(param ${type})`).join(" ")} ${results.map((type) => `(result ${type})`).join(" ")} ${results.map((type) => `(${type}.const 0)`).join(" ")})`);
  const ran = await run(process.execPath, ["-e", `
    import(${JSON.stringify(join(ROOT, "node_modules/binaryen/index.js"))}).then(({ default: binaryen }) => {
      const module = binaryen.parseText(require("node:fs").readFileSync(0, "utf8"));
      process.stdout.write(Buffer.from(module.emitBinary()).toString("base64"));
    });`], { input: `(module (memory (export "memory") 2) ${functions.join("\n")})` });
  assert.equal(ran.code, 0, ran.text);
  return Buffer.from(ran.out, "base64");
}
