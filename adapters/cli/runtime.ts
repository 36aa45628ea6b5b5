/**
 * The adapter of the runtime that runs this process.
 *
 * @module
 */

/** What the command line uses of an adapter. */
export type Runtime = Pick<
  typeof import("../node/mod.ts"),
  "createFetch" | "openSqlite" | "serve"
>;

/** Loads the adapter. The imports of the others may not exist on this runtime. */
export async function loadRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return await import("../deno/mod.ts");
  if ("Bun" in globalThis) return await import("../bun/mod.ts");
  return await import("../node/mod.ts");
}
