declare module 'parlour-authoring-glue' {
  export const __wbg_set_wasm: (exports: WebAssembly.Exports) => void;
  export const compile: (text: string, version: number, issued: number) => import('./authoring.js').Compiled;
  export const schema: () => string;
}
