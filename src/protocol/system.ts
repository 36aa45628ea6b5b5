/**
 * The small answers: health, version, queues, and the numbers of bulk calls.
 *
 * @module
 */

import * as v from "valibot";
import { text, u64 } from "./schema.ts";

/** Reads the answer of `GET /health`. */
export const healthSchema: v.GenericSchema<unknown, { readonly status: string }> = v.object(
  { status: text },
  "an object",
);

/** Reads the answer of `GET /version`. */
export const versionSchema: v.GenericSchema<unknown, { readonly version: string }> = v.object(
  { version: text },
  "an object",
);

/** Reads the answer of `GET /queues`. */
export const queuesSchema: v.GenericSchema<unknown, { readonly queues: string[] }> = v.object(
  { queues: v.array(text, "a list") },
  "an object",
);

/** Reads the answer of `GET /jobs/count`. */
export const countSchema: v.GenericSchema<unknown, { readonly count: number }> = v.object(
  { count: u64 },
  "an object",
);

/** Reads the answer of `PATCH /jobs`. */
export const patchedSchema: v.GenericSchema<unknown, { readonly patched: number }> = v.object(
  { patched: u64 },
  "an object",
);

/** Reads the answer of `DELETE /jobs`. */
export const deletedSchema: v.GenericSchema<unknown, { readonly deleted: number }> = v.object(
  { deleted: u64 },
  "an object",
);
