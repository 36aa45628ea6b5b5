/**
 * The bodies of the calls that cancel jobs and wait for their ends, as the broker reads them.
 *
 * @module
 */

import * as v from "valibot";
import { maxEndWaitMs, maxWaitedFor } from "./limits.ts";
import { requestU64 } from "./request-integer.ts";
import { optional, text, texts, u32 } from "./schema.ts";

/** The body of `POST /jobs/{id}/cancel` and of `POST /jobs/cancel`. */
export interface CancelRequest {
  readonly reason: string | undefined;
  /** How long the worker of a job in flight has, in ms; undefined for as long as it takes. */
  readonly forceAfterMs: number | undefined;
  /** How long to wait for what becomes of a job in flight, in ms. */
  readonly waitMs: number;
}

/** Characters that a reason has at most. */
const longestReason = 2000;

/** Reads it. */
export const cancelSchema: v.GenericSchema<unknown, CancelRequest> = v.pipe(
  v.object({
    reason: optional(text),
    force_after_ms: optional(requestU64),
    wait_ms: optional(u32),
  }, "an object"),
  v.transform((wire): CancelRequest => ({
    reason: wire.reason ?? undefined,
    forceAfterMs: wire.force_after_ms ?? undefined,
    waitMs: wire.wait_ms ?? 0,
  })),
);

/** Says why it cannot be granted; undefined if it can. */
export function checkCancel({ reason = "", waitMs }: CancelRequest): string | undefined {
  if (reason.length > longestReason) {
    return `reason has ${reason.length} characters, at most ${longestReason} are accepted`;
  }
  return checkWaitMs(waitMs);
}

/** The body of `POST /jobs/wait`. */
export interface WaitRequest {
  readonly ids: readonly string[];
  /** How long to wait, in ms. */
  readonly waitMs: number;
}

/** Reads it. */
export const waitSchema: v.GenericSchema<unknown, WaitRequest> = v.pipe(
  v.object({ ids: texts, wait_ms: optional(u32) }, "an object"),
  v.transform((wire): WaitRequest => ({ ids: wire.ids, waitMs: wire.wait_ms ?? 0 })),
);

/** Says why it cannot be granted; undefined if it can. */
export function checkWait({ ids, waitMs }: WaitRequest): string | undefined {
  if (ids.length > maxWaitedFor) {
    return `ids has ${ids.length} items, at most ${maxWaitedFor} are accepted`;
  }
  return checkWaitMs(waitMs);
}

function checkWaitMs(waitMs: number): string | undefined {
  return waitMs <= maxEndWaitMs
    ? undefined
    : `wait_ms must be between 0 and ${maxEndWaitMs}, got ${waitMs}`;
}
