// @ts-check
/** Bundles of the demonstration pages: HTML by the framework's own server renderer, and the script that hydrates it. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "svelte/compiler";

/** @typedef {"react" | "vue" | "svelte"} Framework */
export const FRAMEWORKS = /** @type {const} */ (["react", "vue", "svelte"]);

/** @param {"server" | "client"} generate @returns {import("esbuild").Plugin} */
const svelte = (generate) => ({
  name: "svelte",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => ({ contents: compile(await readFile(path, "utf8"), { generate, dev: generate === "client", filename: path }).js.code })),
});

/** @param {"server" | "client"} side @param {import("esbuild").BuildOptions} options */
const bundle = async (side, options) => {
  const client = side === "client";
  const built = await build({
    bundle: true,
    write: false,
    platform: client ? "browser" : "node",
    conditions: client ? ["browser"] : ["node"],
    mainFields: ["module", "main"],
    format: client ? "iife" : "esm",
    plugins: [svelte(side)],
    // The development builds are those that warn.
    define: { "process.env.NODE_ENV": '"development"', __VUE_OPTIONS_API__: "true", __VUE_PROD_DEVTOOLS__: "false", __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true" },
    external: client ? [] : ["react", "react-dom", "react-dom/*", "vue", "@vue/server-renderer"],
    logLevel: "silent",
    ...options,
  });
  return built.outputFiles?.[0].text ?? "";
};

/**
 * @param {string} name of the module that has `render(path)` and `hydrate(root, options)`
 * @returns {Promise<{html: (path: string, ...more: unknown[]) => Promise<string>, script: string}>}
 */
export async function demonstration(name) {
  const entryPoints = [fileURLToPath(new URL(`${name}.mjs`, import.meta.url))];
  const [server, script] = await Promise.all([bundle("server", { entryPoints }), bundle("client", { entryPoints, globalName: "shop" })]);
  // Beside its sources, so that Node finds the packages.
  const { render } = await importText(server, new URL(`.${name}-${process.pid}.server.mjs`, import.meta.url));
  return { html: render, script };
}

/** @param {string} text @param {URL} place */
async function importText(text, place) {
  const { rm, writeFile } = await import("node:fs/promises");
  await writeFile(place, text);
  try {
    return await import(place.href);
  } finally {
    await rm(place, { force: true });
  }
}
