// @ts-check
/** Wrong usage, or input that cannot be used: the text is for people, the exit code is 2. */
export class Unusable extends Error {}
