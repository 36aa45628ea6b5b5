/**
 * What `millrace top` asks of a broker, and does with it.
 *
 * @module
 */

import {
  type Client,
  type ClientOptions,
  createClient,
  createInsight,
  createQueues,
  type InsightClient,
  type QueuesClient,
} from "../../../src/client/mod.ts";
import { createFlowReader } from "./flow.ts";
import { type Deed, type Loaded, nothing, type State } from "./model.ts";

/** So many of a kind are looked at: a screen has fewer. */
const most = 500;

/** Payloads of more bytes are no use in a line, and would be sent every few seconds. */
const mostPayloadBytes = 400;

/** Looks at a broker, and changes it. */
export interface TopBroker {
  /** Loads what the view shows. */
  load(state: State): Promise<Loaded>;
  /** Does it; gives what is said of it. */
  do(deed: Deed): Promise<string>;
}

/** Creates it. */
export function createTopBroker(options: ClientOptions): TopBroker {
  const client: Client = createClient(options);
  const insight: InsightClient = createInsight(options);
  const queues: QueuesClient = createQueues(options);
  const readFlows = createFlowReader(options);
  const loadQueues = async ({ sort = "name" }: State) => {
    const { queues: found } = await firstOf(insight.queues({ limit: most }));
    return sort === "name" ? found : found.toSorted((a, b) => b[sort] - a[sort]);
  };

  return {
    async load(state) {
      switch (state.view) {
        case "queues": {
          const found = await loadQueues(state);
          const flows = await readFlows(found.map(({ queue }) => queue));
          return { ...nothing, queues: found, flows };
        }
        case "workers":
          return { ...nothing, workers: (await firstOf(insight.workers({ limit: most }))).workers };
        case "failures":
          return {
            ...nothing,
            failures: (await firstOf(insight.failures({ limit: most }))).groups,
          };
        case "jobs": {
          const { queue, status, group, filter } = state;
          const narrow = { queue, status, failureGroup: group, filter };
          const page = { order: "desc", limit: most, maxPayloadBytes: mostPayloadBytes } as const;
          return { ...nothing, jobs: (await firstOf(insight.jobs({ ...narrow, ...page }))).jobs };
        }
        case "job":
          return { ...nothing, job: await insight.job(state.id!) };
      }
    },
    async do(deed) {
      switch (deed.kind) {
        case "pause":
          await queues.pause(deed.queue);
          return `Queue '${deed.queue}' is paused`;
        case "resume":
          await queues.resume(deed.queue);
          return `Queue '${deed.queue}' goes on`;
        case "retry":
          await client.retry(deed.id);
          return `Job ${deed.id} runs again`;
        case "cancel":
          await client.cancel(deed.id, { reason: "Cancelled in millrace top" });
          return `Job ${deed.id} is cancelled`;
        case "delete":
          await client.delete(deed.id);
          return `Job ${deed.id} is deleted`;
        case "retryGroup":
          return `${await insight.requeueFailures(deed.group)} jobs run again`;
      }
    },
  };
}

/** The first page of a listing; there always is one. */
async function firstOf<Page>(listing: { pages(): AsyncIterable<Page> }): Promise<Page> {
  for await (const page of listing.pages()) return page;
  throw new Error("There is no page");
}
