// @ts-check
/** `npm run build`: fills dist/ and leaves the command at target/release/parlour. */
import { setUpAndBuild } from "./build/index.mjs";
import { main } from "./step.mjs";

await main(setUpAndBuild);
