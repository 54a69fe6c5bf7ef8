// @ts-check
/** The React and Vue helpers under their frameworks' own server renderers. */
import assert from "node:assert/strict";
import test from "node:test";
import { demonstration } from "../browser/frameworks/build.mjs";

/** Whatever is asked of it is an error: a server has no visitor. */
const parlour = new Proxy({}, { get: (_, name) => () => assert.fail(`a server called ${String(name)}`) });

for (const name of ["react", "vue"]) {
  const made = demonstration(`${name}-helpers`);
  const cases = [
    { given: { decisions: { headline: { variant: "new" } }, flags: { limit: { value: 50 } } }, title: "Headline new", limit: "From 50" },
    { given: { decisions: { headline: { variant: "control" } }, flags: { limit: { value: null } } }, title: "Headline control", limit: "From null" },
    { given: { decisions: { headline: { variant: null, reason: "audience" } } }, title: "Plain words", limit: "From 1" },
    { given: {}, title: "…", limit: "From 1" },
  ];
  for (const { given, title, limit } of cases)
    test(`${name}: a server renders ${title} and ${limit}, and nothing is exposed there`, async () => {
      const { html } = await made;
      const wanted = `<main data-count="0"><h1 id="title">${title}</h1><p id="limit">${limit}</p></main>`;
      assert.equal(await html({ parlour, ...given }), wanted);
      assert.equal(await html(given), wanted);
    });
}
