/**
 * `millrace ls`: which jobs there are.
 *
 * @module
 */

import { createClient } from "../../../src/client/mod.ts";
import { describeFlags, type Flags } from "../options.ts";
import { readChoice, readInteger } from "../values.ts";
import {
  type BrokerConfig,
  brokerFlags,
  type FilterConfig,
  filterFlags,
  formFlags,
  toClientOptions,
  toFilter,
  toOptional,
  toSwitch,
} from "./flags.ts";
import { toJobColumns } from "./job-columns.ts";
import { createWriter, type Form, isForPeople, type Output } from "./output.ts";

/** What `millrace ls` is told. */
export interface LsConfig extends BrokerConfig, FilterConfig, Form {
  readonly limit: number | undefined;
  readonly order: "newest" | "oldest";
  readonly count: boolean;
}

/** The flags of `millrace ls`. */
export const lsFlags: Flags<LsConfig> = {
  ...filterFlags,
  limit: toOptional(
    "N",
    readInteger(1, 2 ** 32 - 1),
    "how many; else 50 in a table, and all as JSON",
  ),
  order: {
    placeholder: "ORDER",
    fallback: "newest",
    read: readChoice("newest", "oldest"),
    help: "'newest' or 'oldest' first",
  },
  count: toSwitch("only how many there are"),
  ...formFlags,
  ...brokerFlags,
};

/** The help of `millrace ls`. */
export const lsHelp: string = `Usage: millrace ls [flags]

Lists jobs: a table on a terminal, and elsewhere a line of JSON for each, with instants in ms since the epoch.

  millrace ls --status dead --queue mail,crawl
  millrace ls --type resize --jq '.width > 4000' --json | jq -r .payload.file

${describeFlags(lsFlags)}`;

/** How many are asked for at a time, and how many a table has if nobody says. */
const pageSize = 200;
const tableLimit = 50;

/** Lists jobs. */
export async function runLs(config: LsConfig, output: Output): Promise<void> {
  const client = createClient(toClientOptions(config));
  const filter = toFilter(config);
  if (config.count) return await output.write(`${await client.count(filter)}\n`);
  const writer = createWriter(output, config, toJobColumns(Date.now()));
  const isTable = isForPeople(output, config);
  let left = config.limit ?? (isTable ? tableLimit : Infinity);
  const query = {
    ...filter,
    order: config.order === "newest" ? "desc" : "asc",
    limit: Math.min(left, pageSize),
  } as const;
  for await (const page of client.list(query).pages()) {
    const jobs = page.jobs.slice(0, left);
    await writer.write(jobs);
    left -= jobs.length;
    if (left > 0) continue;
    const hasMore = page.hasNext || jobs.length < page.jobs.length;
    if (isTable && hasMore) output.note("There are more: '--limit' says how many are shown");
    return;
  }
}
