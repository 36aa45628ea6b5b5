/**
 * The small answers: health, version, queues, and the numbers of bulk calls.
 *
 * @module
 */

import * as v from "valibot";
import { readAs, text, u64 } from "./schema.ts";

/** Reads the answer of `GET /health`. */
export function readHealth(value: unknown): string {
  return readAs(healthSchema, value).status;
}

/** Reads the answer of `GET /version`. */
export function readVersion(value: unknown): string {
  return readAs(versionSchema, value).version;
}

/** Reads the answer of `GET /queues`. */
export function readQueues(value: unknown): string[] {
  return readAs(queuesSchema, value).queues;
}

/** Reads the answer of `GET /jobs/count`. */
export function readCount(value: unknown): number {
  return readAs(countSchema, value).count;
}

/** Reads the answer of `PATCH /jobs`. */
export function readPatched(value: unknown): number {
  return readAs(patchedSchema, value).patched;
}

/** Reads the answer of `DELETE /jobs`. */
export function readDeleted(value: unknown): number {
  return readAs(deletedSchema, value).deleted;
}

const anObject = "an object";

const healthSchema: v.GenericSchema<unknown, { readonly status: string }> = v.object(
  { status: text },
  anObject,
);

const versionSchema: v.GenericSchema<unknown, { readonly version: string }> = v.object(
  { version: text },
  anObject,
);

const queuesSchema: v.GenericSchema<unknown, { readonly queues: string[] }> = v.object(
  { queues: v.array(text, "a list") },
  anObject,
);

const countSchema: v.GenericSchema<unknown, { readonly count: number }> = v.object(
  { count: u64 },
  anObject,
);

const patchedSchema: v.GenericSchema<unknown, { readonly patched: number }> = v.object(
  { patched: u64 },
  anObject,
);

const deletedSchema: v.GenericSchema<unknown, { readonly deleted: number }> = v.object(
  { deleted: u64 },
  anObject,
);
