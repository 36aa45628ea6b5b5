/**
 * The version of this package, as `deno.json` and `package.json` have it (the gate compares them).
 *
 * @module
 */

/** A semantic version. */
export const version = "0.1.0";
