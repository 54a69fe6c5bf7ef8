// @ts-check
/** The three browsers the tests drive. On Debian as root the missing ones are installed; else the line says what to do. */
import { ENGINES, isInstalled } from "../../tests/browser/drivers/find.mjs";
import { step } from "../step.mjs";
import { aptInstall, aptMayInstall } from "./apt.mjs";

/** @type {Record<import("../../tests/browser/drivers/find.mjs").EngineName, string[]>} */
const PACKAGES = {
  chromium: ["chromium", "chromium-driver"],
  firefox: ["firefox-esr"],
  webkit: ["webkit2gtk-driver", "xvfb", "xauth"],
};

/** A browser that stays missing is no failure here: the tests that need it say so, and count it in CI. */
export async function browsers() {
  await step("browsers", async (say) => {
    const missing = ENGINES.filter((name) => !isInstalled(name));
    if (missing.length === 0) return say("present: Chromium, Firefox, WebKitGTK");
    const packages = missing.flatMap((name) => PACKAGES[name]);
    const failure = aptMayInstall() ? await aptInstall(packages) : `as root, run: apt-get install ${packages.join(" ")}`;
    const still = ENGINES.filter((name) => !isInstalled(name));
    say(still.length === 0 ? `installed: ${missing.join(", ")}` : `MISSING ${still.join(", ")}: ${failure ?? "installed, but not found"}`);
  });
}
