// @ts-check
/**
 * Real purchases: customers of a UK gift shop, December 2010 to August 2011 (Online Retail, UCI, CC BY 4.0), read where
 * they lie beside this repository. Amounts are whole pence; times are UTC as written.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT } from "../../scripts/run.mjs";

const FILE = join(ROOT, "../shared/data/baskets/online_retail_to_2011-08.csv.gz");

/**
 * @typedef {{item: string, quantity: number, price: string}} Line
 * @typedef {{order: string, at: number, lines: Line[], pence: number}} Invoice
 * @typedef {{customer: string, invoices: Invoice[]}} Customer
 */

export const hasRetail = existsSync(FILE);

/** @param {string} line */
const fields = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);

/** "2.55" → 2550 @param {string} price */
const mills = (price) => {
  const [whole, fraction = ""] = price.split(".");
  return Number(whole + fraction.padEnd(3, "0").slice(0, 3));
};

/** Every `step`th customer from the `first` on, each with all invoices in order of time. @param {number} count @returns {Customer[]} */
export function customers(count) {
  /** @type {Map<string, Map<string, Invoice>>} */
  const all = new Map();
  for (const line of gunzipSync(readFileSync(FILE)).toString("utf8").trimEnd().split("\n").slice(1)) {
    const [order, item, , quantity, date, price, customer] = fields(line.trimEnd());
    if (!Number(customer)) continue;
    const invoices = all.get(customer) ?? new Map();
    all.set(customer, invoices);
    const invoice = invoices.get(order) ?? { order, at: Date.parse(`${date.replace(" ", "T")}Z`), lines: [], pence: 0 };
    invoices.set(order, invoice);
    invoice.lines.push({ item, quantity: Number(quantity), price });
  }
  const ids = [...all.keys()].sort((a, b) => Number(a) - Number(b));
  const step = Math.floor(ids.length / count);
  return ids.filter((_, place) => place % step === 1).slice(0, count).map((customer) => ({
    customer,
    invoices: [...(all.get(customer)?.values() ?? [])]
      .map((invoice) => ({ ...invoice, pence: Math.round(invoice.lines.reduce((sum, line) => sum + mills(line.price) * line.quantity, 0) / 10) }))
      .sort((a, b) => a.at - b.at || Number(a.order) - Number(b.order)),
  }));
}
