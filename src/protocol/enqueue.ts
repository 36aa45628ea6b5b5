/**
 * The messages of `POST /jobs` and `POST /jobs/bulk`, as a client writes and reads them.
 *
 * @module
 */

import * as v from "valibot";
import type { BudgetUse } from "./budget-request.ts";
import { toFieldsWire } from "./fields-wire.ts";
import type { Backoff, Batch, EnqueuedJob, Job, Retention, UniqueWhile } from "./job.ts";
import { fieldsWith } from "./job-fields.ts";
import { readJob } from "./job-read.ts";
import { bool, readAs } from "./schema.ts";

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
  /** Folds it into the job of this batch that waits, if there is one and that wants it; not with `uniqueKey`. */
  readonly batch?: Batch | undefined;
  /** The budgets that it draws on; all of them must be able to pay before it runs. */
  readonly budgets?: readonly BudgetUse[] | undefined;
}

/** The body of `POST /jobs`, or an item of `POST /jobs/bulk`. Throws `RangeError` for numbers that cannot be sent. */
export function toEnqueueWire(request: EnqueueRequest): object {
  return {
    type: request.type,
    queue: request.queue,
    // Undefined has no JSON: null is what it becomes wherever JSON has to say something.
    payload: request.payload ?? null,
    ...toFieldsWire(enqueueFields, request),
  };
}

const enqueueFields = fieldsWith("enqueue");

/** The answer to `POST /jobs`, and an item of the answer to `POST /jobs/bulk`. */
export function readEnqueuedJob(value: unknown): EnqueuedJob {
  return Object.assign(readJob(value) as Job<never>, readAs(marksSchema, value));
}

const marksSchema: v.GenericSchema<unknown, Pick<EnqueuedJob, "duplicate" | "folded">> = v.object(
  { duplicate: v.optional(bool, false), folded: v.optional(bool, false) },
  "an object",
);

/** The answer to `POST /jobs/bulk`. */
export function readEnqueuedJobs(value: unknown): EnqueuedJob[] {
  return readAs(jobListSchema, value).jobs.map(readEnqueuedJob);
}

/** Any `{ jobs: […] }` whose items are read by somebody else. */
export const jobListSchema: v.GenericSchema<unknown, { readonly jobs: unknown[] }> = v.object(
  { jobs: v.array(v.unknown(), "a list") },
  "an object",
);
