/**
 * What the samples of frameworks have in common, and where the gate has put the frameworks.
 *
 * @module
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Broker } from "../../src/broker/mod.ts";

/** An app that listens, with a page at `/` that says `a page of the app` and a broker below `/millrace`. */
export interface App {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<unknown>;
}

/** Starts the app of one framework around a broker, whose `basePath` is `/millrace`. */
export type OpenApp = (broker: Broker) => Promise<App>;

/** The folder of the gate's tools. */
export const tools: string = env["MILLRACE_TOOLS"] ??
  fileURLToPath(new URL("../../.cache/tools", import.meta.url));

/** Deno, started with the project's configuration, does not find what these import in the folder of the tools. */
const notOnDeno: ReadonlySet<string> = new Set(["express", "h3"]);

/** Why a framework cannot be tried; false if it can. */
export function isMissing(name: string): string | false {
  if ("Deno" in globalThis && notOnDeno.has(name)) return "tried on Node and Bun";
  if (existsSync(join(tools, "node_modules", name))) return false;
  return `'${name}' is not installed: 'deno task test types' does that`;
}

/** Imports a framework from the tools of the gate. They have no types here: the samples say what they use. */
// deno-lint-ignore no-explicit-any -- as above
export async function load(name: string): Promise<any> {
  const folder = join(tools, "node_modules", name);
  const { type, exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  // Deno would take what is CommonJS for a module.
  if (type !== "module") return createRequire(pathToFileURL(join(tools, "package.json")))(name);
  const entry = findEntry(exports["."]);
  return await import(pathToFileURL(realpathSync(join(folder, entry))).href);
}

type Entry = string | { readonly import?: Entry; readonly default?: Entry };

function findEntry(entry: Entry): string {
  return typeof entry === "string" ? entry : findEntry((entry.import ?? entry.default)!);
}
