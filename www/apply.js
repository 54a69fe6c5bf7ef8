// @ts-check
// Keeps the changes of a plan on a page that may load late, re-render and fight, and gives the page back as it was.
// Bounds: LIMIT elements a change, WAIT_MS for elements to appear, FIGHTS reverts a second before a change is frozen.
// Where two changes want one thing of one element, the one of higher rank wins, whichever came first.

import { operationsOf } from './change.js';
import { keepFocus } from './focus.js';
import { createHydration } from './hydration.js';
import { isThere } from './parents.js';
import { watch } from './watch.js';

const LIMIT = 1000;
const WAIT_MS = 10_000;
const FIGHTS = 20;

/** @typedef {import('./change.js').Change} Change */
/**
 * @typedef {object} Problem
 * @property {string} key experiment or experience
 * @property {'selector' | 'missing' | 'refused' | 'failed' | 'frozen' | 'many' | 'conflict'} code
 * @property {string} detail selector or message
 *
 * @typedef {object} State one change
 * @property {string} key
 * @property {Change} change
 * @property {number} rank
 * @property {string[]} selectors
 * @property {Set<Element>} on
 * @property {WeakSet<Element>} own what it inserted
 * @property {boolean} met
 * @property {'' | 'missing' | 'dead'} off looked for in vain until the next `apply`, or never touched again
 * @property {number} since start of the second in which `fights` were counted
 * @property {number} fights
 * @property {number} turn in which the last one was counted
 *
 * @typedef {import('./change.js').Operation & {element: Element, state: State, over?: Placed}} Placed
 *   an operation in force; `over` is a later one that has the last word
 *
 * @typedef {object} Entry
 * @property {readonly Change[]} changes
 * @property {State[]} states
 * @property {string[]} targets
 * @property {(() => void) | undefined} found
 * @property {number} waited ms, as far as anything waits for them
 */

/**
 * @param {object} options
 * @param {Document | Element} [options.root]
 * @param {(problem: Problem) => void} options.report each problem once
 * @param {number} [options.wait] ms
 * @param {AbortSignal} [options.signal] aborting is `stop()`
 * @param {(element: Element, change: Change) => import('./change.js').Operation[] | undefined} [options.more]
 * @param {(key: string, change: Change, element: Element) => import('./change.js').Operation[] | undefined} [options.ready] in force already
 * @param {(element: Element) => boolean} [options.isHydrated]
 *   operations of kinds whose code is in a chunk; undefined until it is there, and then `look()` is called
 */
