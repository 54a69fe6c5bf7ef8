// @ts-check
// The published vectors (assignment.json) on any host of the core, in Node and in pages: which rows it answers otherwise.

/** @typedef {ReturnType<typeof import('../../www/engine.js').createEngine>} Engine */

/**
 * @param {Engine} engine of `vectors.config`
 * @param {any} vectors
 * @param {Pick<typeof import('../../www/engine.js'), 'UNIT'>} tables
 */
export const answersOf = (engine, vectors, { UNIT }) => {
  engine.consent('measure', 0);
  /** @param {string} unit @param {string} key */
  const assigned = (unit, key, at = 0) => {
    engine.unit(UNIT.visitor, unit);
    const index = engine.page.experiments.findIndex((experiment) => experiment.key === key);
    const { variant, reason } = engine.decide(index, false, at);
    return { variant: engine.page.experiments[index].variants[variant]?.key ?? null, reason };
  };
  /** @param {string} unit @param {string} key */
  const served = (unit, key) => {
    engine.unit(UNIT.visitor, unit);
    const index = engine.page.flags.findIndex((flag) => flag.key === key);
    const packed = engine.flag(index, 0);
    const { variant, reason } = engine.unpack(packed & 65535);
    const { by, ...own } = engine.page.flags[index].rows[packed >>> 16];
    return { value: (by?.[variant] ?? own).value, reason };
  };
  const rows = vectors.rows.map((/** @type {any} */ row) => ({ ...row, answer: assigned(row.unit, row.experiment, row.at) }));
  const flags = vectors.flags.map((/** @type {any} */ row) => ({ ...row, answer: served(row.unit, row.flag) }));
  return [...rows, ...flags].map(({ unit, experiment, flag, expect, answer }) => ({ what: `${experiment ?? flag} for ${unit.slice(0, 40)}`, expect, answer }));
};
