/**
 * Jobs to be stored, as the broker reads them from `POST /jobs` and `POST /jobs/bulk`.
 *
 * @module
 */

import * as v from "valibot";
import { batchSchema } from "./batch.ts";
import { type BindingRequest, bindingsSchema } from "./binding.ts";
import { backoffSchema, toBackoffText } from "./backoff.ts";
import { type Batch, uniqueWhiles } from "./job.ts";
import { checkName } from "./names.ts";
import type { RawPayload } from "./record.ts";
import { retentionSchema, toRetentionText } from "./retention.ts";
import { optional, text, u16, u32, u64 } from "./schema.ts";

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
