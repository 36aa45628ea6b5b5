#!/usr/bin/env node
/**
 * The command line: `millrace serve`, `millrace backup`, `millrace compact`, `millrace queue`, `millrace config`,
 * `millrace stats`, `millrace demo`.
 *
 * @module
 */

import process from "node:process";
import { isMillraceError } from "../../src/errors.ts";
import { version } from "../../src/version.ts";
import {
  configFlags,
  configHelp,
  queueFlags,
  queueHelp,
  statsFlags,
  statsHelp,
} from "./control-flags.ts";
import { demoFlags } from "./demo-flags.ts";
import { describeFlags, type Flags, readCommandLine, UsageError } from "./options.ts";
import { serveFlags } from "./serve-flags.ts";
import { tokenFlags, tokenHelp } from "./token-flags.ts";
import { backupFlags, upkeepFlags } from "./upkeep-flags.ts";

const help = `millrace ${version}: a job queue for Deno, Bun and Node

Usage:
  millrace serve [flags]        run a broker
  millrace backup [flags] FILE  save its database while it runs
  millrace compact [flags]      give the space of deleted jobs back to the disk
  millrace queue [flags] …      pause, resume, limit or forget a queue of a broker
  millrace config [flags] …     show and change its settings while it runs
  millrace stats [flags] statsd  send its numbers to statsd
  millrace token new [flags]    make a token for callers of a broker
  millrace demo [flags] [DIR]   run one on the files of a folder
  millrace --help, --version    also 'millrace COMMAND --help'
`;

const serveHelp = `Usage: millrace serve [flags]

Runs a broker on a port until SIGINT or SIGTERM. Every flag is also an environment variable, MILLRACE_ and
its name in capitals (MILLRACE_HEARTBEAT_INTERVAL=5s); a flag wins over a variable.

${describeFlags(serveFlags)}`;

const backupHelp = `Usage: millrace backup [flags] FILE

Saves the database as a gzipped tar archive, with every job that was accepted before. The broker works on
meanwhile. FILE is there whole or not at all, only its owner may read it, and it must not be there before. To restore,
take 'millrace/jobs.db' out of the archive, remove what is left of the old database ('jobs.db-wal' too), and run
'millrace serve --data' on it.

${describeFlags(backupFlags)}`;

const compactHelp = `Usage: millrace compact [flags]

Gives the space of deleted jobs back to the disk, and returns when that is done. The broker works on meanwhile.
Without this the space is kept for the jobs to come, so it is worth while after an unusual burst only.

${describeFlags(upkeepFlags)}`;

const demoHelp = `Usage: millrace demo [flags] [DIR]

Reads every file below a folder (default: this checkout) as a job of its own, adds jobs that fail, jobs that wait
and a burst of small ones, kills one of two workers half-way, and counts. Exits with 1 when a job was lost
or completed twice.

${describeFlags(demoFlags)}`;

/** Each command reads its arguments and gives the exit code. What it needs is loaded only then. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number> | number>> = {
  async serve(args) {
    if (wantsHelp(args)) return print(serveHelp);
    const { config } = read(serveFlags, args, 0);
    const { runServe } = await import("./serve.ts");
    return await runServe(config);
  },
  async backup(args) {
    if (wantsHelp(args)) return print(backupHelp);
    const { config, positionals: [file] } = read(backupFlags, args, 1, upkeepVariables());
    if (file === undefined) throw new UsageError("No file is given, expected one to write to");
    const { runBackup } = await import("./upkeep.ts");
    return print(`Saved ${await runBackup(file, config)} bytes to ${file}`);
  },
  async compact(args) {
    if (wantsHelp(args)) return print(compactHelp);
    const { config } = read(upkeepFlags, args, 0, upkeepVariables());
    const { runCompact } = await import("./upkeep.ts");
    await runCompact(config);
    return print("Compacted");
  },
  async queue(args) {
    if (wantsHelp(args)) return print(queueHelp);
    const { config, positionals } = read(queueFlags, args, 3);
    const { runQueue } = await import("./queue.ts");
    return print(await runQueue(positionals, config));
  },
  async config(args) {
    if (wantsHelp(args)) return print(configHelp);
    const { config, positionals } = read(configFlags, args, 3);
    const { runConfig } = await import("./config.ts");
    return print(await runConfig(positionals, config));
  },
  async stats(args) {
    if (wantsHelp(args)) return print(statsHelp);
    const { config, positionals } = read(statsFlags, args, 2);
    const { runStats } = await import("./statsd.ts");
    await runStats(positionals, config);
    return 0;
  },
  async token(args) {
    if (wantsHelp(args)) return print(tokenHelp);
    const { config, positionals } = read(tokenFlags, args, 1, {});
    const { runToken } = await import("./token.ts");
    return print(await runToken(positionals, config));
  },
  async demo(args) {
    if (wantsHelp(args)) return print(demoHelp);
    const { config, positionals } = read(demoFlags, args, 1);
    const { runDemo } = await import("./demo.ts");
    return await runDemo(positionals[0], config);
  },
  "--version": () => print(version),
  "--help": () => print(help),
  "-h": () => print(help),
};

const names = "'serve', 'backup', 'compact', 'queue', 'config', 'stats', 'token' or 'demo'";

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command === undefined) throw new UsageError(`No command is given, expected ${names}`);
  if (!Object.hasOwn(commands, command)) {
    throw new UsageError(`Command '${command}' is unknown, expected ${names}`);
  }
  return await commands[command]!(args);
}

function wantsHelp(args: readonly string[]): boolean {
  return args.some((arg) => arg === "--help" || arg === "-h");
}

function read<Config>(
  flags: Flags<Config>,
  args: readonly string[],
  maxPositionals: number,
  environment: Readonly<Record<string, string | undefined>> = process.env,
) {
  const line = readCommandLine(flags, args, environment);
  const extra = line.positionals[maxPositionals];
  if (extra !== undefined) throw new UsageError(`Argument '${extra}' is one too many`);
  return line;
}

/** Only this one: MILLRACE_DATA is for 'serve', and names the file of the broker that is to be asked. */
function upkeepVariables() {
  return { MILLRACE_TOKEN: process.env.MILLRACE_TOKEN };
}

function print(text: string): number {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  return 0;
}

/** Prints one line for what a person can correct, and a stack only for a mistake of ours. */
function reportError(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`millrace: ${error.message} (see 'millrace --help')\n`);
    return 2;
  }
  const text = isMillraceError(error) ? error.message : (error as Error).stack ?? String(error);
  process.stderr.write(`millrace: ${text}\n`);
  return 1;
}

// Else Node warns on every start that SQLite is experimental. The suite runs on every version we support.
process.removeAllListeners("warning");

process.exit(await run(process.argv.slice(2)).catch(reportError));
