// @ts-check
/** The npm command (as wasm) and the native one are the same command: same input, same bytes, same exit code. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NATIVE = join(ROOT, "target/release/parlour");
const folder = mkdtempSync(join(tmpdir(), "parlour-"));
const inFolder = (/** @type {string} */ name) => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

const CONFIG = {
  site: ["shop.example"],
  currency: "EUR",
  audiences: { german: { "order.lang": "de" }, big: { $and: [{ "order.total": { $gte: 50 } }, { "account.kind": { $in: ["a", "b"] } }] } },
  goals: { purchase: { touchpoint: "purchase", value: "revenue" } },
  experiments: {
    plain: { status: "running", variants: { control: {}, "b": { weight: 2 }, c: { weight: 61 } }, goals: ["purchase"] },
    layered: { status: "running", layer: { name: "checkout", range: [0.25, 0.75] }, traffic: 0.8, audience: "german", variants: { control: {}, banner: {} } },
    second: { status: "running", audience: "big", variants: { control: {}, banner: { weight: 3 } } },
    over: { status: "ended", winner: "b", variants: { control: {}, b: {} } },
    later: { status: "running", start: "2030-01-01", variants: { control: {}, b: {} } },
    worded: { status: "running", traffic: 0.5, variants: { control: { values: { word: "a" } }, b: { values: { word: "b" } } } },
  },
  flags: {
    word: { default: "é", rules: [{ audience: "german", force: "deutsch" }, { experiment: "worded" }, { force: "some", share: 0.3 }] },
    limit: { rules: [{ audience: "big", force: { amount: 50.5 } }] },
  },
};
const IDS = `${Array.from({ length: 2000 }, (_, i) => `visitor-${i}`).join("\n")}\n\nmüller\r\n日本\n🛒\nlast without an end of line`;
const FACTS = [{ unit: "u1" }, { unit: "u2", facts: { order: { lang: "de" }, "order.total": 51.5, account: { kind: "b" } } }, { unit: "é\u0007\"\\", facts: { order: null, "order.lang": "fr", unknown: true } }]
  .map((line) => JSON.stringify(line)).join("\n");
const AT = "2026-12-01T00:00:00Z";

/** @param {string[]} args @param {string} [input] */
function both(args, input = "") {
  const results = [[NATIVE, args], [process.execPath, [join(ROOT, "bin/parlour.js"), ...args]]].map(([command, list]) => {
    const { status, stdout, stderr, error } = spawnSync(String(command), /** @type {string[]} */ (list), { input, encoding: "utf8", maxBuffer: 1 << 26 });
    assert.equal(error, undefined);
    return { status, stdout, stderr };
  });
  return { native: results[0], node: results[1] };
}

/** @param {string[]} args @param {string} [input] */
function same(args, input) {
  const { native, node } = both(args, input);
  assert.equal(node.stdout, native.stdout, `${args.join(" ")}\n${node.stderr}`);
  assert.equal(node.stderr, native.stderr, args.join(" "));
  assert.equal(node.status, native.status, `${args.join(" ")}\n${native.stderr}\n${node.stderr}`);
  return native;
}

before(() => {
  writeFileSync(inFolder("parlour.json"), JSON.stringify(CONFIG, null, 2));
  writeFileSync(inFolder("broken.json"), JSON.stringify(CONFIG, null, 2).replace('"audience": "german"', '"audience": "germann"'));
  const { native } = both(["build", inFolder("parlour.json"), "-o", inFolder("plan.bin"), "--plan-version", "7", "--issued", AT]);
  assert.equal(native.status, 0, native.stderr);
});

