/**
 * A job from the wire's spelling to the one users see.
 *
 * @module
 */

import * as v from "valibot";
import { batchSchema } from "./batch.ts";
import { backoffSchema } from "./backoff.ts";
import { fieldsSchema, type KindSchemas } from "./fields-schema.ts";
import { type EnqueuedJob, type EnqueueMarks, type Job, jobStatuses, uniqueWhiles } from "./job.ts";
import { errorRecordSchema } from "./error-record.ts";
import { extraFields } from "./job-extra.ts";
import { type JobField, jobFields } from "./job-fields.ts";
import { metaSchema } from "./meta.ts";
import { type JobDraft, readPlainJob } from "./plain-job.ts";
import { progressSchema } from "./progress.ts";
import { retentionSchema } from "./retention.ts";
import { bool, oneOf, optional, readAs, text, u16, u32, u64 } from "./schema.ts";

/** How an answer spells the value of each kind. */
export const answerKinds: KindSchemas = {
  text,
  values: v.looseObject({}, "an object"),
  status: oneOf(jobStatuses, "a status"),
  uniqueWhile: oneOf(uniqueWhiles, "a unique scope"),
  u16,
  u32,
  ms: u64,
  backoff: backoffSchema,
  retention: retentionSchema,
  batch: batchSchema,
  budgets: v.array(v.object({ key: text, cost: u32 }, "an object"), "a list"),
  texts: v.array(text, "a list"),
  flag: bool,
  error: errorRecordSchema,
  progress: progressSchema,
  meta: metaSchema,
  value: v.unknown(),
};

const fields: readonly JobField[] = [...jobFields, ...extraFields];

const jobSchema: v.GenericSchema<unknown, JobDraft> = fieldsSchema(fields, {
  kinds: answerKinds,
  start(wire) {
    // What every job has stands in the literal: engines keep members that are added later less well.
    const job: JobDraft = {
      id: "",
      type: "",
      queue: "",
      priority: 0,
      status: "ready",
      readyAt: 0,
      attempts: 0,
    };
    if ("payload" in wire) job.payload = wire["payload"];
    // A result as any other, where other members are absent.
    if (wire["result"] === null) job.result = null;
    return job;
  },
});

/** Reads a job of an answer or a frame. Throws `MessageError` naming the field. */
export function readJob(value: unknown): Job {
  // A server of the protocol gives what belongs to each status.
  return (readPlainJob(value) ?? readAs(jobSchema, value)) as Job;
}

const marksSchema = /* @__PURE__ */ v.object(
  { duplicate: optional(bool), folded: optional(bool) },
  "an object",
);

/** Reads the answer to `POST /jobs`, or an item of the answer to `POST /jobs/bulk`. Throws as {@linkcode readJob} does. */
export function readEnqueuedJob(value: unknown): EnqueuedJob {
  const job = readJob(value) as Job & { -readonly [Mark in keyof EnqueueMarks]?: boolean };
  let { duplicate = false, folded = false } = value as Partial<EnqueueMarks>;
  // The schema is for others: every job comes through here.
  if (typeof duplicate !== "boolean" || typeof folded !== "boolean") {
    const marks = readAs(marksSchema, value);
    duplicate = marks.duplicate ?? false;
    folded = marks.folded ?? false;
  }
  job.duplicate = duplicate;
  job.folded = folded;
  return job as EnqueuedJob;
}
