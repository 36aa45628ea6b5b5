/**
 * The calls on the settings of queues. They are apart from the client, so that a program that only enqueues does not load
 * them.
 *
 * @module
 */

import {
  type QueueSettings,
  type QueueSettingsChange,
  readQueueSettings,
  toQueueSettingsChangeWire,
} from "../protocol/queue-settings-read.ts";
import { controlRoutes } from "../protocol/routes.ts";
import type { CallOptions } from "./deadline.ts";
import { callOwn } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport, ignoreBody } from "./transport.ts";

/** How a queue is paused. */
export interface PauseOptions extends CallOptions {
  /**
   * Whether the jobs that run are taken from their workers, too. They are ready again, and no attempt is counted.
   *
   * @default {false}
   */
  readonly stopRunning?: boolean | undefined;
}

/**
 * The settings of the queues of a broker. They may be set for queues that have no job yet.
 *
 * Each call is rejected with one of the `MillraceError` family: `RefusedError` for what is not allowed.
 */
export interface QueuesClient {
  /** Tells what is set for a queue. */
  settings(queue: string, options?: CallOptions): Promise<QueueSettings>;
  /**
   * Changes what is set for a queue.
   *
   * @param change What to change; what is left out stays.
   * @returns What is set now.
   * @throws {RangeError} If a number cannot be sent.
   */
  set(queue: string, change: QueueSettingsChange, options?: CallOptions): Promise<QueueSettings>;
  /** Gives no job of a queue to workers until it is resumed. Jobs are stored, and reports are taken, as ever. */
  pause(queue: string, options?: PauseOptions): Promise<QueueSettings>;
  /** Gives jobs of a queue to workers again. */
  resume(queue: string, options?: CallOptions): Promise<QueueSettings>;
  /**
   * Limits how many jobs of a queue are in flight at once, over all workers. What runs goes on when it is lowered.
   *
   * @param maxInFlight An integer from 1; null sets no limit.
   * @throws {RangeError} If the number cannot be sent.
   */
  limit(queue: string, maxInFlight: number | null, options?: CallOptions): Promise<QueueSettings>;
  /**
   * Forgets a queue without unfinished jobs, and what is set for it.
   *
   * @throws {NotFoundError} If there is no such queue.
   * @throws {RefusedError} If it has unfinished jobs; its status is 409, and its message tells them.
   */
  forget(queue: string, options?: CallOptions): Promise<void>;
}

/**
 * Creates a client of the settings of queues of the broker at `url`, or of a broker in the same process
 * (`fetch: broker.fetch`).
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createQueues } from "@millrace/millrace/client";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const queues = createQueues({ fetch: broker.fetch });
 * await queues.limit("mail", 5); // never more than 5 at a time
 * console.log((await queues.pause("mail")).paused); // true
 * ```
 */
export function createQueues(options: ClientOptions): QueuesClient {
  const call = callOwn(createTransport(toClientSettings(options)));

  const set = async (
    queue: string,
    change: QueueSettingsChange,
    options: CallOptions | undefined,
  ): Promise<QueueSettings> => {
    const body = toQueueSettingsChangeWire(change);
    const one = { route: controlRoutes.patchQueue, params: { queue }, body };
    return await call(one, options, readQueueSettings);
  };

  return {
    settings: (queue, options) =>
      call({ route: controlRoutes.queueSettings, params: { queue } }, options, readQueueSettings),
    set,
    pause: (queue, { stopRunning, ...options } = {}) =>
      set(queue, { paused: true, stopRunning }, options),
    resume: (queue, options) => set(queue, { paused: false }, options),
    limit: (queue, maxInFlight, options) => set(queue, { maxInFlight }, options),
    forget: (queue, options) =>
      call({ route: controlRoutes.forgetQueue, params: { queue } }, options, ignoreBody),
  };
}
