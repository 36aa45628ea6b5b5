/**
 * The messages of `POST /jobs` and `POST /jobs/bulk`.
 *
 * @module
 */

import type { Backoff, Retention, UniqueWhile } from "./job.ts";

/** One job to be stored. Instants are ms since the epoch. */
export interface EnqueueRequest {
  /** Which handler runs it; see `checkName` for what a name may be. */
  readonly type: string;
  /** The queue it waits in. */
  readonly queue: string;
  /** Any JSON value; null is one. */
  readonly payload: unknown;
  /** 0 to 65535, lower runs first; default 32768. */
  readonly priority?: number | undefined;
  /** When it becomes ready; default now. */
  readonly readyAt?: number | undefined;
  /** Retries before it is dead; default the broker's (25). */
  readonly retryLimit?: number | undefined;
  /** Delay between tries; default the broker's. */
  readonly backoff?: Backoff | undefined;
  /** How long it is kept when finished; default the broker's. */
  readonly retention?: Retention | undefined;
  /** At most one job with this key waits (or runs, or exists: `uniqueWhile`) at a time. */
  readonly uniqueKey?: string | undefined;
  /** How long the key is held; default `queued`. */
  readonly uniqueWhile?: UniqueWhile | undefined;
}
