// @ts-check
/** The demonstration page in Vue: server-rendered, hydrated, with a route, a counter and a part that comes later. */
import { createSSRApp, defineAsyncComponent, h, onMounted, onUnmounted, ref, watch } from "vue";

const Later = { render: () => h("p", { id: "later" }, "Later words") };

/** @param {string} first @param {any} Part @param {(actions: any) => void} [hold] */
const shop = (first, Part, hold) => ({
  setup() {
    const [path, count, fights, shown] = [ref(first), ref(0), ref(false), ref(true)];
    let frame = 0;
    const reset = () => {
      const title = document.querySelector("#title");
      if (title && title.textContent !== "Plain words") title.textContent = "Plain words";
      frame = requestAnimationFrame(reset);
    };
    watch(fights, (on) => (on ? reset() : cancelAnimationFrame(frame)));
    onUnmounted(() => cancelAnimationFrame(frame));
    onMounted(() => hold?.({ go: (/** @type {string} */ to) => (path.value = to), rerender: () => count.value++, fight: (/** @type {boolean} */ on) => (fights.value = on), show: (/** @type {boolean} */ on) => (shown.value = on) }));
    return () =>
      h("main", { "data-count": count.value }, [
        h("nav", [h("b", path.value), " seen ", `${count.value}`, " times"]),
        path.value === "/" && shown.value
          ? h("article", { key: "home" }, [
              h("h1", { id: "title", class: count.value ? `big c${count.value}` : "big", title: `plain ${count.value}` }, "Plain words"),
              h("p", { id: "number" }, ["Number ", `${count.value}`, " of ten"]),
              h("p", { id: "promo" }, "Ten percent off"),
              h("ul", { id: "list" }, [0, 1, 2].map((i) => h("li", { key: i }, `Row ${i + count.value}`))),
              h(Part),
            ])
          : path.value !== "/" ? h("article", { key: "other" }, [h("h1", { id: "other" }, "Another page"), h("p", { id: "number" }, "None")]) : null,
      ]);
  },
});

/** @param {string} path */
export async function render(path) {
  const { renderToString } = await import("@vue/server-renderer");
  return renderToString(createSSRApp(shop(path, Later)));
}

/** To be called in the page. @param {Element} root @param {{errors: string[], later: Promise<unknown>}} options */
export const hydrate = (root, { errors, later }) =>
  new Promise((hold) => {
    const app = createSSRApp(shop(location.pathname, defineAsyncComponent(() => later.then(() => Later)), hold));
    app.config.warnHandler = (text) => void errors.push(`warning: ${text}`);
    app.config.errorHandler = (error) => void errors.push(`error: ${error}`);
    app.mount(root);
  });
