/**
 * The runtimes that the gate tests, for a bench that runs on Deno and measures on each of them.
 *
 * @module
 */

import { deno } from "../gate/command.ts";
import { findRuntime } from "../gate/tools.ts";
import type { Runtime, RuntimeName } from "./runtimes.ts";

/** Deno's, whatever runs the server: two tables that were made on different runtimes have the same client. */
export const generator: Runtime = { name: "deno", program: deno };

/**
 * Finds the programs of runtimes, and installs those that the gate pins.
 *
 * @throws {Error} If there is none for this machine.
 */
export async function openRuntimes(names: readonly RuntimeName[]): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  for (const name of names) runtimes.push(await openRuntime(name));
  return runtimes;
}

async function openRuntime(name: RuntimeName): Promise<Runtime> {
  if (name === "deno") return generator;
  const found = await findRuntime(name === "node" ? "node24" : name);
  if ("missing" in found) throw new Error(`There is no ${name}: ${found.missing}`);
  return { name, program: found.program };
}
