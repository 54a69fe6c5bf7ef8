// @ts-check
/** A page that asks for an experiment and a flag by the React helpers. */
import { createElement as h, StrictMode, useEffect, useState } from "react";
import { ParlourProvider, useExperiment, useFlag } from "../../../www/react.js";

function Headline() {
  const { variant, reason } = useExperiment("headline");
  return h("h1", { id: "title" }, variant ? `Headline ${variant}` : reason === "loading" ? "…" : "Plain words");
}

function Limit() {
  return h("p", { id: "limit" }, `From ${useFlag("limit", 1)}`);
}

/** @param {{given: any, hold?: (actions: any) => void}} props */
function Page({ given, hold }) {
  const [shown, setShown] = useState(true);
  const [count, setCount] = useState(0);
  useEffect(() => hold?.({ show: setShown, rerender: () => setCount((n) => n + 1) }), [hold]);
  // A new object each time, as `decisions={{ … }}` is.
  return h(ParlourProvider, { ...given }, h("main", { "data-count": count }, shown && h(Headline), h(Limit)));
}

/** @param {object} given */
export async function render(given) {
  const { renderToString } = await import("react-dom/server");
  return renderToString(h(StrictMode, null, h(Page, { given })));
}

/** @param {Element} root @param {{errors: string[]} & Record<string, unknown>} options */
export async function hydrate(root, { errors, ...given }) {
  const { hydrateRoot } = await import("react-dom/client");
  const note = (/** @type {unknown} */ error) => void errors.push(`${error}`);
  return new Promise((hold) => void hydrateRoot(root, h(StrictMode, null, h(Page, { given, hold })), { onRecoverableError: note, onCaughtError: note, onUncaughtError: note }));
}
