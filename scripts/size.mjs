// @ts-check
/** `npm run size`: the budgets of what visitors load, measured on the wire. Fails over a budget. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DIST } from "./build/dist.mjs";
import { bodies, code, measureDemo, sum } from "./size/measure.mjs";
import { Failure } from "./run.mjs";
import { main } from "./step.mjs";

const KB = 1000;
const KIB = 1024;

await main(async () => {
  const measured = await measureDemo();
  const { home, visit, memoryBytes, slotCards, batches } = measured;

  console.log("first page view");
  for (const { path, bytes, headers, encoding } of home) console.log(`  ${path.padEnd(24)} ${shown(bytes - headers)} ${encoding} and ${headers} of headers`);
  /** @type {[string, number, number][]} */
  const budgets = [
    ["first page view, JavaScript and wasm", bodies(code(home)), 36 * KB],
    ["whole purchase visit, everything", sum(visit), 60 * KB],
    ["wasm memory at start", memoryBytes, 256 * KIB],
    ["lists of slots that ask for more, wasm", statSync(join(DIST, "parlour-lists.wasm.br")).size, 10 * KB],
  ];
  for (const [what, bytes, most] of budgets) console.log(`${bytes <= most ? "ok  " : "OVER"} ${what.padEnd(38)} ${shown(bytes)} of ${shown(most)}`);

  const wrong = budgets.filter(([, bytes, most]) => bytes > most).map(([what]) => `over budget: ${what}`);
  // A page that shows nothing is small: what is measured has to work.
  if (slotCards === 0) wrong.push("the slot of the home page stayed empty");
  if (batches === 0) wrong.push("no event was sent");
  const plain = code(home).filter(({ encoding }) => encoding !== "br").map(({ path }) => path);
  if (plain.length) wrong.push(`not served as brotli: ${plain.join(", ")}`);
  if (code(home).length < 2) wrong.push("the script or the wasm was not fetched");
  if (wrong.length) throw new Failure(wrong.join("\n"));
});

/** @param {number} bytes */
function shown(bytes) {
  return `${bytes.toLocaleString("en").padStart(9)} bytes`;
}
