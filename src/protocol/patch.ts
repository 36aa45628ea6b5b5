/**
 * The body of `PATCH /jobs/{id}` and `PATCH /jobs`: what is absent stays, null goes back to the default.
 *
 * @module
 */

import { checkOptions } from "../options.ts";
import { toMembersWire } from "./members-wire.ts";
import type { Backoff } from "./job.ts";
import type { RetentionPatch } from "./retention.ts";

/** What to change of a job. What is left out stays. */
export interface JobPatch {
  /** The queue that it moves to. */
  readonly queue?: string | undefined;
  /** From 0 to 65535; lower runs first. */
  readonly priority?: number | undefined;
  /** When it becomes ready, in ms since the epoch; null is now. A running job keeps running. */
  readonly readyAt?: number | null | undefined;
  /** How many retries it has before it is dead; null goes back to the broker's default. */
  readonly retryLimit?: number | null | undefined;
  /** How long it waits before each retry; null goes back to the broker's default. */
  readonly backoff?: Backoff | null | undefined;
  /** How long it is kept when it is finished, member by member; null goes back to the broker's default for both. */
  readonly retention?: RetentionPatch | null | undefined;
  /** Its tags, instead of those that it has; null is none. Only a Millrace broker knows them. */
  readonly tags?: readonly string[] | null | undefined;
}

/**
 * Writes the body.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toPatchWire(patch: JobPatch): object {
  checkOptions("patch", patch, {
    queue: 1,
    priority: 1,
    readyAt: 1,
    retryLimit: 1,
    backoff: 1,
    retention: 1,
    tags: 1,
  });
  return toMembersWire(patch);
}
