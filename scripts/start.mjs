// @ts-check
/**
 * `npm start`: builds what is stale, then serves the demonstration shop with its simulated shoppers and prints the
 * addresses. Arguments go to `parlour serve`: `npm start -- --port 9000`.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setUpAndBuild } from "./build/index.mjs";
import { COMMAND } from "./build/native.mjs";
import { ROOT } from "./run.mjs";
import { main } from "./step.mjs";

await main(async () => {
  await setUpAndBuild();
  mkdirSync(join(ROOT, ".parlour"), { recursive: true });
  const server = spawn(COMMAND, ["serve", "--demo", ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
  // Ctrl-C reaches the server too, as one of the terminal's group; this waits until it has written what it took.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  process.exitCode = await new Promise((resolve) => {
    server.once("exit", (code) => resolve(code ?? 0));
    server.once("error", (error) => (console.error(error.message), resolve(1)));
  });
});
