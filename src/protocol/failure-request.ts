/**
 * The body of `POST /jobs/{id}/failure`, as the broker reads it. It lies apart from the client's side, whose bundle
 * would hold it as well.
 *
 * @module
 */

import * as v from "valibot";
import type { FailureReport } from "./failure.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, optional, text, u32 } from "./schema.ts";

/** A failure, and which delivery it is about; undefined for whichever is in flight. */
export interface FailureRequest extends FailureReport {
  readonly delivery: number | undefined;
  /** The token of the lease. */
  readonly token: string | undefined;
}

/** Reads the body, its payload excepted. A `kill` of null is not a boolean, unlike the other nulls, which mean absent. */
export const failureSchema: v.GenericSchema<unknown, FailureRequest> = v.pipe(
  v.object({
    message: text,
    error_type: optional(text),
    backtrace: optional(text),
    retry_at: optional(requestU64),
    delay_ms: optional(requestU64),
    kill: v.optional(bool, false),
    enforce_limit: optional(bool),
    failure_group: optional(text),
    delivery: optional(u32),
    lease_token: optional(text),
  }, "an object"),
  v.transform((wire): FailureRequest => ({
    delivery: wire.delivery ?? undefined,
    token: wire.lease_token ?? undefined,
    message: wire.message,
    errorType: wire.error_type ?? undefined,
    backtrace: wire.backtrace ?? undefined,
    retryAt: wire.retry_at ?? undefined,
    delayMs: wire.delay_ms ?? undefined,
    kill: wire.kill,
    enforceLimit: wire.enforce_limit ?? undefined,
    failureGroup: wire.failure_group ?? undefined,
  })),
);
