// @ts-check
/** PNG pictures as browsers write them (8 bits, RGB or RGBA, not interlaced), read for their colours. W3C PNG, third edition. */
import { inflateSync } from "node:zlib";

/** A colour is met when each channel is as near as this: pictures are scaled. */
const NEAR = 12;

/** @param {Buffer} file */
export function decodePng(file) {
  const [width, height, depth, kind, , , interlaced] = [file.readUInt32BE(16), file.readUInt32BE(20), ...file.subarray(24, 29)];
  const channels = { 2: 3, 6: 4 }[kind];
  if (depth !== 8 || !channels || interlaced) throw new Error(`a PNG of another kind: depth ${depth}, colour ${kind}, interlaced ${interlaced}`);
  const parts = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const pixels = unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  return {
    width,
    height,
    /** Is this colour in the picture? @param {[number, number, number]} colour */
    has([red, green, blue]) {
      const like = (/** @type {number} */ at, /** @type {number} */ value) => Math.abs(pixels[at] - value) <= NEAR;
      for (let at = 0; at < pixels.length; at += channels) if (like(at, red) && like(at + 1, green) && like(at + 2, blue)) return true;
      return false;
    },
  };
}

/** @param {Uint8Array} rows each with its filter's number before it @param {number} stride @param {number} height @param {number} step */
function unfilter(rows, stride, height, step) {
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= step ? out[at - step] : 0;
      const up = y ? out[at - stride] : 0;
      const corner = x >= step && y ? out[at - stride - step] : 0;
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
      out[at] = rows[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return out;
}

/** The neighbour nearest to left + up - corner. @param {number} left @param {number} up @param {number} corner */
function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
