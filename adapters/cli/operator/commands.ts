/**
 * The commands of operators: they ask a broker over its client.
 *
 * @module
 */

import process from "node:process";
import { type Command, read } from "../command.ts";
import { toConnectionVariables } from "../connection.ts";
import type { CommandLine, Flags } from "../options.ts";
import { demandArguments } from "./flags.ts";
import { findPerson } from "./confirm.ts";
import { openOutput } from "./output.ts";

/** Reads arguments. No other variables: MILLRACE_QUEUE, say, must not narrow what a command is about. */
function readFor<Config>(
  flags: Flags<Config>,
  args: readonly string[],
  most = 0,
): CommandLine<Config> {
  const { MILLRACE_URL, MILLRACE_TOKEN } = process.env;
  const environment = { MILLRACE_URL, MILLRACE_TOKEN, ...toConnectionVariables(process.env) };
  return read(flags, args, { most, environment });
}

/** By their names. */
export const operatorCommands: Readonly<Record<string, Command>> = {
  ls: {
    usage: "",
    summary: "list jobs, by queue, type, status, tag or payload",
    async load() {
      const { lsFlags, lsHelp, runLs } = await import("./ls.ts");
      return {
        help: lsHelp,
        run: (args) => runLs(readFor(lsFlags, args).config, openOutput()),
      };
    },
  },
  show: {
    usage: "ID…",
    summary: "show jobs, with their failures",
    async load() {
      const { showFlags, showHelp, runShow } = await import("./show.ts");
      return {
        help: showHelp,
        async run(args) {
          const { config, positionals } = readFor(showFlags, args, Infinity);
          demandArguments(positionals, ["ID"]);
          await runShow(positionals, config, openOutput());
        },
      };
    },
  },
  retry: {
    usage: "ID…",
    summary: "let dead jobs run again",
    async load() {
      const { retryFlags, retryHelp, runChange, toRetry } = await import("./change.ts");
      return {
        help: retryHelp,
        async run(args) {
          const { config, positionals } = readFor(retryFlags, args, Infinity);
          const parts = { output: openOutput(), person: findPerson() };
          await runChange(positionals, { config, ...parts, toChange: toRetry(config) });
        },
      };
    },
  },
  rm: {
    usage: "ID…",
    summary: "delete jobs",
    async load() {
      const { rmFlags, rmHelp, runChange, toRm } = await import("./change.ts");
      return {
        help: rmHelp,
        async run(args) {
          const { config, positionals } = readFor(rmFlags, args, Infinity);
          const parts = { output: openOutput(), person: findPerson() };
          await runChange(positionals, { config, ...parts, toChange: toRm(config) });
        },
      };
    },
  },
  cancel: {
    usage: "ID…",
    summary: "cancel jobs, also those that run",
    async load() {
      const { cancelFlags, cancelHelp, runChange, toCancel } = await import("./change.ts");
      return {
        help: cancelHelp,
        async run(args) {
          const { config, positionals } = readFor(cancelFlags, args, Infinity);
          const parts = { output: openOutput(), person: findPerson() };
          await runChange(positionals, { config, ...parts, toChange: toCancel(config) });
        },
      };
    },
  },
  enqueue: {
    usage: "TYPE [PAYLOAD]",
    summary: "enqueue a job",
    async load() {
      const { enqueueFlags, enqueueHelp, runEnqueue } = await import("./enqueue.ts");
      return {
        help: enqueueHelp,
        async run(args) {
          const { config, positionals } = readFor(enqueueFlags, args, 2);
          demandArguments(positionals, ["TYPE"]);
          await runEnqueue(positionals, config, openOutput());
        },
      };
    },
  },
  queues: {
    usage: "",
    summary: "list queues, and how many of their jobs stand where",
    async load() {
      const { queuesFlags, queuesHelp, runQueues } = await import("./queues.ts");
      return {
        help: queuesHelp,
        run: (args) => runQueues(readFor(queuesFlags, args).config, openOutput()),
      };
    },
  },
  cron: {
    usage: "…",
    summary: "list, run, pause or resume cron entries",
    async load() {
      const { cronFlags, cronHelp, runCron } = await import("./cron.ts");
      return {
        help: cronHelp,
        async run(args) {
          const { config, positionals } = readFor(cronFlags, args, Infinity);
          await runCron(positionals, config, openOutput());
        },
      };
    },
  },
  budget: {
    usage: "…",
    summary: "list, set or delete budgets",
    async load() {
      const { budgetFlags, budgetHelp, runBudget } = await import("./budget.ts");
      return {
        help: budgetHelp,
        async run(args) {
          const { config, positionals } = readFor(budgetFlags, args, Infinity);
          await runBudget(positionals, config, openOutput());
        },
      };
    },
  },
  outbox: {
    usage: "",
    summary: "list, retry or delete refused jobs of transactions, at --data",
    async load() {
      const { outboxFlags, outboxHelp, runOutbox } = await import("./outbox.ts");
      return {
        help: outboxHelp,
        async run(args) {
          const { MILLRACE_DATA } = process.env;
          const { config } = read(outboxFlags, args, { most: 0, environment: { MILLRACE_DATA } });
          await runOutbox(config, { output: openOutput(), person: findPerson() });
        },
      };
    },
  },
  top: {
    usage: "",
    summary: "watch queues, jobs and workers on a terminal, and steer them",
    async load() {
      const { runTop, topFlags, topHelp } = await import("../top/top.ts");
      return {
        help: topHelp,
        run: (args) => runTop(readFor(topFlags, args).config, openOutput()),
      };
    },
  },
  tail: {
    usage: "",
    summary: "show what happens to jobs, as it happens",
    async load() {
      const { runTail, tailFlags, tailHelp } = await import("./tail.ts");
      return {
        help: tailHelp,
        run: (args) => runTail(readFor(tailFlags, args).config, openOutput()),
      };
    },
  },
  export: {
    usage: "> FILE",
    summary: "write jobs as lines of JSON",
    async load() {
      const { exportFlags, exportHelp, runExport } = await import("./export.ts");
      return {
        help: exportHelp,
        run: (args) => runExport(readFor(exportFlags, args).config, openOutput()),
      };
    },
  },
  import: {
    usage: "FILE",
    summary: "enqueue what 'export' wrote",
    async load() {
      const { importFlags, importHelp, runImport } = await import("./import.ts");
      return {
        help: importHelp,
        async run(args) {
          const { config, positionals } = readFor(importFlags, args, 1);
          demandArguments(positionals, ["FILE"]);
          await runImport(positionals, config, openOutput());
        },
      };
    },
  },
};
