/**
 * The commands that run a broker and look after its database and its settings.
 *
 * @module
 */

import process from "node:process";
import { type Command, print, read } from "./command.ts";
import { toConnectionVariables } from "./connection.ts";
import {
  configFlags,
  configHelp,
  queueFlags,
  queueHelp,
  statsFlags,
  statsHelp,
} from "./control-flags.ts";
import { demoFlags } from "./demo-flags.ts";
import { describeFlags, UsageError } from "./options.ts";
import { serveFlags } from "./serve-flags.ts";
import { tokenFlags, tokenHelp } from "./token-flags.ts";
import { backupFlags, upkeepFlags } from "./upkeep-flags.ts";

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

/** By their names. */
export const brokerCommands: Readonly<Record<string, Command>> = {
  serve: {
    usage: "",
    summary: "run a broker",
    load: () => ({
      help: serveHelp,
      async run(args) {
        const { config } = read(serveFlags, args, { most: 0 });
        const { runServe } = await import("./serve.ts");
        return await runServe(config);
      },
    }),
  },
  backup: {
    usage: "FILE",
    summary: "save its database while it runs",
    load: () => ({
      help: backupHelp,
      async run(args) {
        const environment = upkeepVariables();
        const { config, positionals: [file] } = read(backupFlags, args, { most: 1, environment });
        if (file === undefined) throw new UsageError("No file is given, expected one to write to");
        const { runBackup } = await import("./upkeep.ts");
        print(`Saved ${await runBackup(file, config)} bytes to ${file}`);
      },
    }),
  },
  compact: {
    usage: "",
    summary: "give the space of deleted jobs back to the disk",
    load: () => ({
      help: compactHelp,
      async run(args) {
        const environment = upkeepVariables();
        const { config } = read(upkeepFlags, args, { most: 0, environment });
        const { runCompact } = await import("./upkeep.ts");
        await runCompact(config);
        print("Compacted");
      },
    }),
  },
  token: {
    usage: "new",
    summary: "make a token for callers of a broker",
    load: () => ({
      help: tokenHelp,
      async run(args) {
        const { config, positionals } = read(tokenFlags, args, { most: 1, environment: {} });
        const { runToken } = await import("./token.ts");
        print(await runToken(positionals, config));
      },
    }),
  },
  config: {
    usage: "…",
    summary: "show and change the settings of a broker while it runs",
    load: () => ({
      help: configHelp,
      async run(args) {
        const { config, positionals } = read(configFlags, args, { most: 3 });
        const { runConfig } = await import("./config.ts");
        print(await runConfig(positionals, config));
      },
    }),
  },
  queue: {
    usage: "…",
    summary: "pause, resume, limit or forget a queue",
    load: () => ({
      help: queueHelp,
      async run(args) {
        const { config, positionals } = read(queueFlags, args, { most: 3 });
        const { runQueue } = await import("./queue.ts");
        print(await runQueue(positionals, config));
      },
    }),
  },
  stats: {
    usage: "statsd",
    summary: "send the numbers of a broker to statsd",
    load: () => ({
      help: statsHelp,
      async run(args) {
        const { config, positionals } = read(statsFlags, args, { most: 2 });
        const { runStats } = await import("./statsd.ts");
        await runStats(positionals, config);
      },
    }),
  },
  demo: {
    usage: "[DIR]",
    summary: "run a broker and workers on the files of a folder",
    load: () => ({
      help: demoHelp,
      async run(args) {
        const { config, positionals } = read(demoFlags, args, { most: 1 });
        const { runDemo } = await import("./demo.ts");
        return await runDemo(positionals[0], config);
      },
    }),
  },
};

/** Only this one: MILLRACE_DATA is for 'serve', and names the file of the broker that is to be asked. */
function upkeepVariables() {
  return { MILLRACE_TOKEN: process.env.MILLRACE_TOKEN, ...toConnectionVariables(process.env) };
}
