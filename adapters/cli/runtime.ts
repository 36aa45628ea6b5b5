/**
 * Which adapter belongs to the runtime that runs us.
 *
 * @module
 */

/** The nouns that all adapters share. */
export type Runtime = Pick<typeof import("../node/mod.ts"), "openSqlite" | "serve">;

/** Loads the adapter. Only then: the others' imports may not exist here. */
export async function loadRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return await import("../deno/mod.ts");
  if ("Bun" in globalThis) return await import("../bun/mod.ts");
  return await import("../node/mod.ts");
}