test("both build the same plan bytes, first and second time, and count up alike", () => {
  for (const changed of ["shop.example", "www.shop.example"]) {
    writeFileSync(inFolder("site.json"), JSON.stringify({ ...CONFIG, site: [changed] }));
    const plans = [[NATIVE], [process.execPath, join(ROOT, "bin/parlour.js")]].map(([command, ...first], which) => {
      const out = inFolder(`built-${which}.bin`);
      const { status, stdout, stderr } = spawnSync(command, [...first, "build", inFolder("site.json"), "-o", out], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      return { bytes: readFileSync(out), version: /version (\d+)/.exec(stdout)?.[1] };
    });
    assert.deepEqual(plans[0].version, plans[1].version);
    // The second build is issued at the present, which differs between the two by milliseconds.
    if (changed === "shop.example") assert.deepEqual(plans[0].bytes, plans[1].bytes);
    else assert.equal(plans[0].version, "2");
  }
  for (const which of [0, 1]) {
    const args = ["build", inFolder("parlour.json"), "-o", inFolder(`told-${which}.bin`), "--plan-version", "9", "--issued", AT];
    spawnSync(which ? process.execPath : NATIVE, which ? [join(ROOT, "bin/parlour.js"), ...args] : args);
  }
  assert.deepEqual(readFileSync(inFolder("told-0.bin")), readFileSync(inFolder("told-1.bin")));
});

test("both find the same mistakes in the same words", () => {
  for (const file of ["parlour.json", "broken.json"]) {
    for (const format of ["text", "json"]) same(["check", "--format", format, inFolder(file)]);
  }
  assert.equal(same(["check", inFolder("broken.json")]).status, 1);
});

test("both assign every unit alike", () => {
  for (const experiment of Object.keys(CONFIG.experiments)) {
    const { stdout } = same(["assign", inFolder("plan.bin"), "--experiment", experiment, "--at", AT], IDS);
    assert.equal(stdout.split("\n").length, 2005);
  }
});

test("both decide alike with facts and without", () => {
  const { stdout } = same(["decide", inFolder("plan.bin"), "--at", AT], FACTS);
  assert.match(stdout.split("\n")[1], /"layered":\{"variant":/);
  assert.match(stdout, /"bucketed"/);
});

test("both simulate the same visitors", () => {
  for (const more of [[], ["--seed", "18446744073709551615"], ["--seed", "77", "--facts", '{"order":{"lang":"de"}}']]) {
    for (const experiment of ["plain", "layered", "later"]) {
      same(["simulate", inFolder("plan.bin"), "-e", experiment, "-n", "3000", "--at", AT, ...more]);
    }
  }
});

test("both draw the same picture, and draw facts from a file alike", () => {
  writeFileSync(inFolder("facts.ndjson"), `${FACTS}\n{"order":{"lang":"de"}}\n`);
  const pictures = [[NATIVE], [process.execPath, join(ROOT, "bin/parlour.js")]].map(([command, ...first], which) => {
    const svg = inFolder(`picture-${which}.svg`);
    const { status, stdout } = spawnSync(command, [...first, "simulate", inFolder("plan.bin"), "-e", "layered", "-n", "3000", "--at", AT, "--facts", inFolder("facts.ndjson"), "--svg", svg], { encoding: "utf8" });
    return { status, stdout, svg: readFileSync(svg, "utf8") };
  });
  assert.deepEqual(pictures[0], pictures[1]);
  assert.equal(pictures[0].status, 0);
  assert.match(pictures[0].svg, /^<svg .*<title id="title">layered: 3,000 simulated visitors<\/title>/);
});

test("both count the same visitors that an experiment needs", () => {
  for (const more of [[], ["--variants", "5", "--visitors-per-day", "12345"], ["--absolute", "--mde", "-1%"], ["--format", "json", "--alpha", "0.01"]]) {
    const args = more.includes("--mde") ? more : ["--mde", "7%", ...more];
    assert.equal(same(["power", "--baseline", "4%", ...args]).status, 0);
  }
});

test("both find the same visitors moved", () => {
  writeFileSync(inFolder("changed.json"), JSON.stringify(CONFIG).replace('"traffic":0.8', '"traffic":0.9').replace('"weight":61', '"weight":30'));
  for (const format of ["text", "json"]) {
    const { status, stdout } = same(["diff", inFolder("plan.bin"), inFolder("changed.json"), "-n", "3000", "--at", AT, "--facts", '{"order":{"lang":"de"}}', "--format", format]);
    assert.equal(status, 1);
    assert.match(stdout, /bucketed/);
  }
  assert.equal(same(["diff", inFolder("plan.bin"), inFolder("parlour.json"), "-n", "500", "--at", AT]).status, 0);
});

test("both owe channels the same conversions", () => {
  const channels = ["email", "paid-search", "é", "direct", "display"];
  const path = (/** @type {number} */ i) => Array.from({ length: 1 + (i % 6) }, (_, at) => channels[(i * 7 + at * at) % 5]).join(" > ");
  const rows = Array.from({ length: 300 }, (_, i) => `${path(i)},${i % 3},${(i % 3) * 12.35},${i % 4}`);
  writeFileSync(inFolder("paths.csv"), `path,conversions,value,nulls\n${rows.join("\n")}\n`);
  writeFileSync(inFolder("costs.csv"), "channel,cost,clicks,currency\nemail,10.5,7,EUR\n");
  for (const format of ["text", "json"]) assert.equal(same(["attribute", inFolder("paths.csv"), "--costs", inFolder("costs.csv"), "--format", format]).status, 0);
  assert.equal(same(["attribute", inFolder("costs.csv")]).status, 2);
});

test("both print the same schema", () => {
  same(["schema"]);
  assert.equal(readFileSync(join(ROOT, "dist/parlour.schema.json"), "utf8"), both(["schema"]).native.stdout);
});

test("both refuse with exit code 2 and say why", () => {
  writeFileSync(inFolder("page.bin"), "<!doctype html>");
  const cut = readFileSync(inFolder("plan.bin")).subarray(0, -5);
  writeFileSync(inFolder("cut.bin"), cut);
  for (const [args, input, why] of /** @type {[string[], string, RegExp][]} */ ([
    [["check"], "", /usage/i],
    [["check", inFolder("nowhere.json")], "", /cannot read/],
    [["frobnicate"], "", /frobnicate/],
    [["assign", inFolder("page.bin"), "-e", "plain"], "", /not a plan/],
    [["assign", inFolder("cut.bin"), "-e", "plain"], "", /cut short/],
    [["assign", inFolder("plan.bin"), "-e", "plan"], "", /the plan has plain, layered/],
    [["assign", inFolder("plan.bin"), "-e", "plain", "--at", "yesterday"], "", /--at/],
    [["assign", inFolder("plan.bin"), "-e", "plain"], "a\tb\n", /line 1 of the ids/],
    [["decide", inFolder("plan.bin")], '{"unit":"a","fact":{}}', /line 1 of the facts/],
    [["decide", inFolder("plan.bin")], '{"unit":"a","facts":[1]}', /line 1 of the facts/],
    [["simulate", inFolder("plan.bin"), "-e", "plain", "--facts", "[1]"], "", /--facts/],
    [["power", "--baseline", "2", "--mde", "0.1"], "", /--baseline/],
    [["diff", inFolder("plan.bin"), inFolder("broken.json")], "", /has mistakes/],
    [["check", folder], "", /it is a directory/],
    [["build", inFolder("parlour.json"), "-o", join(folder, "nowhere", "plan.bin")], "", /cannot write/],
  ])) {
    assert.equal(same(args, input).status, 2, args.join(" "));
    assert.match(same(args, input).stderr, why);
  }
});

const subcommands = (/** @type {string} */ help) => [...help.slice(help.indexOf("Commands:")).split("\n\n")[0].matchAll(/^ {2}(\S+) /gm)].map(([, name]) => name).filter((name) => name !== "help");

test("each command explains itself in the same words; what is missing in Node is said there", () => {
  const { native, node } = both(["--help"]);
  const elsewhere = subcommands(native.stdout).filter((name) => !subcommands(node.stdout).includes(name));
  assert.deepEqual(subcommands(native.stdout).filter((name) => !elsewhere.includes(name)), subcommands(node.stdout));
  assert.ok(elsewhere.includes("serve"));
  for (const name of elsewhere) {
    assert.match(node.stdout, new RegExp(`native command alone[^]*\\n  ${name} `));
    assert.doesNotMatch(native.stdout, /native command alone/);
    const refused = both([name, "--help"]).node;
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /native command alone: cargo build/);
  }
  for (const name of subcommands(node.stdout)) assert.match(same([name, "--help"]).stdout, /Usage: parlour/);
  same(["--version"]);
});

/** Both commands as programs to start. */
const PROGRAMS = /** @type {[string, string[]][]} */ ([[NATIVE, []], [process.execPath, [join(ROOT, "bin/parlour.js")]]]);

test("answers come while the input is still coming, however long it is", async () => {
  for (const [command, first] of PROGRAMS) {
    const child = spawn(command, [...first, "assign", inFolder("plan.bin"), "-e", "plain"], { stdio: ["pipe", "pipe", "inherit"] });
    let lines = 0;
    /** @type {(value: unknown) => void} */
    let answered = () => {};
    const first100 = new Promise((resolve) => (answered = resolve));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      lines += text.split("\n").length - 1;
      if (lines >= 100) answered(undefined);
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const block = (/** @type {number} */ from) => Array.from({ length: 20_000 }, (_, i) => `visitor-${from + i}\n`).join("");
    child.stdin.write(block(0));
    await first100;
    for (let from = 20_000; from < 400_000; from += 20_000) child.stdin.write(block(from));
    child.stdin.end();
    assert.equal(await ended, 0);
    assert.equal(lines, 400_000);
  }
});

test("a reader that has seen enough is no mistake", () => {
  writeFileSync(inFolder("ids.txt"), Array.from({ length: 200_000 }, (_, i) => `visitor-${i}\n`).join(""));
  for (const [command, first] of PROGRAMS) {
    const quoted = [command, ...first, "assign", inFolder("plan.bin"), "-e", "plain"].map((part) => `'${part}'`).join(" ");
    const { stdout, stderr } = spawnSync("bash", ["-c", `${quoted} < '${inFolder("ids.txt")}' | head -n 1; echo "\${PIPESTATUS[0]}"`], { encoding: "utf8" });
    assert.match(stdout, /^visitor-0\t\S+\t\S+\n0\n$/);
    assert.equal(stderr, "");
  }
});
