/**
 * A job that is put together and not enqueued yet.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { EnqueueRequest } from "./enqueue.ts";

/** A job of a definition, with its payload and its settings: made by the `of` of the definition, to be enqueued with others. */
export interface PreparedJob {
  /** The type of the job. */
  readonly type: string;
  /**
   * Checks the payload and gives the request that stores the job.
   *
   * @param clock What a delay is counted from; default the machine's clock.
   * @returns The request; a promise of it if something that it needs is asynchronous.
   * @throws {PayloadError} If the payload does not fit.
   */
  readonly prepare: (clock?: Clock) => EnqueueRequest | Promise<EnqueueRequest>;
}
