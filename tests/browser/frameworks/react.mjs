// @ts-check
/** The demonstration page in React: server-rendered, hydrated, with a route, a counter and a part that comes later. */
import { createElement as h, lazy, startTransition, StrictMode, Suspense, useEffect, useState } from "react";

/** On the server and, once its code is there, on the page. */
const Later = () => h("p", { id: "later" }, "Later words");

/** @param {{path: string, Part: any, hold?: (actions: any) => void}} props */
function Shop({ path: first, Part, hold }) {
  const [path, setPath] = useState(first);
  const [count, setCount] = useState(0);
  const [fights, setFights] = useState(false);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    hold?.({ go: setPath, rerender: () => setCount((n) => n + 1), fight: setFights, show: setShown });
  }, [hold]);
  useEffect(() => {
    if (!fights) return;
    let frame = 0;
    // A page that keeps writing what it believes, as carousels and tickers do.
    const reset = () => {
      const title = document.querySelector("#title");
      if (title && title.textContent !== "Plain words") title.textContent = "Plain words";
      frame = requestAnimationFrame(reset);
    };
    reset();
    return () => cancelAnimationFrame(frame);
  }, [fights]);
  return h("main", { "data-count": count },
    h("nav", null, h("b", null, path), " seen ", count, " times"),
    path === "/" && shown && h("article", { key: "home" },
      h("h1", { id: "title", className: count ? `big c${count}` : "big", title: `plain ${count}` }, "Plain words"),
      h("p", { id: "number" }, "Number ", count, " of ten"),
      h("p", { id: "promo" }, "Ten percent off"),
      h("ul", { id: "list" }, [0, 1, 2].map((i) => h("li", { key: i }, `Row ${i + count}`))),
      h(Suspense, { fallback: h("i", null, "…") }, h(Part))),
    path !== "/" && h("article", { key: "other" }, h("h1", { id: "other" }, "Another page"), h("p", { id: "number" }, "None")));
}

/** @param {string} path */
export async function render(path) {
  const { renderToString } = await import("react-dom/server");
  return renderToString(h(StrictMode, null, h(Shop, { path, Part: Later })));
}

/** To be called in the page. @param {Element} root @param {{errors: string[], later: Promise<unknown>, sliced?: boolean}} options */
export async function hydrate(root, { errors, later, sliced }) {
  const { hydrateRoot } = await import("react-dom/client");
  const Part = lazy(() => later.then(() => ({ default: Later })));
  const note = (/** @type {string} */ kind) => (/** @type {unknown} */ error) => void errors.push(`${kind}: ${error}`);
  const reports = { onRecoverableError: note("recoverable"), onCaughtError: note("caught"), onUncaughtError: note("uncaught") };
  return new Promise((hold) => {
    const begin = () => void hydrateRoot(root, h(StrictMode, null, h(Shop, { path: location.pathname, Part, hold })), reports);
    if (sliced) startTransition(begin);
    else begin();
  });
}
