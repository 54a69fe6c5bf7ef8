// @ts-check
/** `npm run build`: fills dist/ and leaves the command at target/release/parlour. */
import { build } from "./build/index.mjs";
import { main } from "./step.mjs";

await main(async () => {
  await build();
});
