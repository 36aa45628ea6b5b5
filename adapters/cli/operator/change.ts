/**
 * `millrace retry`, `millrace rm` and `millrace cancel`: jobs by their ids, or all that fit a filter.
 *
 * @module
 */

import { type Client, createClient, type JobFilter } from "../../../src/client/mod.ts";
import { describeFlags, type Flags, UsageError } from "../options.ts";
import { confirm, type Person } from "./confirm.ts";
import { readDuration, readText } from "../values.ts";
import {
  type BrokerConfig,
  brokerFlags,
  describeFilter,
  type FilterConfig,
  filterFlags,
  hasFilter,
  toClientOptions,
  toFilter,
  toOptional,
  toSwitch,
} from "./flags.ts";
import type { Output } from "./output.ts";

/** Which jobs are changed. */
export interface ChangeConfig extends BrokerConfig, FilterConfig {
  readonly all: boolean;
  readonly yes: boolean;
}

const changeFlags: Flags<ChangeConfig> = {
  ...filterFlags,
  all: toSwitch("all jobs there are"),
  yes: toSwitch("change many without being asked"),
  ...brokerFlags,
};

/** The flags of `millrace retry`. */
export const retryFlags: Flags<ChangeConfig> = changeFlags;

/** What `millrace rm` is told. */
export interface RmConfig extends ChangeConfig {
  readonly cascade: boolean;
}

/** The flags of `millrace rm`. */
export const rmFlags: Flags<RmConfig> = {
  ...changeFlags,
  cascade: toSwitch("the jobs that wait for these, too"),
};

/** What `millrace cancel` is told. Spans are in ms. */
export interface CancelConfig extends ChangeConfig {
  readonly reason: string | undefined;
  readonly forceAfter: number | undefined;
  readonly wait: number;
}

/** The flags of `millrace cancel`. */
export const cancelFlags: Flags<CancelConfig> = {
  ...changeFlags,
  reason: toOptional("TEXT", readText, "what its error record says"),
  forceAfter: toOptional(
    "TIME",
    readDuration(0, Number.MAX_SAFE_INTEGER),
    "then it is taken from a worker that goes on",
  ),
  wait: {
    placeholder: "TIME",
    fallback: "5s",
    read: readDuration(0, 60_000),
    help: "for what becomes of a job that runs, by its id",
  },
};

const which =
  `Jobs are named by their ids, or by what they have in common. Before many are changed, a person is asked; where there is
none, '--yes' must say that it is meant.`;

/** The help of `millrace retry`. */
export const retryHelp: string = `Usage: millrace retry [flags] ID…
       millrace retry [flags] --queue NAME …

Lets dead jobs run again, with all of their attempts; their failures stay on record. Needs a Millrace broker.
${which}

${describeFlags(retryFlags)}`;

/** The help of `millrace rm`. */
export const rmHelp: string = `Usage: millrace rm [flags] ID…
       millrace rm [flags] --status dead …

Deletes jobs, whatever their status.
${which}

${describeFlags(rmFlags)}`;

/** The help of `millrace cancel`. */
export const cancelHelp: string = `Usage: millrace cancel [flags] ID…
       millrace cancel [flags] --queue NAME …

Cancels jobs: those that wait are dead at once, and the workers of those that run are told. Needs a Millrace broker.
${which}

${describeFlags(cancelFlags)}`;

/** What is done to jobs. */
export interface Change {
  /** The deed, in the infinitive and as a report: `Delete`, `Deleted`. */
  readonly words: readonly [todo: string, done: string];
  /** Does it to one; says what came of it, if that is not plain. */
  one(id: string): Promise<string | void>;
  /** Does it to many, and says how many there were. */
  many(filter: JobFilter): Promise<number>;
  /** The filter without which it makes no sense. */
  readonly only?: Pick<JobFilter, "status">;
}

/** How many jobs named by their ids are many. */
const many = 10;

/** Changes jobs, and says how many. */
export async function runChange(
  ids: readonly string[],
  { config, output, person, toChange }: {
    readonly config: ChangeConfig;
    readonly output: Output;
    readonly person: Person;
    readonly toChange: (client: Client) => Change;
  },
): Promise<void> {
  const { all, yes } = config;
  const isFiltered = hasFilter(config);
  if (ids.length > 0 && (isFiltered || all)) {
    throw new UsageError("Ids and a filter are given, expected one of them; '--id' is a filter");
  }
  const client = createClient(toClientOptions(config));
  const change = toChange(client);
  const [todo, done] = change.words;
  if (ids.length > 0) {
    const deed = `${todo} ${ids.length} jobs`;
    if (ids.length >= many && !await confirm(deed, { yes, person })) return;
    for (const id of ids) {
      const more = await change.one(id);
      await output.write(`${done} ${id}${more ? `: ${more}` : ""}\n`);
    }
    return;
  }
  if (isFiltered && all) {
    throw new UsageError("A filter and '--all' are given, expected one of them");
  }
  if (!isFiltered && !all) {
    throw new UsageError("No job is named, expected an id, a filter such as '--queue', or '--all'");
  }
  const filter: JobFilter = { ...toFilter(config), ...change.only };
  const count = await client.count(filter);
  if (count > 0) {
    const deed = `${todo} ${count} ${count === 1 ? "job" : "jobs"} (${describeFilter(config)})`;
    if (!await confirm(deed, { yes, person })) return output.note("Nothing is changed");
  }
  const changed = count === 0 ? 0 : await change.many(filter);
  await output.write(`${done} ${changed}\n`);
}

/** Deletes. */
export const toRm = ({ cascade, all }: RmConfig) => (client: Client): Change => ({
  words: ["Delete", "Deleted"],
  one: (id) => client.delete(id, { cascade }),
  many: (filter) => client.deleteMany({ ...filter, ...all && { all } }, { cascade }),
});

/** Lets run again. */
export const toRetry = (_config: ChangeConfig) => (client: Client): Change => ({
  words: ["Retry", "Retried"],
  async one(id) {
    await client.retry(id);
  },
  many: (filter) => client.retryMany(filter),
  only: { status: "dead" },
});

/** Cancels. */
export const toCancel =
  ({ reason, forceAfter: forceAfterMs, wait: waitMs, all }: CancelConfig) =>
  (client: Client): Change => ({
    words: ["Cancel", "Cancelled"],
    async one(id) {
      const { outcome, job } = await client.cancel(id, { reason, forceAfterMs, waitMs });
      return outcome === "finished" ? `it was ${job.status} first` : outcomes[outcome];
    },
    async many(filter) {
      const which = { ...filter, ...all && { all } };
      const { cancelled, requested } = await client.cancelMany(which, { reason, forceAfterMs });
      return cancelled + requested;
    },
  });

const outcomes = {
  cancelled: undefined,
  requested: "its worker is told, and has not answered yet",
};
