/**
 * How a program is started under each runtime.
 *
 * @module
 */

import process from "node:process";

export const runtimeNames = ["deno", "node", "bun"] as const;

export type RuntimeName = typeof runtimeNames[number];

/** A runtime and its program. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly program: string;
}

/** The runtime that runs this. */
export function currentRuntime(): Runtime {
  const { versions, execPath: program } = process;
  if (versions["deno"]) return { name: "deno", program };
  return { name: versions["bun"] ? "bun" : "node", program };
}

/**
 * The words that start `script`.
 *
 * @param checkout The folder whose dependencies are used. Deno takes them from its `deno.json`; Node and Bun find
 * `node_modules` beside the files that they import.
 */
export function toWords({ name }: Runtime, script: string, checkout: string): string[] {
  if (name === "deno") return ["run", "-A", "--quiet", `--config=${checkout}/deno.json`, script];
  if (name === "bun") return [script];
  // Node 22 needs the first; later ones accept it.
  return ["--experimental-strip-types", "--disable-warning=ExperimentalWarning", script];
}
