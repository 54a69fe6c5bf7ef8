// @ts-check
/** A React page whose own nodes come, go and change places, wherever changes have put them. */
import { createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

/** @param {{hold: (set: (state: object) => void) => void}} props */
function Page({ hold }) {
  const [{ bold, row, list, page }, set] = useState({ bold: true, row: true, list: ["a", "b", "c"], page: true });
  useEffect(() => hold((next) => set((now) => ({ ...now, ...next }))), [hold]);
  return h("main", null, page && h("section", null,
    h("h1", { id: "title" }, bold && h("b", null, "bold"), h("i", null, "italic"), " text"),
    h("div", { id: "box" }, row && h("p", { id: "row" }, "row")),
    h("ul", { id: "list" }, list.map((key) => h("li", { key, id: key }, key))),
    h("aside", { id: "aside" })));
}

export const render = () => "";

/** @param {Element} root @param {{errors: string[]}} options */
export const hydrate = (root, { errors }) =>
  new Promise((hold) => void createRoot(root, { onUncaughtError: (error) => void errors.push(`${error}`) }).render(h(Page, { hold })));
