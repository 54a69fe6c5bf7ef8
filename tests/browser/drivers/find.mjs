// @ts-check
/** Where the three browsers are on this machine. An environment variable wins over the known places. */
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** @typedef {"chromium" | "firefox" | "webkit"} EngineName */

/** PARLOUR_ENGINES=chromium keeps a run to one of them. @type {EngineName[]} */
export const ENGINES = /** @type {EngineName[]} */ (["chromium", "firefox", "webkit"]).filter((name) => (process.env.PARLOUR_ENGINES ?? name).includes(name));

const onMac = (/** @type {string} */ app) => `/Applications/${app}.app/Contents/MacOS/${app}`;

/** @param {...string} names */
function onPath(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const file = join(folder, name);
      if (folder && existsSync(file)) return file;
    }
  }
}

/** MiniBrowser lies beside the library, whose version is part of the folder's name. */
function miniBrowser() {
  for (const folder of ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib64", "/usr/lib"]) {
    if (!existsSync(folder)) continue;
    const versions = readdirSync(folder).filter((name) => /^webkit2?gtk-\d/.test(name)).sort().reverse();
    for (const version of versions) {
      const file = join(folder, version, "MiniBrowser");
      if (existsSync(file)) return file;
    }
  }
}

export function findChromium() {
  const mac = ["Chromium", "Google Chrome"].map(onMac).find((file) => existsSync(file));
  return process.env.CHROMIUM ?? onPath("chromium", "chromium-browser", "google-chrome", "google-chrome-stable") ?? mac;
}

export function findFirefox() {
  return process.env.FIREFOX ?? onPath("firefox-esr", "firefox") ?? (existsSync(onMac("firefox")) ? onMac("firefox") : undefined);
}

export function findWebKit() {
  const driver = process.env.WEBKIT_DRIVER ?? onPath("WebKitWebDriver");
  const browser = process.env.WEBKIT_BROWSER ?? miniBrowser();
  const display = onPath("Xvfb");
  return driver && browser && display ? { driver, browser, display } : undefined;
}

/** @param {EngineName} name */
export function isInstalled(name) {
  return Boolean({ chromium: findChromium, firefox: findFirefox, webkit: findWebKit }[name]());
}
