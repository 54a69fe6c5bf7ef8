// @ts-check
// parlour-handover.js, fetched only where parlour.first.js is on the page: compares what that did with what the engine
// says, hands its operations to the applier, undoes what is wrong, and remembers the answers for the next visit.

/** @typedef {import('./first.js').First} First */
/** @typedef {import('./change.js').Change} Change */
/** @typedef {{key: string, code: string, detail: string}} Problem */

const STORE = 'parlour_first';
const STORED = 90_000;
const PAGES = 20;
/** Of one address, all variants together, so that no arm is remembered where another is not. */
const REMEMBERED = 20_000;
/** What needs nothing but the element. */
const KINDS = /^(select|all|text|attr|class|css|hide|show|image|insert|move)$/;

/**
 * @param {object} options
 * @param {First} options.first
 * @param {import('./engine.js').Page['experiments']} [options.experiments] none where the engine is off: all is undone
 * @param {(problem: Problem) => void} options.report
 * @param {AbortSignal} options.signal
 */
export const createHandover = ({ first, experiments = [], report, signal }) => {
  const { decided, stop } = first;
  let { rows } = first;
  stop();

  /** The newest first. @param {(row: First['rows'][number]) => boolean} which */
  const undo = (which) => {
    for (const { operations } of rows.filter(which).reverse())
      for (const operation of [...operations].reverse())
        try {
          operation.undo();
        } catch {
          // The page made it impossible.
        }
    rows = rows.filter((row) => !which(row));
  };
  // Where one change lies over another, or the page took one back, all is done anew, in this task and unseen.
  if (rows.some(({ element, operations }) => !element.isConnected || !operations.every((operation) => operation.holds()))) undo(() => true);
  undo(({ key }) => !experiments.some((experiment) => experiment.key === key));
  signal.addEventListener('abort', () => undo(() => true));

  return {
    /** Operations that are in force already, for the applier. @param {string} name @param {Change} change @param {Element} element */
    ready(name, change, element) {
      const row = rows.find((row) => row.element === element && `experiment ${row.key}` === name && JSON.stringify(row.change) === JSON.stringify(change));
      if (!row) return undefined;
      rows = rows.filter((other) => other !== row);
      // It is written already: a second time its own result would be taken for the page's.
      for (const operation of row.operations) {
        const { write } = operation;
        operation.write = () => void (operation.write = write);
      }
      return row.operations;
    },
    /**
     * What was shown before the engine answered; `same` unless the answer is another. Then this page view keeps it and is
     * not counted. Undefined where there was nothing, or it is undone because the answer is out.
     * @param {string} key @param {string | undefined} variant @param {Change[]} changes @param {string} reason
     */
    settle(key, variant, changes, reason) {
      const was = decided.get(key);
      if (!was) return undefined;
      const agrees = was.variant === (variant ?? null);
      if (was.handed && !agrees && reason !== 'consent') report({ key, code: 'handover', detail: `${was.variant} from the server, ${variant ?? null} here (${reason})` });
      if (variant === undefined) {
        // The server decided without it, which is the site's own affair.
        if (!was.handed || reason !== 'consent') undo((row) => row.key === key), decided.delete(key);
        return undefined;
      }
      const same = agrees && (was.handed || JSON.stringify(was.changes) === JSON.stringify(changes));
      // What the server's decision did not say, or said in another way.
      if (same && was.handed) undo((row) => row.key === key && !changes.some((change) => JSON.stringify(change) === JSON.stringify(row.change)));
      return { same, changes: was.changes.filter((change) => Object(change) === change) };
    },
    /** What this page view keeps though the engine answers another. @param {string} key @param {import('./engine.js').Variant[]} [variants] */
    shown: (key, variants) => variants?.find((variant) => variant.key === decided.get(key)?.variant),
    /** For the next visit to this address; only where consent allows. @param {(index: number) => import('./engine.js').Decision | undefined} answer */
    keep(answer) {
      let left = REMEMBERED;
      /** @type {Record<string, {variant: string, changes: Change[]}>} */
      const page = {};
      experiments.forEach(({ key, targets, variants }, index) => {
        if (!targets.length || !variants.every(({ changes = [] }) => changes.every((change) => Object.keys(change).every((kind) => KINDS.test(kind))))) return;
        const size = JSON.stringify(variants).length;
        if (size > left) return;
        left -= size;
        const { variant: chosen = -1, reason } = answer(index) ?? {};
        const { key: variant, changes = [] } = variants[chosen] ?? {};
        if (variant && reason !== 'preview') page[key] = { variant, changes };
      });
      try {
        const [v, pages] = JSON.parse(localStorage[STORE] ?? '[]');
        const others = v === 1 ? pages.filter((/** @type {string[]} */ [path]) => path !== location.pathname) : [];
        others.splice(0, others.length + 1 - PAGES);
        let text = '';
        do text = JSON.stringify([1, [...others, [location.pathname, page]]]);
        while (text.length > STORED && others.shift());
        localStorage[STORE] = text;
      } catch {
        // Denied, full, or another's: begun anew next time.
        try {
          localStorage.removeItem(STORE);
        } catch {
          // Denied.
        }
      }
    },
  };
};
