/**
 * The calls that cancel jobs, try them again, and wait for their ends: what is asked, and what is answered.
 *
 * @module
 */

import * as v from "valibot";
import { type ErrorRecord, errorRecordSchema } from "./error-record.ts";
import { checkInteger, max32, maxExact } from "./integer.ts";
import type { Job } from "./job.ts";
import { readJob } from "./job-read.ts";
import { oneOf, optional, readAs, text, texts, u64 } from "./schema.ts";

/** Why a job is cancelled, and how long its worker has. */
export interface CancelRequest {
  /**
   * Why: the message of its error record, and of the error that its signal is aborted with if it runs.
   *
   * @default {"Cancelled"}
   */
  readonly reason?: string | undefined;
  /**
   * How long the worker of a job that runs has to come to an end, in ms; then the job is taken from it. 0 is no time at all.
   *
   * @default {as long as it takes}
   */
  readonly forceAfterMs?: number | undefined;
}

/** What came of cancelling a job. */
export interface CancelResult {
  /**
   * - `cancelled`: the job is dead of it.
   * - `requested`: it runs, and its worker is told. After a wait: its worker has not come to an end.
   * - `finished`: its run was over first, or somebody put the job anew: its `status` says which.
   */
  readonly outcome: "cancelled" | "requested" | "finished";
  /** The job without its payload, as it is, or was when it was deleted. */
  readonly job: Job;
}

/** How many jobs were cancelled. */
export interface CancelCounts {
  /** Those that waited: they are dead. */
  readonly cancelled: number;
  /** Those that run: their workers are told. */
  readonly requested: number;
}

/** Writes what is asked for. */
export function toCancelWire({ reason, forceAfterMs }: CancelRequest, waitMs?: number): object {
  return {
    reason,
    force_after_ms: checkInteger("forceAfterMs", forceAfterMs, maxExact),
    wait_ms: checkInteger("waitMs", waitMs, max32),
  };
}

/** Reads the answer. */
export function readCancelled(value: unknown): CancelResult {
  const { outcome, job } = readAs(cancelledSchema, value);
  return { outcome, job: readJob(job) };
}

const cancelOutcomes = ["cancelled", "requested", "finished"] as const;
const cancelledSchema = /* @__PURE__ */ v.object({
  outcome: /* @__PURE__ */ oneOf(cancelOutcomes, "an outcome"),
  job: /* @__PURE__ */ v.unknown(),
}, "an object");

/** Reads how many jobs were cancelled. */
export function readCancelCounts(value: unknown): CancelCounts {
  return readAs(countsSchema, value);
}

const countsSchema: v.GenericSchema<unknown, CancelCounts> = /* @__PURE__ */ v.object(
  { cancelled: u64, requested: u64 },
  "an object",
);

/** Reads how many jobs are tried again. */
export function readRetried(value: unknown): number {
  return readAs(retriedSchema, value).retried;
}

const retriedSchema = /* @__PURE__ */ v.object({ retried: u64 }, "an object");

/** Writes what is waited for. */
export function toWaitWire(ids: readonly string[], waitMs: number): object {
  return { ids, wait_ms: waitMs };
}

/** A job that has ended, as an answer has it. */
export interface EndedJob {
  readonly id: string;
  readonly outcome: "completed" | "dead" | "deleted";
  /** The job without its payload; undefined if the broker has not seen it. */
  readonly job: Job | undefined;
  /** What it came to; undefined if its worker said nothing. */
  readonly result: unknown;
  /** What it died of. */
  readonly error: ErrorRecord | undefined;
}

/** What came of waiting for jobs. */
export interface WaitAnswer {
  readonly ended: readonly EndedJob[];
  /** The ids of those that go on. */
  readonly waiting: readonly string[];
  /** The ids of those that are not there. */
  readonly missing: readonly string[];
}

/** Reads it. */
export function readWaited(value: unknown): WaitAnswer {
  const { ended, waiting, missing } = readAs(waitedSchema, value);
  return {
    ended: ended.map(({ job, ...end }) => ({
      ...end,
      job: job == null ? undefined : readJob(job),
      error: end.error ?? undefined,
      result: end.result,
    })),
    waiting,
    missing,
  };
}

const endOutcomes = ["completed", "dead", "deleted"] as const;
const waitedSchema = /* @__PURE__ */ v.object({
  ended: /* @__PURE__ */ v.array(
    /* @__PURE__ */ v.object({
      id: text,
      outcome: /* @__PURE__ */ oneOf(endOutcomes, "an outcome"),
      job: /* @__PURE__ */ v.optional(/* @__PURE__ */ v.unknown()),
      result: /* @__PURE__ */ v.optional(/* @__PURE__ */ v.unknown()),
      error: /* @__PURE__ */ optional(errorRecordSchema),
    }, "an object"),
    "a list",
  ),
  waiting: texts,
  missing: texts,
}, "an object");
