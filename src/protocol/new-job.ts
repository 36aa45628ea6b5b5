/**
 * Jobs to be stored, as the broker reads them from `POST /jobs` and `POST /jobs/bulk`.
 *
 * @module
 */

import * as v from "valibot";
import { type BatchRequest, batchRequestSchema, toBatchText } from "./batch.ts";
import { type BindingRequest, bindingsSchema, toBindingsText } from "./binding.ts";
import { backoffSchema, toBackoffText } from "./backoff.ts";
import { dependenciesSchema, type DependencyRequest } from "./dependency-request.ts";
import { fieldsSchema, type KindSchemas } from "./fields-schema.ts";
import { uniqueWhiles } from "./job.ts";
import {
  childField,
  fieldsWith,
  historyField,
  type JobField,
  metaField,
  type NamesWith,
  tagsField,
} from "./job-fields.ts";
import { type ChildOf, childSchema } from "./child.ts";
import { checkMeta, type JobMeta, metaSchema } from "./meta.ts";
import { checkName } from "./names.ts";
import type { JobRecord, PayloadField, RawPayload } from "./record.ts";
import { requestU64 } from "./request-integer.ts";
import { retentionOf, toRetentionText } from "./retention.ts";
import { bool, text, u16, u32 } from "./schema.ts";
import { checkTags, tagsSchema } from "./tags.ts";

/** Fields that a new job has in another form than a record. */
type AsRequested = "readyAt" | "batch" | "budgets";

/**
 * A job that was read from a request and is not stored yet: what an enqueue may set, as a record holds it. Null means
 * absent; instants are ms since the epoch.
 */
export interface NewJob extends Pick<JobRecord, Exclude<NamesWith<"enqueue">, AsRequested>> {
  readonly payload: RawPayload;
  /** Null is now. */
  readonly readyAt: number | null;
  /** How long after it was stored it becomes ready, in ms; unless it is null, it counts, and `readyAt` does not. */
  readonly delayMs: number | null;
  /** The batch that it is part of. */
  readonly batch: BatchRequest | null;
  /** The budgets that it draws on. */
  readonly budgets: readonly BindingRequest[];
  /** The jobs that it waits for. */
  readonly dependsOn: readonly DependencyRequest[];
  /** Whether each of these has to be there; null means no. */
  readonly strictDependencies: boolean | null;
  /** Its tags, each once. */
  readonly tags: readonly string[];
  /** Whether it keeps a history; null and undefined are no. */
  readonly history?: boolean | null;
  /** What goes with it; null and undefined are nothing. */
  readonly meta?: JobMeta | null;
  /** Whose child it is; null and undefined are nobody's. */
  readonly childOf?: ChildOf | null;
}

/** What runs neither sooner nor later than most. */
const defaultPriority = 32768;

/** How a request spells the value of each kind, and what becomes of it. */
export const requestKinds: KindSchemas = {
  text,
  // Any text: what a scope may be is checked later, as the protocol has its own words for that.
  uniqueWhile: text,
  u16,
  u32,
  ms: requestU64,
  backoff: v.pipe(backoffSchema, v.transform(toBackoffText)),
  retention: v.pipe(retentionOf(requestU64), v.transform(toRetentionText)),
  batch: batchRequestSchema,
  budgets: bindingsSchema,
  dependencies: dependenciesSchema,
  flag: bool,
  texts: tagsSchema,
  meta: metaSchema,
  child: childSchema,
};

/** A span of time instead of an instant: no field of a job, which has the instant. */
const delayField: JobField = { name: "delayMs", wire: "delay_ms", kind: "ms" };

/** The jobs to wait for: an answer shows only their ids. */
const dependencyFields: readonly JobField[] = [
  { name: "dependsOn", wire: "depends_on", kind: "dependencies" },
  { name: "strictDependencies", wire: "strict_dependencies", kind: "flag" },
];

/** What a new job may bring. A priority and an instant are in every job, and need not be in a request. */
export const enqueueFields: readonly JobField[] = [
  ...fieldsWith("enqueue").map(({ always = false, ...field }) =>
    always && field.kind === "text" ? { ...field, always } : field
  ),
  delayField,
  ...dependencyFields,
  tagsField,
  historyField,
  metaField,
];

/** What a new job is before anything of it was read. */
const blank: NewJob = {
  ...Object.fromEntries(enqueueFields.map(({ name }) => [name, null])) as unknown as NewJob,
  payload: "",
  priority: defaultPriority,
  budgets: [],
  dependsOn: [],
  tags: [],
};

/** A new job that has nothing but what every job has by default: no type, no queue, no payload. */
export function blankJob(): NewJob {
  return { ...blank };
}

/** Reads one job; its payload is not looked at, and left empty. */
export const newJobSchema: v.GenericSchema<unknown, NewJob> = fieldsSchema(
  [...enqueueFields, childField],
  { kinds: requestKinds, start: blankJob },
);

/** Reads those fields of a job that are given, payload excepted; null goes back to what a field is by default. */
export const jobPatchSchema: v.GenericSchema<unknown, Partial<NewJob>> = v.pipe(
  fieldsSchema(enqueueFields.map(({ name, wire, kind }) => ({ name, wire, kind })), {
    kinds: requestKinds,
    start(input): Partial<NewJob> {
      const nulls = enqueueFields.filter(({ wire }) => input[wire] === null);
      return Object.fromEntries(nulls.map(({ name }) => [name, blank[name as keyof NewJob]]));
    },
  }),
  v.check(
    ({ type, queue }) => type !== null && queue !== null,
    "a type and a queue that are not null",
  ),
);

/** Reads `{ jobs: […] }`, payloads excepted. */
export const newJobsSchema: v.GenericSchema<unknown, { readonly jobs: NewJob[] }> = v.object(
  { jobs: v.array(newJobSchema, "a list") },
  "an object",
);

/** Reads `{ enqueue: […] }`, payloads excepted. */
export const besideSchema: v.GenericSchema<unknown, { readonly enqueue: NewJob[] }> = v.object(
  { enqueue: v.array(newJobSchema, "a list") },
  "an object",
);

/**
 * What a record, or the template of a cron entry, holds of a new job.
 *
 * @param job The job; it is checked already.
 */
export function toStoredFields(
  job: NewJob,
):
  & Omit<NewJob, "batch" | "budgets" | "tags" | "history" | "meta" | "childOf">
  & Pick<JobRecord, "batch" | "budgets" | PayloadField>
  & { readonly tags: string | null; readonly meta: string | null } {
  const isText = typeof job.payload === "string";
  return {
    ...job,
    batch: job.batch && toBatchText(job.batch),
    budgets: toBindingsText(job.budgets),
    tags: job.tags.length === 0 ? null : JSON.stringify(job.tags),
    meta: job.meta == null ? null : JSON.stringify(job.meta),
    payloadJson: isText ? job.payload as string : null,
    payloadPack: isText ? null : job.payload as Uint8Array<ArrayBuffer>,
  };
}

/** Says why a well-formed job cannot be stored, in the words and the order of the protocol. */
export function checkEnqueue(job: NewJob): string | undefined {
  const badName = checkName("type", job.type) ?? checkName("queue", job.queue) ??
    checkTags(job.tags) ?? checkMeta(job.meta);
  if (badName !== undefined) return badName;
  if (job.batch !== null && job.dependsOn.length > 0) {
    return "depends_on and batch cannot be combined";
  }
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
