// @ts-check
/** What a wasm file says about itself: its names, its types, and which of its library's objects were bitcode. */

/** @param {Uint8Array} bytes */
function cursor(bytes) {
  let at = 0;
  return {
    get at() {
      return at;
    },
    done: () => at >= bytes.length,
    u8: () => bytes[at++],
    /** @param {number} length */
    take: (length) => bytes.subarray(at, (at += length)),
    u32() {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at++];
        value += (byte & 127) * scale;
        if (!(byte & 128)) return value;
      }
    },
    text() {
      return new TextDecoder().decode(this.take(this.u32()));
    },
  };
}

/** @param {Uint8Array} bytes */
function* sections(bytes) {
  const whole = cursor(bytes);
  whole.take(8);
  while (!whole.done()) yield { id: whole.u8(), body: cursor(whole.take(whole.u32())) };
}

/** Names of functions, from the name section (present before stripping). @param {Uint8Array} bytes @returns {string[]} */
export function functionNames(bytes) {
  for (const { id, body } of sections(bytes)) {
    if (id !== 0 || body.text() !== "name") continue;
    while (!body.done()) {
      const kind = body.u8();
      const names = cursor(body.take(body.u32()));
      if (kind === 1) return Array.from({ length: names.u32() }, () => (names.u32(), names.text()));
    }
  }
  return [];
}

const VALUE_TYPES = new Map([[0x7f, "i32"], [0x7e, "i64"], [0x7d, "f32"], [0x7c, "f64"], [0x7b, "v128"], [0x70, "funcref"], [0x6f, "externref"]]);

/**
 * The functions a module exports, with their types. A module that imports functions numbers them differently.
 * @param {Uint8Array} bytes Of a module without imports.
 */
export function functionSignatures(bytes) {
  /** @type {{parameters: string[], results: string[]}[]} */
  let types = [];
  /** @type {number[]} */
  let functions = [];
  /** @type {{name: string, parameters: string[], results: string[]}[]} */
  const exported = [];
  for (const { id, body } of sections(bytes)) {
    const list = (/** @type {() => any} */ one) => Array.from({ length: body.u32() }, one);
    const type = () => VALUE_TYPES.get(body.u8()) ?? "other";
    if (id === 1) types = list(() => (body.u8(), { parameters: list(type), results: list(type) }));
    if (id === 3) functions = list(body.u32);
    if (id === 7) {
      for (const { name, kind, index } of list(() => ({ name: body.text(), kind: body.u8(), index: body.u32() }))) {
        if (kind === 0) exported.push({ name, ...types[functions[index]] });
      }
    }
  }
  return exported;
}

/** The object files in a static library ("!<arch>", System V layout). @param {Buffer} bytes */
export function* objects(bytes) {
  const HEADER = 60;
  for (let at = 8; at + HEADER <= bytes.length; ) {
    const size = Number(bytes.toString("latin1", at + 48, at + 58));
    const start = at + HEADER;
    const magic = bytes.subarray(start, start + 4);
    const name = bytes.toString("latin1", at, at + 16);
    // rustc wraps its metadata as an object too, which holds no code.
    if (!name.startsWith("lib.rmeta") && (isBitcode(magic) || isWasm(magic))) yield magic;
    at = start + size + (size % 2);
  }
}

/** LLVM bitcode: what rustc writes, instead of machine code, where the linking step is to optimise it all. @param {Uint8Array} magic */
export const isBitcode = (magic) => Buffer.from(magic).toString("hex") === "4243c0de";

/** @param {Uint8Array} magic */
const isWasm = (magic) => Buffer.from(magic).toString("hex") === "0061736d";
