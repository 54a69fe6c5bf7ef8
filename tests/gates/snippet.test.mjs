// @ts-check
/** The head snippet is in every page's own bytes: its code may have 700, the list of selectors not counted. What is synchronous may have 3 KiB on the wire. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { BUNDLES, bundleText } from "../../scripts/build/bundle.mjs";
import { buildPlan, parlour } from "../browser/command.mjs";

const MOST = 700;

/** Bytes of the inline script without the text it hides. @param {{script: string, selectors: string[]}} snippet */
const codeBytes = ({ script, selectors }) => {
  const list = JSON.stringify(selectors.join(",")).replaceAll("<", "\\u003c");
  assert.equal(script.split(list).length, 2, "the list stands in it once");
  return Buffer.byteLength(script) - Buffer.byteLength(list);
};

const printed = async () => {
  const folder = mkdtempSync(join(tmpdir(), "parlour-"));
  try {
    const changes = [{ select: "#a[title='</script>']", text: "A" }, { select: ".b", text: "B" }];
    writeFileSync(join(folder, "plan.bin"), await buildPlan({ site: ["127.0.0.1"], experiments: { one: { status: "running", variants: { control: {}, new: { changes } } } } }));
    return JSON.parse(await parlour(["snippet", join(folder, "plan.bin"), "--format", "json"]));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test(`the snippet has ${MOST} bytes of code at most, and no selector ends its element`, async () => {
  const snippet = await printed();
  assert.ok(codeBytes(snippet) <= MOST, `${codeBytes(snippet)} bytes`);
  assert.ok(!snippet.script.includes("<"));
});

test("sabotaged: a snippet of 100 bytes more is told", async () => {
  const snippet = await printed();
  assert.ok(codeBytes({ ...snippet, script: snippet.script + "/".repeat(MOST - codeBytes(snippet) + 1) }) > MOST);
});

const MOST_FIRST = 3072;
const firstBytes = async (more = "") => {
  const bundle = BUNDLES.find(({ name }) => name === "parlour.first.js");
  assert.ok(bundle);
  return brotliCompressSync((await bundleText(bundle)) + more).length;
};

test(`parlour.first.js has ${MOST_FIRST} bytes of brotli at most`, async () => {
  const bytes = await firstBytes();
  assert.ok(bytes <= MOST_FIRST, `${bytes} bytes`);
});

test("sabotaged: with 200 random bytes more it is told", async () => {
  const { randomBytes } = await import("node:crypto");
  assert.ok((await firstBytes(randomBytes(200).toString("latin1"))) > MOST_FIRST);
});
