// @ts-check
/** The visitor that assign, decide and simulate ask about: known by one id, allows measuring, no bot. */
import { Unusable } from "./unusable.js";

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
    knows: (facts) => engine.facts(flat(facts)),
    /** @param {number} experiment */
    decide: (experiment) => engine.decide(experiment, false, nowMs),
  };
}

/** `{"page":{"type":"home"}}` is the fact `page.type`. @param {Record<string, unknown>} facts @param {string} [prefix] */
function flat(facts, prefix = "") {
  /** @type {Record<string, unknown>} */
  const all = {};
  for (const [key, value] of Object.entries(facts)) {
    const name = prefix + key;
    if (Array.isArray(value)) throw new Unusable(`the fact ${name} is a list: give a text, a number, true, false or null`);
    if (typeof value === "object" && value !== null) Object.assign(all, flat(/** @type {Record<string, unknown>} */ (value), `${name}.`));
    else all[name] = value;
  }
  return all;
}
