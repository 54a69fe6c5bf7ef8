// @ts-check
/** The whole build, a line of progress per step. An unchanged input skips its step. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { whenStale } from "../fresh.mjs";
import { mustRun, ROOT } from "../run.mjs";
import { step } from "../step.mjs";
import { npmPackages } from "../setup/npm-packages.mjs";
import { rust, wasmTarget } from "../setup/rust.mjs";
import { BUNDLES, bundleText, commandGlue } from "./bundle.mjs";
import { writeDist } from "./dist.mjs";
import { buildFallback, FALLBACK, fallbackPath } from "./fallback.mjs";
import { buildNative } from "./native.mjs";
import { thirdPartyNotices } from "./notices.mjs";
import { buildWasm, wasmPaths } from "./wasm.mjs";

/** From whatever the machine has. */
export async function setUpAndBuild() {
  await npmPackages();
  await rust();
  await build();
}

export async function build() {
  const cargo = await wasmTarget();
  await step("wasm-bindgen", () => buildNative("parlour-bindgen"));
  await step("runtime wasm", async (say) => say(await buildWasm(cargo, "runtime")));
  await step("GrowthBook wasm", async (say) => say(await buildWasm(cargo, "growthbook")));
  await step("lists wasm", async (say) => say(await buildWasm(cargo, "lists")));
  await step("models wasm", async (say) => say(await buildWasm(cargo, "models")));
  await step("authoring wasm", async (say) => say(await buildWasm(cargo, "authoring")));
  await step("command wasm", async (say) => say(await buildWasm(cargo, "command")));
  await step("JavaScript fallback", async (say) => say(await buildFallback()));
  await step("dist/", async (say) => say((await fillDist()) ? "filled" : "unchanged"));
  await step("parlour command", () => buildNative("parlour-cli"));
}

async function fillDist() {
  const [runtime, growthbook, lists, models, authoring, command] = [wasmPaths("runtime"), wasmPaths("growthbook"), wasmPaths("lists"), wasmPaths("models"), wasmPaths("authoring"), wasmPaths("command")];
  const inputs = [...pageModules(), "scripts/build", "Cargo.lock", "package-lock.json", "tsconfig.json", runtime.final, growthbook.final, lists.final, models.final, fallbackPath, authoring.final, authoring.glue, command.final, command.glue];
  const outputs = ["dist/integrity.json", "dist/types/parlour.d.ts", ...BUNDLES.map(({ name }) => `dist/${name}`)];
  return whenStale("dist", { inputs, outputs }, async () => {
    const texts = await Promise.all(BUNDLES.map(async (bundle) => /** @type {[string, string]} */ ([bundle.name, await bundleText(bundle)])));
    // Its service would else live as long as `npm start`.
    await (await import("esbuild")).stop();
    const named = (/** @type {string} */ name) => texts.filter(([text]) => text === name);
    const { schema } = await import("./authoring.mjs");
    await writeTypes();
    writeDist(
      [
        ["parlour.wasm", readFileSync(join(ROOT, runtime.final))],
        ["parlour-growthbook.wasm", readFileSync(join(ROOT, growthbook.final))],
        ["parlour-lists.wasm", readFileSync(join(ROOT, lists.final))],
        ["parlour-models.wasm", readFileSync(join(ROOT, models.final))],
        ["parlour-authoring.wasm", readFileSync(join(ROOT, authoring.final))],
        [FALLBACK, readFileSync(join(ROOT, fallbackPath), "utf8")],
        ...named("parlour-growthbook.js"), ...named("parlour-authoring.js"), ...named("parlour-server.js"), ...named("parlour-openfeature.js"), ...named("parlour-react.js"), ...named("parlour-vue.js"), ...named("parlour-signed.js"), ...named("parlour-hydrated.js"), ...named("parlour.first.js"), ...named("parlour-handover.js"), ...named("parlour-devtools.js"), ...named("parlour-preview.js"), ...named("parlour-redirect.js"), ...named("parlour-rerank.js"), ...named("parlour-rows.js"), ...named("parlour-lists.js"), ...named("parlour-models.js"), ...named("parlour-purify.js"), ...named("parlour-html.js"), ...named("parlour.js"), ...named("parlour.iife.js"),
      ],
      [["parlour.schema.json", await schema()], ["THIRD-PARTY-NOTICES.txt", await thirdPartyNotices()]],
      [["parlour-command.wasm", readFileSync(join(ROOT, command.final))], ["parlour-command.js", await commandGlue()]],
    );
  });
}

/** The demonstration shop below www/ is no part of what is published. */
const pageModules = () => ["www", "www/devtools"].flatMap((folder) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".js")).map((name) => `${folder}/${name}`));

async function writeTypes() {
  rmSync(join(ROOT, "dist/types"), { recursive: true, force: true });
  await mustRun(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"]);
}

