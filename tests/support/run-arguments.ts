/**
 * How the runtime that runs the tests is told to run another TypeScript file.
 *
 * @module
 */

/** What stands before the file on the command line: Deno needs permissions, Node 22 must be told that it is TypeScript. */
export const runArguments: readonly string[] = "Deno" in globalThis
  ? ["run", "-A", "--no-check"]
  : "Bun" in globalThis
  ? []
  : ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
