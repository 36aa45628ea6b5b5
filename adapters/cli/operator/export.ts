/**
 * `millrace export`: jobs as lines that `millrace import` reads.
 *
 * @module
 */

import { createClient } from "../../../src/client/mod.ts";
import { describeFlags, type Flags } from "../options.ts";
import {
  type BrokerConfig,
  brokerFlags,
  type FilterConfig,
  filterFlags,
  toClientOptions,
  toFilter,
} from "./flags.ts";
import type { Output } from "./output.ts";

/** What `millrace export` is told. */
export interface ExportConfig extends BrokerConfig, FilterConfig {}

/** The flags of `millrace export`. */
export const exportFlags: Flags<ExportConfig> = { ...filterFlags, ...brokerFlags };

/** The help of `millrace export`. */
export const exportHelp: string = `Usage: millrace export [flags] > FILE

Writes jobs with their payloads, oldest first, a line of JSON each. It is no snapshot: what changes meanwhile is written as
it is when its turn comes. 'millrace backup' makes one.

  millrace export --queue mail | millrace import --url http://other:7890 -

${describeFlags(exportFlags)}`;

const pageSize = 500;

/** Writes jobs. */
export async function runExport(config: ExportConfig, output: Output): Promise<void> {
  const client = createClient(toClientOptions(config));
  let count = 0;
  for await (const { jobs } of client.list({ ...toFilter(config), limit: pageSize }).pages()) {
    await output.write(jobs.map((job) => `${JSON.stringify(job)}\n`).join(""));
    count += jobs.length;
  }
  output.note(`Exported ${count}`);
}
