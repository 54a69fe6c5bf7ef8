// @ts-check
/** The demonstration page in Svelte, compiled twice from Shop.svelte: for the server and for the page. */
// @ts-ignore compiled by build.mjs
import Shop from "./Shop.svelte";

/** @param {string} first */
export async function render(first) {
  const { render } = await import("svelte/server");
  return render(Shop, { props: { first } }).body;
}

/** To be called in the page. @param {Element} root */
export async function hydrate(root) {
  const { hydrate } = await import("svelte");
  const actions = await new Promise((hold) => void hydrate(Shop, { target: root, props: { first: location.pathname, hold } }));
  // Svelte leaves no mark on what it has hydrated, so the page says it.
  root.removeAttribute("data-parlour-hydrate");
  return actions;
}
