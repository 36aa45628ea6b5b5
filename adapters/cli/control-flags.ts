/**
 * The flags of `millrace queue`, `millrace config` and `millrace stats`, and what their helps say.
 *
 * @module
 */

import { type ConnectionConfig, connectionFlags } from "./connection.ts";
import { describeFlags, type Flags } from "./options.ts";
import { readDuration, readInteger, readOptional, readText, readUrl } from "./values.ts";

/** Which broker. */
export interface ControlConfig extends ConnectionConfig {
  readonly url: URL;
  readonly token?: string | undefined;
}

/** The flags of all of them. */
const controlFlags: Flags<ControlConfig> = {
  url: {
    placeholder: "URL",
    fallback: "http://127.0.0.1:7890",
    read: readUrl,
    help: "the address of the broker",
  },
  token: {
    placeholder: "TOKEN",
    fallback: "",
    read: readOptional(readText),
    help: "if the broker asks for one; better MILLRACE_TOKEN, which no list of processes shows",
  },
  ...connectionFlags,
};

/** A flag that takes no value. */
const toSwitch = (help: string) => ({
  placeholder: "",
  fallback: "",
  read: (text: string) => text === "true",
  help,
});

/** What `millrace queue` is told. */
export interface QueueConfig extends ControlConfig {
  readonly stopRunning: boolean;
}

/** The flags of `millrace queue`. */
export const queueFlags: Flags<QueueConfig> = {
  ...controlFlags,
  stopRunning: toSwitch("with pause: take the jobs that run from their workers, too"),
};

/** What `millrace config` is told. */
export interface ConfigConfig extends ControlConfig {
  readonly clear: boolean;
}

/** The flags of `millrace config`. */
export const configFlags: Flags<ConfigConfig> = {
  ...controlFlags,
  clear: toSwitch("with load: unset what is not in FILE"),
};

/** What `millrace stats` is told. Durations are in ms. */
export interface StatsConfig extends ControlConfig {
  readonly statsdHost: string;
  readonly statsdPort: number;
  readonly prefix: string | undefined;
  readonly interval: number;
  readonly count: number;
}

/** The flags of `millrace stats`. */
export const statsFlags: Flags<StatsConfig> = {
  ...controlFlags,
  statsdHost: {
    placeholder: "HOST",
    fallback: "127.0.0.1",
    read: readText,
    help: "where statsd listens",
  },
  statsdPort: {
    placeholder: "PORT",
    fallback: "8125",
    read: readInteger(1, 65_535),
    help: "its UDP port",
  },
  prefix: {
    placeholder: "TEXT",
    fallback: "",
    read: readOptional(readText),
    help: "what each name begins with, before a dot",
  },
  interval: {
    placeholder: "TIME",
    fallback: "60s",
    read: readDuration(100, 2 ** 31 - 1),
    help: "time from one export to the next",
  },
  count: {
    placeholder: "N",
    fallback: "0",
    read: readInteger(0, 2 ** 32 - 1),
    help: "how many exports, 0 goes on until a signal",
  },
};

/** The help of `millrace queue`. */
export const queueHelp: string = `Usage: millrace queue [flags] ACTION NAME

  pause NAME     give no job of the queue to workers
  resume NAME    give them again
  limit NAME N   let N of its jobs be in flight at once, or any number: 'none'
  forget NAME    forget its settings, if it has no unfinished job

Prints what is set for the queue then.

${describeFlags(queueFlags)}`;

/** The help of `millrace config`. */
export const configHelp: string = `Usage: millrace config [flags] ACTION

  list             print all settings that may be changed while the broker runs
  get KEY          print the value of one, as JSON
  set KEY VALUE    change one; VALUE is JSON
  unset KEY        go back to the default
  dump             print what is set, as JSON
  load FILE        set what a file has that 'dump' printed, '-' for the standard input

${describeFlags(configFlags)}`;

/** The help of `millrace stats`. */
export const statsHelp: string = `Usage: millrace stats [flags] statsd

Sends gauges to statsd until SIGINT or SIGTERM: of each queue what stands where, waits and runs of the day, retries and
failures; of each group of failures its size; and how many workers were seen.

${describeFlags(statsFlags)}`;
