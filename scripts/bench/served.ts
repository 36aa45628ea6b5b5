/**
 * A broker in a process of its own: the command line, under the runtime that runs the bench.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A broker that listens. */
export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `millrace serve` on a database file. */
export async function startServed(data: string): Promise<Served> {
  const main = fileURLToPath(new URL("../../adapters/cli/main.ts", import.meta.url));
  const words = [...runArguments(), main, "serve", "--port", "0", "--data", data];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! })
      .on("line", (line) => resolve(line.replace("millrace listening on ", "")));
    child.on("exit", (code) => reject(new Error(`millrace serve ended with ${code}`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function runArguments(): string[] {
  if ("Deno" in globalThis) return ["run", "-A", "--quiet"];
  if ("Bun" in globalThis) return [];
  return ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
}
