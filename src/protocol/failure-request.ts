/**
 * The body of `POST /jobs/{id}/failure`, as the broker reads it. It lies apart from the client's side, whose bundle
 * would hold it as well.
 *
 * @module
 */

import * as v from "valibot";
import type { Failure } from "./failure.ts";
import { requestU64 } from "./request-integer.ts";
import { bool, optional, text } from "./schema.ts";

/** Reads the body. A `kill` of null is not a boolean, unlike the other nulls, which mean absent. */
export const failureSchema: v.GenericSchema<unknown, Failure> = v.pipe(
  v.object({
    message: text,
    error_type: optional(text),
    backtrace: optional(text),
    retry_at: optional(requestU64),
    kill: v.optional(bool, false),
  }, "an object"),
  v.transform((wire): Failure => ({
    message: wire.message,
    errorType: wire.error_type ?? undefined,
    backtrace: wire.backtrace ?? undefined,
    retryAt: wire.retry_at ?? undefined,
    kill: wire.kill,
  })),
);
