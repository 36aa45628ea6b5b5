#!/usr/bin/env node
/**
 * The command line. `millrace help` lists the commands; they are in `broker-commands.ts` and `operator/commands.ts`.
 *
 * | Exit code | Means                                                        |
 * | --------- | ------------------------------------------------------------ |
 * | 0         | it is done                                                   |
 * | 1         | it could not be done: the broker said so, or was not there   |
 * | 2         | the command line cannot be understood, or needs a `--yes`    |
 * | 130       | a second signal came before a broker had stopped             |
 *
 * @module
 */

import process from "node:process";
import { isMillraceError } from "../../src/errors.ts";
import { toPrintable } from "../../src/printable.ts";
import { version } from "../../src/version.ts";
import { brokerCommands } from "./broker-commands.ts";
import { type Command, print } from "./command.ts";
import { operatorCommands } from "./operator/commands.ts";
import { UsageError } from "./options.ts";
import { suggest } from "./suggest.ts";

const commands: Readonly<Record<string, Command>> = { ...brokerCommands, ...operatorCommands };

function describe(group: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(group).map(([name, { usage, summary }]) =>
    [`  millrace ${name} ${usage}`.trimEnd(), summary] as const
  );
  return rows.map(([left, right]) => `${left.padEnd(34)}${right}\n`).join("");
}

const help = `millrace ${version}: a job queue for Deno, Bun and Node

Brokers:
${describe(brokerCommands)}
Their jobs, at --url or MILLRACE_URL, with --token or MILLRACE_TOKEN:
${describe(operatorCommands)}
'millrace help COMMAND' says more. Exit codes: 0 done, 1 failed, 2 a command line that cannot be understood.
`;

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined) throw new UsageError("No command is given");
  if (name === "--version") return print(version) ?? 0;
  if (isHelp(name)) {
    const [topic] = args;
    print(topic === undefined ? help : (await find(topic).load()).help);
    return 0;
  }
  const command = await find(name).load();
  if (!args.some((arg) => arg === "--help" || arg === "-h")) return await command.run(args) ?? 0;
  print(command.help);
  return 0;
}

function isHelp(name: string): boolean {
  return name === "help" || name === "--help" || name === "-h";
}

function find(name: string): Command {
  if (Object.hasOwn(commands, name)) return commands[name]!;
  throw new UsageError(
    `Unknown command '${name}'${suggest(name, [...Object.keys(commands), "help"], "")}`,
  );
}

/** Prints one line for what a person can correct, and a stack only for a mistake of ours. */
function reportError(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`millrace: ${toPrintable(error.message)} (see 'millrace help')\n`);
    return 2;
  }
  if (!isMillraceError(error)) {
    process.stderr.write(`millrace: ${(error as Error).stack ?? String(error)}\n`);
    return 1;
  }
  const { status } = error as { readonly status?: number };
  const hint = status === 401 ? ": give a token with '--token', or as MILLRACE_TOKEN" : "";
  const message = error.message.includes("--token") ? error.message : error.message + hint;
  process.stderr.write(`millrace: ${toPrintable(message)}\n`);
  return 1;
}

// Else Node warns on every start that SQLite is experimental. The suite runs on every version we support.
process.removeAllListeners("warning");

process.exit(await run(process.argv.slice(2)).catch(reportError));
