// @ts-check
/** As in package.json and Cargo.toml. */
export const VERSION = '0.1.0';
