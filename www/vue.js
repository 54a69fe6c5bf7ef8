// @ts-check
// Experiments and flags as Vue composables. A server renders what it decided itself, the first render in the page is
// equal to that, and only then the engine in the page is asked. An experiment is exposed once it is mounted, never on a
// server.

import { computed, inject, onMounted, onUnmounted, shallowRef, unref, watchEffect } from 'vue';
import { experimentOf, flagOf, meet, subscribe, versionOf } from './answers.js';

/** @typedef {import('./answers.js').Given} Given */
/** @typedef {string | import('vue').Ref<string>} Key */

const NAME = 'parlour';

/** `app.use(createParlourPlugin({ parlour, decisions }))` @param {Given} given @returns {import('vue').Plugin<[]>} */
export const createParlourPlugin = (given) => ({ install: (app) => void app.provide(NAME, given) });

/** @param {Key} key @param {boolean} [isFlag] @returns {[Given, import('vue').Ref<number>]} */
const useVersion = (key, isFlag) => {
  const given = /** @type {Given} */ (inject(NAME, {}));
  const version = shallowRef(0);
  /** @type {() => void} */
  let end;
  onMounted(() => {
    const changed = () => void (version.value = versionOf(given.parlour));
    end = subscribe(given.parlour, changed);
    changed();
    watchEffect(() => meet(given, version.value, unref(key), isFlag));
  });
  onUnmounted(() => end?.());
  return [given, version];
};

/** The variant of an experiment, `null` for out. What is shown while `reason` is `loading` should be no variant's. @param {Key} key */
export const useExperiment = (key) => {
  const [given, version] = useVersion(key);
  return computed(() => experimentOf(given, version.value, unref(key)));
};

/** @template T @param {Key} key @param {T} fallback @returns {import('vue').ComputedRef<T>} */
export const useFlag = (key, fallback) => {
  const [given, version] = useVersion(key, true);
  return computed(() => flagOf(given, version.value, unref(key), fallback));
};
