// @ts-check
// Random (id, experiment) pairs, drawn here as tests/pairs.rs draws them, for Node and pages alike: ids, facts, consent,
// time and what happened before are drawn, too. Each block of 1,000 begins afresh and leaves one 32-bit digest.

/** @typedef {ReturnType<typeof import('../../www/engine.js').createEngine>} Engine */
/** @typedef {Pick<typeof import('../../www/engine.js'), 'REASONS' | 'UNIT'>} Tables */
/** @typedef {{n: number, id: string, experiment: string, variant: number, reason: string}} Row */

export const BLOCK = 1000;
const KINDS = ['expose', 'goal', 'session', 'show', 'holdout', 'stage'];
const LONG = 10_000;

/** splitmix32 @param {number} state */
const random = (state) => () => {
  state = (state + 0x9e3779b9) | 0;
  let t = state ^ (state >>> 16);
  t = Math.imul(t, 0x21f0aaad);
  t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
  return (t ^ (t >>> 15)) >>> 0;
};

/**
 * @param {Engine} engine of `vectors.config`
 * @param {any} vectors pairs.json
 * @param {Tables} tables of www/engine.js, which a page and Node import from two places
 */
export const createPairs = (engine, vectors, { REASONS, UNIT }) => {
  const { pieces, facts, consents, touchpoints, moments, from, seconds } = vectors;
  const { experiments } = engine.page;

  /** @param {number} block @param {(row: Row) => void} [tell] @returns {number} its digest */
  return (block, tell) => {
    const next = random(Math.imul(block + 1, 0x9e3779b1));
    const below = (/** @type {number} */ n) => next() % n;
    const pick = (/** @type {any[]} */ list) => list[below(list.length)];
    const some = (/** @type {number} */ count, /** @type {() => string} */ one) => Array.from({ length: count }, one).join('');
    // Alone a surrogate becomes U+FFFD in UTF-8; the dash keeps two of them apart.
    const scalar = () => {
      const code = below(0x110000);
      return code >= 0xd800 && code < 0xe000 ? `${String.fromCharCode(code)}-` : String.fromCodePoint(code);
    };
    const id = () => {
      switch (below(8)) {
        case 0:
          return `visitor-${next()}`;
        case 1:
          return some(4, () => next().toString(16).padStart(8, '0'));
        case 2:
          return below(8) ? `${below(1000)}` : '';
        case 3:
          return some(1 + below(12), () => pick(pieces));
        case 4:
          return some(1 + below(20), scalar);
        case 5:
          return some(1 + below(64), () => String.fromCharCode(32 + below(95)));
        case 6:
          return some(1 + below(6), () => String.fromCharCode(below(32)));
        default: {
          if (below(16)) return `${next()}@${below(100)}.example`;
          const piece = some(3, () => pick(pieces));
          return piece.repeat(1 + Math.floor(below(LONG) / 12));
        }
      }
    };

    let digest = block;
    const mix = (/** @type {number} */ value) => {
      digest = Math.imul(digest ^ value, 0x9e3779b1);
      digest ^= digest >>> 15;
    };
    const effects = (/** @type {import('../../www/engine.js').Effect[]} */ list) => {
      for (const { kind, index, detail } of list) mix(KINDS.indexOf(kind) + 1), mix(index), mix(detail);
    };

    engine.forget(from);
    engine.consent('measure', from);
    engine.bot(false);
    for (const kind of [UNIT.visitor, UNIT.user, UNIT.page]) engine.unit(kind, '');
    for (const [name] of facts) engine.facts({ [name]: null });
    for (let n = block * BLOCK; n < (block + 1) * BLOCK; n++) {
      const now = below(8) ? from + below(seconds) * 1000 + below(1000) : pick(moments);
      if (!below(32)) engine.consent(pick(consents), now);
      const visitor = id();
      engine.unit(UNIT.visitor, visitor);
      if (!below(4)) engine.unit(UNIT.user, below(3) ? id() : '');
      if (!below(4)) engine.unit(UNIT.page, id());
      for (let changes = below(3); changes > 0; changes--) {
        const [name, values] = pick(facts);
        engine.facts({ [name]: pick(values) });
      }
      if (!below(128)) engine.bot(!below(4));
      if (!below(16)) effects(engine.touch(/** @type {any} */ ({ type: pick(touchpoints), at: now, items: [{ item: 'mug' }] }), now));
      const experiment = below(experiments.length);
      if (!below(64)) engine.force(experiment, below(4) - 1);
      const { variant, reason } = engine.decide(experiment, false, now);
      mix((REASONS.indexOf(reason) << 8) | (variant + 1));
      tell?.({ n, id: visitor, experiment: experiments[experiment].key, variant, reason });
      if (!below(4)) {
        const flag = engine.flag(below(engine.page.flags.length), now);
        mix(flag & 65535);
        mix(flag >>> 16);
      }
      if (!below(8)) effects(engine.met(experiment, now));
      if (!below(256)) engine.forget(now);
    }
    return digest >>> 0;
  };
};
