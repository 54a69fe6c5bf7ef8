// @ts-check
/** The visitor that assign, decide and simulate ask about: known by one id, allows measuring, no bot. */

/** Visitor, user, session and page view: the id is the unit of every kind of experiment. */
const UNITS = [0, 1, 2, 3];

/** @param {import("./plan.js").Plan} plan @param {number} nowMs */
export function newVisitor(plan, nowMs) {
  const engine = plan.newEngine();
  engine.consent("measure", nowMs);
  engine.bot(false);
  return {
    /** @param {string} id */
    becomes(id) {
      for (const unit of UNITS) engine.unit(unit, id);
    },
    /** Facts that the plan does not ask for change nothing, as on a page. @param {Record<string, unknown>} facts */
    knows: (facts) => engine.facts(facts),
    /** @param {number} experiment */
    decide: (experiment) => engine.decide(experiment, false, nowMs),
  };
}
