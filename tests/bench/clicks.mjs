// @ts-check
/** Generated clicks, the same each time, for what learns from logs. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";

const ITEMS = 43_000;

/** mulberry32, public domain. @param {number} seed */
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** Sessions of five clicks on average, near each other in a catalogue whose first items are wanted most. @param {string} path @param {number} clicks */
export async function generate(path, clicks) {
  const draw = random(7);
  const out = createWriteStream(path);
  out.write("session_id,item_id,time\n");
  for (let session = 0, made = 0; made < clicks; session++) {
    const length = Math.min(60, 1 + Math.floor(-5 * Math.log(1 - draw())), clicks - made);
    const centre = Math.floor(ITEMS * draw() ** 3);
    const start = 1_600_000_000 + Math.floor(draw() * 30 * 86_400);
    let text = "";
    for (let n = 0; n < length; n++) text += `s${session},i${(centre + Math.floor((draw() + draw() + draw() - 1.5) * 16) + ITEMS) % ITEMS},${start + 30 * n}\n`;
    made += length;
    if (!out.write(text)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}
