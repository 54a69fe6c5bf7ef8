// @ts-check
/** A page that asks for an experiment and a flag by the Vue helpers. */
import { createSSRApp, h, onMounted, ref } from "vue";
import { createParlourPlugin, useExperiment, useFlag } from "../../../www/vue.js";

const Headline = {
  setup() {
    const answer = useExperiment("headline");
    return () => {
      const { variant, reason } = answer.value;
      return h("h1", { id: "title" }, variant ? `Headline ${variant}` : reason === "loading" ? "…" : "Plain words");
    };
  },
};

const Limit = {
  setup() {
    const limit = useFlag("limit", 1);
    return () => h("p", { id: "limit" }, `From ${limit.value}`);
  },
};

/** @param {object} given @param {(actions: any) => void} [hold] */
const app = (given, hold) =>
  createSSRApp({
    setup() {
      const [shown, count] = [ref(true), ref(0)];
      onMounted(() => hold?.({ show: (/** @type {boolean} */ on) => (shown.value = on), rerender: () => count.value++ }));
      return () => h("main", { "data-count": count.value }, [shown.value ? h(Headline) : null, h(Limit)]);
    },
  }).use(createParlourPlugin(given));

/** @param {object} given */
export async function render(given) {
  const { renderToString } = await import("@vue/server-renderer");
  return renderToString(app(given));
}

/** @param {Element} root @param {{errors: string[]} & Record<string, unknown>} options */
export const hydrate = (root, { errors, ...given }) =>
  new Promise((hold) => {
    const made = app(given, hold);
    made.config.warnHandler = (text) => void errors.push(`warning: ${text}`);
    made.config.errorHandler = (error) => void errors.push(`error: ${error}`);
    made.mount(root);
  });
