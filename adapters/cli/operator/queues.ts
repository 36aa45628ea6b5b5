/**
 * `millrace queues`: which queues there are, and how many jobs of each stand where.
 *
 * @module
 */

import { createClient, createInsight, type QueueDetails } from "../../../src/client/mod.ts";
import { isMillraceError } from "../../../src/errors.ts";
import { describeFlags, type Flags } from "../options.ts";
import { type BrokerConfig, brokerFlags, formFlags, toClientOptions } from "./flags.ts";
import { createWriter, type Form, type Output } from "./output.ts";
import type { Column } from "./table.ts";

/** What `millrace queues` is told. */
export interface QueuesConfig extends BrokerConfig, Form {}

/** The flags of `millrace queues`. */
export const queuesFlags: Flags<QueuesConfig> = { ...formFlags, ...brokerFlags };

/** The help of `millrace queues`. */
export const queuesHelp: string = `Usage: millrace queues [flags]

Lists the queues that have jobs, with how many stand where. 'millrace queue' pauses and limits them.

${describeFlags(queuesFlags)}`;

/** What every server knows of a queue, and what only a Millrace broker does. */
type Queue =
  & Pick<QueueDetails, "queue" | "ready" | "inFlight" | "scheduled" | "dead">
  & Partial<QueueDetails>;

const columns: readonly Column<Queue>[] = [
  { title: "QUEUE", of: ({ queue }) => queue, cut: true },
  { title: "READY", of: ({ ready }) => String(ready), right: true },
  { title: "IN FLIGHT", of: ({ inFlight }) => String(inFlight), right: true },
  { title: "SCHEDULED", of: ({ scheduled }) => String(scheduled), right: true },
  { title: "BLOCKED", of: ({ blocked }) => String(blocked ?? "?"), right: true },
  { title: "DEAD", of: ({ dead }) => String(dead), right: true },
  { title: "", of: ({ paused }) => paused ? "paused" : "" },
];

/** Lists queues. */
export async function runQueues(config: QueuesConfig, output: Output): Promise<void> {
  const writer = createWriter(output, config, columns);
  const options = toClientOptions(config);
  try {
    for await (const { queues } of createInsight(options).queues({ limit: 200 }).pages()) {
      await writer.write(queues);
    }
  } catch (error) {
    if (!isMillraceError(error) || error.code !== "not_found") throw error;
    await writer.write(await countByHand(config));
  }
}

/** For servers that know no more than the names. */
async function countByHand(config: QueuesConfig): Promise<Queue[]> {
  const client = createClient(toClientOptions(config));
  const queues: Queue[] = [];
  for (const queue of await client.queues()) {
    const count = (status: "ready" | "in_flight" | "scheduled" | "dead") =>
      client.count({ queue, status });
    queues.push({
      queue,
      ready: await count("ready"),
      inFlight: await count("in_flight"),
      scheduled: await count("scheduled"),
      dead: await count("dead"),
    });
  }
  return queues;
}
