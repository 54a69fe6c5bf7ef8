// @ts-check
/**
 * The package as users get it: `npm pack`, installed into an empty project, makes a decision in a browser; as a script
 * tag, and as a module through Vite (dev and build) and webpack. The plan is built by the installed command.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { npm } from "../../scripts/setup/npm-packages.mjs";
import { mustRun, ROOT } from "../../scripts/run.mjs";
import { isInstalled, launch } from "../browser/drivers/index.mjs";
import { endGroup, spawnGroup } from "../browser/drivers/children.mjs";
import { startServer } from "../browser/server.mjs";

const CONFIG = {
  site: ["127.0.0.1", "localhost"],
  late: "apply",
  experiments: {
    greeting: {
      status: "running",
      variants: { control: { weight: 0 }, warm: { weight: 1, values: { words: "hello" }, changes: [{ select: "h1", text: "Good to see you" }] } },
    },
  },
};
const MAIN = `import { start, ready, decide } from "parlour";
start({ plan: "/plan.bin", consent: "measure" });
ready().then(() => { window.answer = decide("greeting"); });
`;
const page = (/** @type {string} */ script) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>project</title><link rel="icon" href="data:,"><h1>Hello</h1>${script}</html>`;

const folder = mkdtempSync(join(tmpdir(), "parlour-"));
let tarball = "";

/** Runs npm, which must not ask any registry. @param {string[]} args @param {string} cwd */
const offline = (args, cwd) => {
  const [command, list] = npm(args);
  return mustRun(command, [...list, "--offline", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd, timeoutMs: 120_000, env: { npm_config_update_notifier: "false" } });
};

before(async () => {
  await offline(["pack", "--pack-destination", folder], ROOT);
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** An empty project with the package in it and a plan made by its command. @param {string} name @param {Record<string, string>} files */
async function project(name, files) {
  const root = join(folder, name);
  mkdirSync(join(root, "public"), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ name, private: true, version: "1.0.0", type: "module" }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  await offline(["install", tarball], root);
  writeFileSync(join(root, "parlour.json"), JSON.stringify(CONFIG));
  const command = join(root, "node_modules", ".bin", "parlour");
  const built = await mustRun(process.execPath, [command, "build", "parlour.json", "-o", "public/plan.bin"], { cwd: root });
  assert.match(built.out, /^public\/plan\.bin: plan [0-9a-f]{16} version 1, \d+ bytes\n$/);
  return root;
}

/** @param {string} url */
async function decidesAt(url) {
  const browser = await launch("chromium");
  try {
    const tab = await browser.newPage({ fresh: true });
    await tab.goto(url);
    const answer = await tab.waitFor("window.answer", 15_000).catch((error) => assert.fail(`${error.message}\n${tab.consoleMessages().join("\n")}`));
    assert.deepEqual(answer, { experiment: "greeting", variant: "warm", values: { words: "hello" }, reason: "bucketed" });
    await tab.waitFor("document.querySelector('h1').textContent === 'Good to see you'");
  } finally {
    await browser.close();
  }
}

/** @param {string[]} folders */
async function decidesFrom(folders) {
  const server = await startServer({ folders });
  try {
    await decidesAt(`${server.url}/`);
  } finally {
    await server.close();
  }
}

const skip = !isInstalled("chromium") && !process.env.CI;
if (skip) console.error("SKIPPED, chromium is not installed: the package in projects of its users");
const options = { skip, timeout: 240_000 };

test("the tarball holds what it says and nothing of ours", async () => {
  const { out } = await mustRun("tar", ["-tzf", tarball]);
  const files = out.trim().split("\n").map((line) => line.replace(/^package\//, ""));
  for (const wanted of ["dist/parlour.js", "dist/parlour.iife.js", "dist/parlour.wasm", "dist/parlour-authoring.js", "dist/parlour-authoring.wasm", "dist/parlour-growthbook.js", "dist/parlour-signed.js", "dist/parlour-preview.js", "dist/parlour-hydrated.js", "dist/parlour.first.js", "dist/parlour-handover.js", "dist/parlour-server.js", "dist/types/server.d.ts", "dist/parlour-redirect.js", "dist/parlour-rerank.js", "dist/parlour-html.js", "dist/parlour-purify.js", "dist/parlour-react.js", "dist/parlour-vue.js", "dist/types/react.d.ts", "dist/types/vue.d.ts", "dist/parlour-growthbook.wasm", "dist/types/parlour.d.ts", "dist/parlour.schema.json", "dist/integrity.json", "dist/THIRD-PARTY-NOTICES.txt", "dist/parlour.wasm.br", "dist/parlour-command.wasm", "dist/parlour-command.js", "bin/parlour.js", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    assert.ok(files.includes(wanted), wanted);
  }
  assert.deepEqual(files.filter((file) => /^(src|cli|command|tests|scripts|target|www\/demo|node_modules)\b|\.map$/.test(file)), []);
  for (const helper of ["parlour-react.js", "parlour-vue.js"]) assert.ok(brotliCompressSync(readFileSync(join(ROOT, "dist", helper))).length <= 1024, helper);
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.deepEqual(dependencies, {}, "zero runtime dependencies");
});

test("plain HTML with a script tag", options, async () => {
  const script = `<script src="/node_modules/parlour/dist/parlour.iife.js" data-plan="/public/plan.bin" data-consent="measure"></script>
    <script>parlour.ready().then(() => { window.answer = parlour.decide("greeting"); });</script>`;
  const root = await project("plain", { "index.html": page(script) });
  await decidesFrom([root]);
});

test("Vite, dev server", options, async () => {
  const root = await project("vite-dev", { "index.html": page('<script type="module" src="/main.js"></script>'), "main.js": MAIN });
  const child = spawnGroup(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), "--host", "127.0.0.1", "--port", "0", "--clearScreen", "false"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  try {
    const url = await new Promise((resolve, reject) => {
      let said = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding("utf8").on("data", (text) => {
          // Vite paints the port in colours of its own.
          said += text.replaceAll(/\u001b\[\d+m/g, "");
          const found = /(http:\/\/127\.0\.0\.1:\d+)\//.exec(said);
          if (found) resolve(found[1]);
        });
      }
      child.once("exit", (code) => reject(new Error(`vite ended with ${code}: ${said}`)));
    });
    await decidesAt(`${url}/`);
  } finally {
    await endGroup(child);
  }
});

test("Vite, build", options, async () => {
  const root = await project("vite-build", { "index.html": page('<script type="module" src="/main.js"></script>'), "main.js": MAIN });
  await mustRun(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "error"], { cwd: root });
  assert.ok(existsSync(join(root, "dist/index.html")));
  await decidesFrom([join(root, "dist")]);
});

test("webpack", options, async () => {
  const root = await project("webpack", { "index.html": page('<script src="/main.bundle.js"></script>'), "main.js": MAIN });
  const args = ["--mode", "production", "--entry", "./main.js", "--output-path", "out", "--output-filename", "main.bundle.js"];
  await mustRun(process.execPath, [join(ROOT, "node_modules/webpack/bin/webpack.js"), ...args], { cwd: root });
  await decidesFrom([join(root, "out"), join(root, "public"), root]);
});

test("the installed types say what decide answers, and refuse what is not there", options, async () => {
  const root = await project("types", {
    "right.ts": 'import { decide, start } from "parlour";\nawait start({ plan: "/plan.bin" });\nconst { variant, reason }: { variant: string | null; reason: string } = decide("greeting");\nexport { variant, reason };\n',
    "right-react.ts": 'import parlour from "parlour";\nimport { ParlourProvider, useExperiment, useFlag } from "parlour/react";\nexport const limit: number = useFlag("limit", 3);\nexport const variant: string | null = useExperiment("greeting").variant;\nexport const page = ParlourProvider({ parlour, decisions: { greeting: { variant: "warm" } }, children: "x" });\n',
    "right-vue.ts": 'import parlour from "parlour";\nimport { createApp, type Ref } from "vue";\nimport { createParlourPlugin, useExperiment, useFlag } from "parlour/vue";\nexport const limit: Readonly<Ref<number>> = useFlag("limit", 3);\nexport const variant: string | null = useExperiment("greeting").value.variant;\ncreateApp({}).use(createParlourPlugin({ parlour, flags: { limit: { value: 4 } } }));\n',
    "wrong-react.ts": 'import { useFlag } from "parlour/react";\nexport const limit: string = useFlag("limit", 3);\n',
    "wrong-vue.ts": 'import { useExperiment } from "parlour/vue";\nexport const variant: string = useExperiment("greeting").value.variant;\n',
    "wrong.ts": 'import { decide } from "parlour";\nexport const variant: number = decide("greeting").variant;\n',
    "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, noEmit: true, module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [], skipLibCheck: false }, include: ["*.ts"] }),
  });
  await havingPeers(root);
  const tsc = (/** @type {string} */ name) => mustRun(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", name], { cwd: root });
  await assert.rejects(tsc("tsconfig.json"), (/** @type {Error} */ error) => ["wrong", "wrong-react", "wrong-vue"].every((name) => error.message.includes(`${name}.ts(2`)) && !/right[-a-z]*\.ts/.test(error.message) && !/parlour\/dist/.test(error.message));
});

/** The frameworks as their users have them, from our own packages: no registry is asked. @param {string} root */
async function havingPeers(root) {
  mkdirSync(join(root, "node_modules/@types"), { recursive: true });
  for (const name of ["react", "react-dom", "vue", "@types/react"]) symlinkSync(join(ROOT, "node_modules", name), join(root, "node_modules", name), "junction");
}

test("the installed helpers render on a server", async () => {
  const root = await project("server", {
    "react.mjs": 'import { createElement as h } from "react";\nimport { renderToString } from "react-dom/server";\nimport { ParlourProvider, useExperiment } from "parlour/react";\nconst Title = () => h("h1", null, useExperiment("greeting").variant);\nconsole.log(renderToString(h(ParlourProvider, { decisions: { greeting: { variant: "warm" } } }, h(Title))));\n',
    "vue.mjs": 'import { createSSRApp, h } from "vue";\nimport { renderToString } from "vue/server-renderer";\nimport { createParlourPlugin, useExperiment } from "parlour/vue";\nconst Title = { setup() { const answer = useExperiment("greeting"); return () => h("h1", answer.value.variant); } };\nconsole.log(await renderToString(createSSRApp(Title).use(createParlourPlugin({ decisions: { greeting: { variant: "warm" } } }))));\n',
  });
  await havingPeers(root);
  for (const name of ["react.mjs", "vue.mjs"]) assert.equal((await mustRun(process.execPath, [name], { cwd: root })).out, "<h1>warm</h1>\n", name);
});
