// @ts-check
/** `npm run types`: tsc --strict over the JSDoc of the page's modules, and over the scripts, the command and the test drivers. */
import { npmPackages } from "./setup/npm-packages.mjs";
import { Failure, run } from "./run.mjs";
import { main, step } from "./step.mjs";

await main(async () => {
  await npmPackages();
  for (const project of ["tsconfig.json", "tsconfig.node.json"]) {
    await step(project, async () => {
      const ran = await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project]);
      if (ran.code !== 0) throw new Failure(ran.text);
    });
  }
});
