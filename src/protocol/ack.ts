/**
 * The messages of `POST /jobs/success`, and the answer of `POST /jobs/release`.
 *
 * @module
 */

import * as v from "valibot";
import type { Job } from "./job.ts";
import { optional, readAs, texts } from "./schema.ts";

/**
 * The job that a report is about: its id, or the job as it was taken. Given the job, the report ends that delivery and
 * no other, if the broker counts deliveries. So the job is better.
 */
export type JobReference =
  | string
  | (Pick<Job, "id"> & Partial<Pick<Job, "deliveries" | "attempts" | "dequeuedAt">>);

/** Which run a report is about. */
export interface JobRun {
  /** The id of the job. */
  readonly id: string;
  /** The delivery that began the run; undefined for whichever is in flight. */
  readonly delivery?: number | undefined;
}

/** The run that a reference names. */
export function toRun(job: JobReference): JobRun {
  return typeof job === "string"
    ? { id: job, delivery: undefined }
    : { id: job.id, delivery: job.deliveries };
}

/** The runs that references name; a job that is given twice counts once. */
export function toRuns(jobs: readonly JobReference[]): readonly JobRun[] {
  return withoutRepeats(jobs.map(toRun));
}

/** The first run of each job. */
export function withoutRepeats(runs: readonly JobRun[]): readonly JobRun[] {
  const ids = new Set<string>();
  for (const { id } of runs) ids.add(id);
  return ids.size === runs.length ? runs : runs.filter(({ id }) => ids.delete(id));
}

/**
 * Writes runs. Deliveries are left out unless all of them are known: a list holds either one for each, or none.
 *
 * @param runs At least one.
 */
export function toRunsWire(runs: readonly JobRun[]): object {
  const ids: string[] = [];
  const deliveries: number[] = [];
  for (const { id, delivery } of runs) {
    ids.push(id);
    if (delivery !== undefined) deliveries.push(delivery);
  }
  return deliveries.length === ids.length ? { ids, deliveries } : { ids };
}

/** Says why ids cannot be acknowledged, in the words of the protocol. */
export function checkIds(ids: readonly unknown[]): string | undefined {
  return ids.length === 0 ? "ids must not be empty" : undefined;
}

/** What a report of many runs came to. */
export interface ReportResult {
  /** The ids of jobs that were not in flight: done before, taken back, or never there. */
  readonly notFound: readonly string[];
  /**
   * Those of them that are there, but not at the delivery that was reported: somebody else has them, or will. Left out if
   * there are none; only a Millrace broker tells.
   */
  readonly stale?: readonly string[];
}

/** The result of a report, by the ids of jobs that were not in flight and those of them that are there. */
export function toReportResult(
  notFound: readonly string[],
  stale: readonly string[],
): ReportResult {
  return stale.length === 0 ? { notFound } : { notFound, stale };
}

/** Writes the answer when some were not in flight; the others are done. */
export function toMissedWire({ notFound, stale }: ReportResult): object {
  return { not_found: notFound, stale };
}

/** Reads the same. */
export function readMissed(value: unknown): ReportResult {
  const { not_found, stale } = readAs(missedSchema, value);
  return toReportResult(not_found, stale ?? []);
}

const missedSchema: v.GenericSchema<
  unknown,
  { readonly not_found: string[]; readonly stale?: string[] | null | undefined }
> = v.object(
  { not_found: texts, stale: optional(texts) },
  "an object",
);
