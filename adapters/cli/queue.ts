/**
 * `millrace queue`: pausing, resuming, limiting and forgetting queues of a running broker.
 *
 * @module
 */

import { createQueues, type QueuesClient, type QueueSettings } from "../../src/client/mod.ts";
import { toFetch } from "./connection.ts";
import type { QueueConfig } from "./control-flags.ts";
import { UsageError } from "./options.ts";
import { readInteger } from "./values.ts";

type Action = (
  queues: QueuesClient,
  queue: string,
  more: { readonly limit: string | undefined; readonly stopRunning: boolean },
) => Promise<QueueSettings | undefined>;

/** What each action does; one that forgets the queue shows nothing of it. */
const actions: Readonly<Record<string, Action>> = {
  pause: (queues, queue, { stopRunning }) => queues.pause(queue, { stopRunning }),
  resume: (queues, queue) => queues.resume(queue),
  limit: (queues, queue, { limit }) => queues.limit(queue, readLimit(limit)),
  async forget(queues, queue) {
    await queues.forget(queue);
    return undefined;
  },
};

/**
 * Runs one action.
 *
 * @returns What is to be printed.
 * @throws {UsageError} If the arguments cannot be understood.
 */
export async function runQueue(
  [action, queue, limit]: readonly string[],
  config: QueueConfig,
): Promise<string> {
  const { url, token, stopRunning } = config;
  const names = "'pause', 'resume', 'limit' or 'forget'";
  if (action === undefined) throw new UsageError(`No action is given, expected ${names}`);
  if (!Object.hasOwn(actions, action)) {
    throw new UsageError(`Action '${action}' is unknown, expected ${names}`);
  }
  if (queue === undefined) throw new UsageError("No queue is given, expected its name");
  if (limit !== undefined && action !== "limit") {
    throw new UsageError(`Argument '${limit}' is one too many`);
  }
  if (stopRunning && action !== "pause") {
    throw new UsageError(`Flag '--stop-running' is for 'pause', and not for '${action}'`);
  }
  const queues = createQueues({ url, token, fetch: toFetch(config) });
  const settings = await actions[action]!(queues, queue, { limit, stopRunning });
  return settings === undefined ? `Forgot ${queue}` : describe(settings);
}

function readLimit(text: string | undefined): number | null {
  if (text === undefined) throw new UsageError("No limit is given, expected a number or 'none'");
  if (text === "none") return null;
  try {
    return readInteger(1, 2 ** 32 - 1)(text);
  } catch (error) {
    throw new UsageError(`Limit is '${text}', expected ${(error as Error).message} or 'none'`);
  }
}

function describe({ queue, paused, maxInFlight, leaseMs, graceMs }: QueueSettings): string {
  const parts = [
    paused ? "paused" : "not paused",
    maxInFlight === undefined ? "no limit" : `at most ${maxInFlight} in flight`,
    ...leaseMs === undefined ? [] : [`leases of ${leaseMs} ms`],
    ...graceMs === undefined ? [] : [`grace of ${graceMs} ms`],
  ];
  return `${queue}: ${parts.join(", ")}`;
}
