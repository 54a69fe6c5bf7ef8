// @ts-check
/** A Vue page whose own nodes come, go and change places, wherever changes have put them. */
import { createApp, h, onMounted, reactive } from "vue";

export const render = () => "";

/** @param {Element} root @param {{errors: string[]}} options */
export const hydrate = (root, { errors }) =>
  new Promise((hold) => {
    const app = createApp({
      setup() {
        const state = reactive({ bold: true, row: true, list: ["a", "b", "c"], page: true });
        onMounted(() => hold((/** @type {object} */ next) => void Object.assign(state, next)));
        return () =>
          h("main", state.page ? [h("section", [
            h("h1", { id: "title" }, [state.bold ? h("b", "bold") : null, h("i", "italic"), " text"]),
            h("div", { id: "box" }, [state.row ? h("p", { id: "row" }, "row") : null]),
            h("ul", { id: "list" }, state.list.map((key) => h("li", { key, id: key }, key))),
            h("aside", { id: "aside" }),
          ])] : []);
      },
    });
    app.config.errorHandler = (error) => void errors.push(`${error}`);
    app.mount(root);
  });
