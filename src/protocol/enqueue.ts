/**
 * The messages of `POST /jobs` and `POST /jobs/bulk`.
 *
 * @module
 */

import * as v from "valibot";
import { batchSchema } from "./batch.ts";
import { type BindingRequest, bindingsSchema } from "./binding.ts";
import { type BudgetUse, toBudgetUseWire } from "./budget-request.ts";
import { backoffSchema, toBackoffText, toBackoffWire } from "./backoff.ts";
import {
  type Backoff,
  type Batch,
  type EnqueuedJob,
  type Job,
  type Retention,
  type UniqueWhile,
  uniqueWhiles,
} from "./job.ts";
import { readJob } from "./job-read.ts";
import { checkName } from "./names.ts";
import type { RawPayload } from "./record.ts";
import { retentionSchema, toRetentionText, toRetentionWire } from "./retention.ts";
import { bool, optional, readAs, text, u16, u32, u64 } from "./schema.ts";
import { max16, max32, maxExact, whole } from "./whole.ts";

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

/** A job that was read from a request and is not stored yet. Null means absent; instants are ms since the epoch. */
export interface NewJob {
  readonly type: string;
  readonly queue: string;
  readonly payload: RawPayload;
  readonly priority: number;
  readonly readyAt: number | null;
  readonly retryLimit: number | null;
  /** JSON text of the wire's `backoff` object, as a record holds it. */
  readonly backoff: string | null;
  /** JSON text of the wire's `retention` object, as a record holds it. */
  readonly retention: string | null;
  readonly uniqueKey: string | null;
  readonly uniqueWhile: string | null;
  /** The batch that it is part of. */
  readonly batch: Batch | null;
  /** The budgets that it draws on. */
  readonly budgets: readonly BindingRequest[];
}

/** What runs neither sooner nor later than most. */
export const defaultPriority = 32768;

/** Reads one job; its payload is not looked at, and left empty. */
export const newJobSchema: v.GenericSchema<unknown, NewJob> = v.pipe(
  v.object({
    type: text,
    queue: text,
    priority: optional(u16),
    ready_at: optional(u64),
    retry_limit: optional(u32),
    backoff: optional(backoffSchema),
    retention: optional(retentionSchema),
    unique_key: optional(text),
    unique_while: optional(text),
    batch: optional(batchSchema),
    budgets: optional(bindingsSchema),
  }, "an object"),
  v.transform((wire): NewJob => ({
    type: wire.type,
    queue: wire.queue,
    payload: "",
    priority: wire.priority ?? defaultPriority,
    readyAt: wire.ready_at ?? null,
    retryLimit: wire.retry_limit ?? null,
    backoff: wire.backoff ? toBackoffText(wire.backoff) : null,
    retention: wire.retention ? toRetentionText(wire.retention) : null,
    uniqueKey: wire.unique_key ?? null,
    uniqueWhile: wire.unique_while ?? null,
    batch: wire.batch ?? null,
    budgets: wire.budgets ?? [],
  })),
);

/** Reads `{ jobs: […] }`, payloads excepted. */
export const newJobsSchema: v.GenericSchema<unknown, { readonly jobs: NewJob[] }> = v.object(
  { jobs: v.array(newJobSchema, "a list") },
  "an object",
);

/** Says why a well-formed job cannot be stored, in the words and the order of the protocol. */
export function checkEnqueue(job: NewJob): string | undefined {
  const badName = checkName("type", job.type) ?? checkName("queue", job.queue);
  if (badName !== undefined) return badName;
  if (job.uniqueKey === null) {
    return job.uniqueWhile === null ? undefined : "unique_while requires unique_key";
  }
  if (job.batch !== null) return "unique_key and batch cannot be combined";
  return checkUniqueWhile(job.uniqueWhile);
}

/** Says why a scope is none; null is one. */
export function checkUniqueWhile(scope: string | null): string | undefined {
  if (scope === null || (uniqueWhiles as readonly string[]).includes(scope)) return undefined;
  const given = JSON.stringify(scope);
  return `invalid unique_while: ${given} (expected "queued", "active", or "exists")`;
}

/** The body of `POST /jobs`, or an item of `POST /jobs/bulk`. Throws `RangeError` for numbers that cannot be sent. */
export function toEnqueueWire(request: EnqueueRequest): object {
  return {
    type: request.type,
    queue: request.queue,
    // Undefined has no JSON: null is what it becomes wherever JSON has to say something.
    payload: request.payload ?? null,
    priority: whole("priority", request.priority, max16),
    ready_at: whole("readyAt", request.readyAt, maxExact),
    retry_limit: whole("retryLimit", request.retryLimit, max32),
    backoff: request.backoff && toBackoffWire(request.backoff),
    retention: request.retention && toRetentionWire(request.retention),
    unique_key: request.uniqueKey,
    unique_while: request.uniqueWhile,
    batch: request.batch,
    budgets: request.budgets?.map(toBudgetUseWire),
  };
}

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
