// @ts-check
/** What the command signs, the page's own modules take; of what is signed no bit can change. */
import "./page.mjs";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { bytesOf, isSignedBy, openSigned, readKeys, requireEd25519 } from "../../www/signature.js";
import { flipped, newKey, signPlan } from "../browser/signing.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "parlour-"));
const at = (/** @type {string} */ name) => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

/** Natively and in Node. */
const COMMANDS = [[join(ROOT, "target/release/parlour")], [process.execPath, join(ROOT, "bin/parlour.js")]];

/** @param {string[]} command @param {...string} args */
const run = ([program, ...first], ...args) => {
  const { status, stdout, stderr } = spawnSync(program, [...first, ...args], { encoding: "utf8" });
  assert.equal(status, 0, `${args.join(" ")}: ${stdout}${stderr}`);
  return stdout.trim();
};

before(() => {
  writeFileSync(at("parlour.json"), JSON.stringify({ site: ["shop.example"], experiments: { one: { status: "running", variants: { a: {}, b: {} } } } }));
  run(COMMANDS[0], "build", at("parlour.json"), "-o", at("plan.bin"), "--expires", "2999-01-31", "--plan-version", "7");
});

for (const command of COMMANDS) {
  const where = command.length > 1 ? "in Node" : "natively";
  test(`keys, signed plans and preview links made ${where} are sound for the page and for either command`, async () => {
    const name = at(`${where}.key`);
    const key = run(command, "keygen", "-o", name);
    assert.equal(statSync(name).mode & 0o777, 0o600);
    run(command, "sign", at("plan.bin"), "--key", name, "-o", at("signed.bin"));
    const { version, expiresMs, page } = await openSigned(readFileSync(at("signed.bin")), readKeys(key));
    assert.deepEqual([version, new Date(expiresMs).toISOString(), page.site], [7, "2999-02-01T00:00:00.000Z", ["shop.example"]]);
    for (const other of COMMANDS) assert.match(run(other, "verify", at("signed.bin"), "--key", key), /version 7 is taken/);
    const link = new URL(run(command, "preview", "-e", "one", "-v", "b", "--url", "https://shop.example/", "-k", name));
    const [payload, signature] = (link.searchParams.get("parlour-preview") ?? "").split(".");
    assert.equal(await isSignedBy(bytesOf(key), "parlour preview v1\n", bytesOf(payload), bytesOf(signature)), true);
    const again = spawnSync(command[0], [...command.slice(1), "keygen", "-o", name], { encoding: "utf8" });
    assert.equal(again.status, 2);
    assert.match(again.stderr, /is there already, and is left as it is/);
  });
}

test("of a plan with two signatures every flipped bit is refused by a page that knows one key", { timeout: 120_000 }, async () => {
  const [ours, other] = [newKey(), newKey()];
  const file = signPlan(readFileSync(at("plan.bin")), ours, other);
  const keys = readKeys(ours.text);
  await openSigned(file, keys);
  for (let bit = 0; bit < file.length * 8; bit++) await assert.rejects(openSigned(flipped(file, bit), keys), Error, `bit ${bit}`);
});

test("one or two keys are read, however they are separated, and nothing else", async () => {
  await requireEd25519();
  const [a, b] = [newKey(), newKey()];
  for (const keys of [`${a.text} ${b.text}`, ` ${a.text},\n${b.text} `, [a.text, b.text]]) assert.deepEqual(readKeys(keys).map((key) => Buffer.from(key)), [a.raw, b.raw]);
  for (const wrong of ["short", `${a.text}x`, `${a.text}=`, "ü".repeat(43)]) assert.throws(() => readKeys(wrong), /is no public key/);
});
