/**
 * Runs a handler of a test kit for a job that is not stored.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { Job } from "../protocol/job.ts";
import type { JobHandler } from "../worker/handle.ts";
import type { Powers } from "../worker/powers.ts";
import { buildJob } from "./build-job.ts";
import type { KitTime } from "./kit-time.ts";
import { type HandlerRun, performJob, type Surroundings } from "./run-handler.ts";

/** Runs the handler of a type on a payload; `more` are members of the job. */
export type Perform = (
  type: string,
  payload: unknown,
  more: Partial<Job> | undefined,
) => Promise<HandlerRun>;

/** Creates what runs handlers. */
export function createPerform(
  { handlers, client, time, surroundings }: {
    readonly handlers: readonly JobHandler[];
    readonly client: Client;
    readonly time: KitTime;
    readonly surroundings: Surroundings;
  },
): Perform {
  /** There is no job that a slot could belong to: what the handler enqueues is stored, each time anew. */
  const powers: Powers = {
    enqueue: (_, args) => client.enqueue(...args as Parameters<Client["enqueue"]>),
    enqueueMany: (_, args) => client.enqueueMany(...args as Parameters<Client["enqueueMany"]>),
    progress() {}, // Of no job there is anything to tell.
  };
  return async (type, payload, more) => {
    const handler = handlers.find((handler) => handler.type === type);
    if (handler === undefined) {
      const known = handlers.map(({ type }) => `'${type}'`).join(", ") || "none";
      throw new Error(`Cannot perform '${type}': the handlers of the kit are ${known}`);
    }
    const job = buildJob(handler, payload, { more, now: surroundings.clock.now() });
    time.began(job);
    const run = performJob(handler, job, { ...surroundings, powers });
    return await time.drive(run.finally(() => time.ended(job)));
  };
}
