// @ts-check
/** Files of any size, shape and depth through the compiler's wasm, whose stack is small: found mistakes, and never a trap. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

const MOST_BYTES = 10 << 20;
const dist = (/** @type {string} */ name) => new URL(`../../dist/${name}`, import.meta.url);
/** @type {typeof import("../../www/authoring.js")} */
let authoring;
before(async () => {
  authoring = await import(dist("parlour-authoring.js").href);
  await authoring.init(readFileSync(dist("parlour-authoring.wasm")));
});

/** @param {string} text */
async function codes(text) {
  const { diagnostics } = await authoring.compile(text);
  return [...new Set(diagnostics.map(({ code }) => code))];
}

const site = (/** @type {string} */ rest) => `{"site": "a.example", ${rest}}`;
const experiment = (/** @type {string} */ fields) => site(`"experiments": {"one": {"status": "running", "variants": {"a": {}, "b": {}}, ${fields}}}`);

/** As many parts as the largest file holds. @param {string} head @param {(n: number) => string} part @param {string} tail */
function filled(head, part, tail) {
  const parts = [];
  for (let bytes = head.length + tail.length, n = 0; ; n++) {
    const next = part(n);
    if ((bytes += next.length + 1) > MOST_BYTES) break;
    parts.push(next);
  }
  return head + parts.join(",") + tail;
}

/** @type {[string, string, string][]} */
const LARGE = [
  ["numbers", filled("[", () => "0", "]"), "E104"],
  ["empty lists", filled("[", () => "[]", "]"), "E104"],
  ["unknown fields", filled('{"site": "a", ', (n) => `"f${n}":0`, "}"), "W103"],
  ["experiments", filled('{"site": "a", "experiments": {', (n) => `"e${n}":{}`, "}}"), "E101"],
  ["one name again and again", filled('{"site": "a", ', () => '"x":0', "}"), "E102"],
  ["one long text", experiment(`"name": "${"é".repeat(5_000_000)}"`), "E101"],
  ["one long word", experiment(`"unit": "${"u".repeat(10_000_000)}"`), "E106"],
  ["one long pattern", experiment(`"audience": {"x": {"$regex": "${"(a|b)*".repeat(1_600_000)}"}}`), "E214"],
  ["facts", filled('{"site": "a", "experiments": {"one": {"status": "running", "variants": {"a": {}, "b": {}}, "audience": {"$and": [', (n) => `{"f${n}":1}`, "]}}}}"), "E101"],
  ["values of $in", filled('{"site": "a", "audiences": {"x": {"p": {"$in": [', (n) => `${n}`, "]}}}}"), "E101"],
  ["more than is read", " ".repeat(MOST_BYTES + 1), "E101"],
];

for (const [what, text, code] of LARGE) {
  test(`ten megabytes: ${what}`, async () => {
    assert.ok(Buffer.byteLength(text) > 9_000_000);
    const found = await codes(text);
    assert.ok(found.includes(code), `${found}`);
  });
}

test("nesting of any depth", async () => {
  for (const depth of [60, 64, 65, 250, 10_000]) {
    for (const [open, close] of [["[", "]"], ['{"a":', "}"], ['{"$not":', "}"], ['[{"a":', "}]"]]) {
      const value = `${open.repeat(depth)}1${close.repeat(depth)}`;
      for (const text of [value, site(`"audiences": {"x": ${value}}`), experiment(`"audience": ${value}`), experiment(`"variants": ${value}`), value.slice(0, value.length / 2)]) {
        const found = await codes(text);
        assert.ok(depth <= 64 || found.includes("E101") || found.includes("E100"), `${open} ${depth}: ${found}`);
      }
    }
    const pattern = `${"(".repeat(depth)}a${")".repeat(depth)}`;
    await codes(experiment(`"audience": {"f": {"$regex": "${pattern}"}}`));
  }
});

test("texts that JavaScript alone can hold, and names that mean something to it", async () => {
  for (const text of ["\ud800", "\udc00", "\ud800\ud800", "NaN", "undefined", "\u0000"]) {
    await codes(text);
    await codes(experiment(`"name": ${JSON.stringify(text)}`));
    await codes(experiment(`"name": "${text}"`));
  }
  for (const name of ["__proto__", "constructor", "toString", "then"]) {
    assert.deepEqual(await codes(site(`"${name}": {}`)), ["W103"]);
    const { plan, diagnostics } = await authoring.compile(experiment(`"audience": {"${name}": 1}, "name": "${name}"`));
    assert.ok(plan && diagnostics.length === 0, name);
  }
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});

test("after all of this the same compiler still compiles", async () => {
  const { plan, hasErrors } = await authoring.compile(experiment('"traffic": 0.5'));
  assert.ok(plan && !hasErrors);
});
