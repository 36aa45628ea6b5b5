#!/usr/bin/env node
/**
 * The command line: `millrace serve`, `millrace demo`.
 *
 * @module
 */

import process from "node:process";
import { isMillraceError } from "../../src/errors.ts";
import { version } from "../../src/version.ts";
import { demoFlags } from "./demo-flags.ts";
import { describeFlags, readCommandLine, UsageError } from "./options.ts";
import { serveFlags } from "./serve-flags.ts";

const help = `millrace ${version}: a job queue for Deno, Bun and Node

Usage:
  millrace serve [flags]        run a broker
  millrace demo [flags] [DIR]   watch one at work on the files of a folder
  millrace --help, --version    also 'millrace COMMAND --help'
`;

const serveHelp = `Usage: millrace serve [flags]

Runs a broker on a port until SIGINT or SIGTERM. Every flag is also an environment variable, MILLRACE_ and
its name in capitals (MILLRACE_HEARTBEAT_INTERVAL=5s); a flag wins over a variable.

${describeFlags(serveFlags)}`;

const demoHelp = `Usage: millrace demo [flags] [DIR]

Reads every file below a folder (default: this checkout) as a job of its own, adds jobs that fail, jobs that wait
and a burst of small ones, kills one of two workers half-way, and counts. Exits with 1 when a job was lost
or completed twice.

${describeFlags(demoFlags)}`;

async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "--version") return say(version);
  if (command === "--help" || command === "-h") return say(help);
  const wantsHelp = rest.some((arg) => arg === "--help" || arg === "-h");
  switch (command) {
    case "serve": {
      if (wantsHelp) return say(serveHelp);
      const { config, positionals } = readCommandLine(serveFlags, rest, process.env);
      if (positionals.length > 0) {
        throw new UsageError(`Argument '${positionals[0]}' is one too many`);
      }
      const { runServe } = await import("./serve.ts"); // Only now: help needs no broker.
      await runServe(config);
      return 0;
    }
    case "demo": {
      if (wantsHelp) return say(demoHelp);
      const { config, positionals } = readCommandLine(demoFlags, rest, process.env);
      if (positionals.length > 1) {
        throw new UsageError(`Argument '${positionals[1]}' is one too many`);
      }
      const { runDemo } = await import("./demo.ts");
      return await runDemo(positionals[0], config);
    }
    case undefined:
      throw new UsageError("No command is given, expected 'serve' or 'demo'");
    default:
      throw new UsageError(`Command '${command}' is unknown, expected 'serve' or 'demo'`);
  }
}

function say(text: string): number {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  return 0;
}

/** One line for what a person can mend; a stack only for what is our fault. */
function complain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`millrace: ${error.message} (see 'millrace --help')\n`);
    return 2;
  }
  const text = isMillraceError(error) ? error.message : (error as Error).stack ?? String(error);
  process.stderr.write(`millrace: ${text}\n`);
  return 1;
}

// Node warns that SQLite is experimental, on every start; the suite runs on every version we support.
process.removeAllListeners("warning");

process.exit(await run(process.argv.slice(2)).catch(complain));
