/**
 * The ways in which a program is started: by itself, by what runs the scripts of a package, and in a terminal.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runtime } from "../bench/runtimes.ts";

/** A way to start a program. */
export interface Start {
  readonly name: string;
  /** Whether it reads what is typed from a terminal of its own. */
  readonly isTerminal: boolean;
  readonly words: readonly string[];
}

/** The script's name in the files that are written. */
const script = "program";

/** Quotes a word for a shell. */
const quote = (word: string) => `'${word}'`;

/**
 * Lists the ways to start a program on a runtime.
 *
 * @param folder An empty one, from which the program is started.
 */
export function listStarts(runtime: Runtime, words: readonly string[], folder: string): Start[] {
  const line = words.map(quote).join(" ");
  const name = runtime.name === "deno" ? "deno.json" : "package.json";
  const scripts = { [script]: line };
  const manifest = runtime.name === "deno" ? { tasks: scripts } : { scripts };
  writeFileSync(join(folder, name), JSON.stringify(manifest));
  const direct = [
    { name: "by itself", words },
    ...listRunners(runtime, line),
  ];
  return direct.flatMap(({ name, words }) => [
    { name, words, isTerminal: false },
    {
      name: `${name}, in a terminal`,
      words: ["script", "-qefc", `exec ${words.map(quote).join(" ")}`, "/dev/null"],
      isTerminal: true,
    },
  ]);
}

function listRunners({ name, program }: Runtime, line: string): Omit<Start, "isTerminal">[] {
  if (name === "deno") return [{ name: "deno task", words: [program, "task", "--quiet", script] }];
  if (name === "bun") return [{ name: "bun run", words: [program, "run", "--silent", script] }];
  return [
    { name: "npm run", words: ["npm", "run", "--silent", script] },
    { name: "npx", words: ["npx", "--offline", "-c", line.replaceAll("'", '"')] },
  ];
}