export const createApplier = ({ root = document, report, wait = WAIT_MS, signal, more, ready, isHydrated = createHydration() }) => {
  const control = new AbortController();
  const entries = /** @type {Map<string, Entry>} */ (new Map());
  const told = /** @type {Set<string>} */ (new Set());
  /** In the order in which they were written. */
  let placed = /** @type {Placed[]} */ ([]);
  const same = /** @type {WeakMap<Element, Set<Placed>>} */ (new WeakMap());
  let running = false;
  let hydrating = false;
  let turn = 0;

  /** @param {string} key @param {Problem['code']} code @param {unknown} detail */
  const tell = (key, code, detail) => {
    const id = [key, code, detail].join();
    if (told.has(id)) return;
    told.add(id);
    report({ key, code, detail: `${detail}` });
  };

  /** Runs what page code may make fail. @param {State} state @param {() => void} action */
  const attempt = (state, action) => {
    try {
      action();
    } catch (error) {
      state.off = 'dead';
      const { code, message } = /** @type {Error & {code?: unknown}} */ (error);
      tell(state.key, code === 'refused' ? code : 'failed', message);
    }
  };

  /** @param {string} key @param {string[]} selectors those that are none are taken out @param {boolean} [all] */
  const find = (key, selectors, all) => {
    /** @type {Element[]} */
    let found = [];
    for (const selector of [...selectors])
      try {
        found = found.concat(all ? [...root.querySelectorAll(selector)] : (root.querySelector(selector) ?? []));
        if (found[0] && !all) break;
      } catch {
        selectors.splice(selectors.indexOf(selector), 1);
        tell(key, 'selector', selector);
      }
    if (found.length > LIMIT) tell(key, 'many', selectors);
    const ready = found.slice(0, LIMIT).filter(isHydrated);
    // Nothing tells of the end of a hydration.
    if (!ready[0] && found[0]) hydrating = true;
    return ready;
  };

  /** @param {Element} element */
  const onSame = (element) => same.get(element) ?? new Set();

  /** @param {Placed} operation */
  const write = (operation) => {
    const { element, state } = operation;
    const held = [...onSame(element)].filter((other) => other !== operation && !other.over && other.holds());
    operation.write();
    for (const other of held)
      if (!other.holds()) {
        other.over = operation;
        if (other.state.key !== state.key) tell(other.state.key, 'conflict', `${state.key} wins on ${other.state.selectors}`);
      }
    // Only touched elements are watched for attributes and text. A text node is watched by itself.
    touched.observe(element, { attributes: true, childList: true });
    for (const node of element.childNodes) if (node.nodeType === 3) touched.observe(node, { characterData: true });
  };

  /** The page took something back: counted once a turn, however many elements a re-render reset. @param {State} state */
  const fought = (state) => {
    if (state.turn === turn) return;
    state.turn = turn;
    const now = performance.now();
    if (now - state.since > 1000) {
      state.since = now;
      state.fights = 0;
    }
    if (++state.fights > FIGHTS) {
      state.off = 'dead';
      tell(state.key, 'frozen', state.selectors);
    }
  };

  /** @param {Placed} operation */
  const hold = (operation) => {
    const { element, needs = [], state } = operation;
    // Elsewhere for now: set aside by a change of our own.
    if (!state.off && !operation.over && [element, ...needs].every((node) => node.isConnected))
      attempt(state, () => {
        if (operation.holds()) return;
        fought(state);
        if (!state.off) keepFocus(() => write(operation));
      });
  };

  /** What was written on top of these, and would be wrong without them. Attributes of other elements are as they are. @param {Placed[]} list */
  const above = (list) => {
    const elements = new Set(list.map(({ element }) => element));
    const moves = list.some(({ needs }) => needs);
    return placed.slice(placed.indexOf(list[0])).filter(({ element, needs }) => elements.has(element) || (moves && needs));
  };

  /**
   * Undoes, from the newest, what is to go and what is to be written `again`, on top of what is `added`.
   * @param {Placed[]} gone @param {Placed[]} [again] @param {Placed[]} [added]
   */
  const arrange = (gone, again = [], added = []) =>
    keepFocus(() => {
      const leaving = new Set(gone);
      const moving = new Set([...gone, ...again]);
      if (moving.size) {
        for (const { state, undo } of placed.filter((operation) => moving.has(operation)).reverse()) attempt(state, undo);
        placed = placed.filter((operation) => {
          if (moving.has(/** @type {Placed} */ (operation.over))) operation.over = undefined;
          return !moving.has(operation);
        });
        for (const operation of moving) onSame(operation.element).delete(operation);
        for (const { state, element } of gone) state.on.delete(element);
      }
      for (const operation of [...added, ...again]) {
        const { element, state } = operation;
        if (state.off || leaving.has(operation)) continue;
        placed.push(operation);
        same.set(element, onSame(element).add(operation));
        attempt(state, () => write(operation));
      }
    });

  /** Drops what has lost its element, newest first, so that even a detached element is as the page made it. */
  const retire = () => {
    const lost = placed.filter(({ element, needs = [] }) => ![element, ...needs].every(isThere));
    if (!lost[0]) return;
    arrange(lost);
    for (const { state } of lost) if (!state.change.all) fought(state);
  };

  /** @param {State} state @param {Element} element */
  const place = (state, element) => {
    attempt(state, () => {
      const operations = ready?.(state.key, state.change, element) ?? operationsOf(element, state.change, (selector) => find(state.key, [selector])[0], more);
      if (!operations) return;
      state.met = true;
      state.on.add(element);
      // What it makes would else be another place for it.
      for (const { made } of operations) if (made) for (const each of [made, ...made.querySelectorAll('*')]) state.own.add(each);
      const added = operations.map((operation) => /** @type {Placed} */ (Object.assign(operation, { element, state })));
      arrange([], above([...onSame(element)].filter((other) => other.state.rank > state.rank)), added);
      if (state.off) arrange(added, above(added));
    });
  };

  const look = () => {
    if (running || control.signal.aborted) return;
    running = true;
    turn++;
    const found = [];
    let waiting = false;
    hydrating = false;
    retire();
    for (const operation of [...placed]) hold(operation);
    for (const [key, entry] of entries) {
      // Before the changes, so that what they insert is no target in one arm only.
      if (entry.found && find(key, entry.targets).length) {
        found.push(entry.found);
        entry.found = undefined;
      }
      for (const state of entry.states) {
        if (state.off) continue;
        const { change, on } = state;
        for (const element of on.size && !change.all ? [] : find(key, state.selectors, change.all))
          if (element.isConnected && !on.has(element) && !state.own.has(element) && !state.off) place(state, element);
        if (!state.selectors.length) state.off = 'dead';
        else if (!state.met && entry.waited >= (change.wait ?? wait)) {
          state.off = 'missing';
          tell(key, 'missing', state.selectors);
        }
        waiting ||= !state.met && !state.off;
      }
      waiting ||= !!(entry.found && entry.targets[0]);
    }
    tree.observe(waiting);
    if (waiting && hydrating) tree.soon();
    tree.forget();
    touched.takeRecords();
    running = false;
    for (const call of found) call();
  };

  const tree = watch(root, look, control.signal);
  const touched = new MutationObserver((records) => {
    turn++;
    const nodes = new Set(records.flatMap(({ target }) => [target, target.parentNode]));
    for (const operation of [...placed]) if (nodes.has(operation.element)) hold(operation);
  });

  /** @param {string} key */
  const remove = (key) => {
    const entry = entries.get(key);
    entries.delete(key);
    const gone = placed.filter(({ state }) => entry?.states.includes(state));
    arrange(gone, above(gone));
  };

  const stop = () => {
    control.abort();
    touched.disconnect();
    entries.clear();
    arrange(placed);
  };
  signal?.addEventListener('abort', stop);

  return {
    entries,
    /**
     * Puts changes on the page as soon as their elements are there. The same changes again start the wait anew and
     * leave what is in place; other changes under the same key replace the former.
     * @param {string} key
     * @param {readonly Change[]} changes none for a control
     * @param {readonly string[]} [targets] selectors of all variants together, the same for every arm
     * @param {() => void} [found] called once, when the first of the targets is there
     * @param {number} [rank] who wins where two want one thing; within one key the later change
     * @param {Record<string, number>} [waits] ms for targets that have a wait of their own
     */
    apply(key, changes, targets = [], found, rank = 0, waits = {}) {
      if (control.signal.aborted) return;
      const former = entries.get(key);
      const same = former && JSON.stringify(former.changes) === JSON.stringify(changes);
      if (!same) remove(key);
      /** @type {State[]} */
      const states = same
        ? former.states
        : changes.map((change, i) => ({ key, change, rank: rank * 1000 + i, selectors: [change.select ?? []].flat(), on: new Set(), own: new WeakSet(), met: false, since: 0, fights: 0, turn: 0, off: '' }));
      for (const state of states) if (state.off === 'missing') state.off = '';
      /** @type {Entry} */
      const entry = { changes, states, targets: [...targets], found, waited: -1 };
      const waitOf = (/** @type {string} */ target) => waits[target] ?? wait;
      for (const ms of new Set([...changes.map((change) => change.wait ?? wait), ...targets.map(waitOf)]))
        setTimeout(() => {
          if (entries.get(key) !== entry) return;
          entry.waited = ms;
          // No arm is counted for what appears after the wait, when nothing would be applied.
          entry.targets = entry.targets.filter((target) => waitOf(target) > ms);
          look();
        }, ms);
      entries.set(key, entry);
      look();
    },
    look,
    /** @param {string} key */
    undo(key) {
      remove(key);
      look();
    },
    /** Everything undone, nothing watched, for good. */
    stop,
  };
};
