/**
 * The messages of `POST /jobs/success`, and the answer of `POST /jobs/release`.
 *
 * @module
 */

import * as v from "valibot";
import type { Job } from "./job.ts";
import { oneOf, optional, readAs, text, texts } from "./schema.ts";

/**
 * The job that a report is about: its id, or the job as it was taken. Given the job, the report ends that delivery and
 * no other, if the broker counts deliveries. So the job is better.
 */
export type JobReference =
  | string
  | (
    & Pick<Job, "id">
    & Partial<Pick<Job, "deliveries" | "attempts" | "dequeuedAt" | "leaseToken">>
  );

/** What shows that a report of a leased job comes from the holder of the lease. */
export interface LeaseProof {
  /** The token of the lease. */
  readonly token?: string | undefined;
  /** What the worker calls itself. */
  readonly worker?: string | undefined;
}

/** What a caller shows; undefined if that is nothing. */
export function toProof(
  token: string | undefined,
  worker: string | undefined,
): LeaseProof | undefined {
  return token === undefined && worker === undefined ? undefined : { token, worker };
}

/** Which run a report is about. */
export interface JobRun {
  /** The id of the job. */
  readonly id: string;
  /** The delivery that began the run; undefined for whichever is in flight. */
  readonly delivery?: number | undefined;
  /** Who reports, if the caller says so. */
  readonly proof?: LeaseProof | undefined;
  /** What it came to, as JSON text, for the jobs that wait for it. */
  readonly result?: string | undefined;
}

/** The run that a reference names. */
export function toRun(job: JobReference): JobRun {
  if (typeof job === "string") return { id: job, delivery: undefined, proof: undefined };
  // No job has no id: what is wrong with that is told of every call alike.
  const { id, deliveries, leaseToken } = (job as Exclude<JobReference, string> | undefined) ??
    {} as Exclude<JobReference, string>;
  const proof = leaseToken === undefined ? undefined : { token: leaseToken };
  return { id, delivery: deliveries, proof };
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
 * Writes runs. Deliveries are left out unless all of them are known: a list holds either one for each, or none. Tokens of
 * leases are left out if there are none.
 *
 * @param runs At least one.
 */
export function toRunsWire(runs: readonly JobRun[]): object {
  const ids: string[] = [];
  const deliveries: number[] = [];
  const tokens: (string | null)[] = [];
  for (const { id, delivery, proof } of runs) {
    ids.push(id);
    if (delivery !== undefined) deliveries.push(delivery);
    tokens.push(proof?.token ?? null);
  }
  return {
    ids,
    ...deliveries.length === ids.length && { deliveries },
    ...tokens.some((token) => token !== null) && { lease_tokens: tokens },
  };
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
  /** Those of them whose lease is another's, or over, and why. Left out if there are none. */
  readonly refused?: readonly RefusedRun[];
}

/** Why a lease, or what is reported of a job under one, is refused. */
export type LeaseRefusal = "not_running" | "other_worker" | "not_leased";

/** All reasons. */
const leaseRefusals: readonly LeaseRefusal[] = ["not_running", "other_worker", "not_leased"];

/** Says why. */
export function tellRefusal(id: string, reason: LeaseRefusal): string {
  if (reason === "not_running") return `job ${id} is not in flight`;
  if (reason === "other_worker") return `job ${id} is with another worker`;
  return `job ${id} is in flight without a lease, as long as its stream is open`;
}

/** A job that a call is not granted for. */
export interface RefusedRun {
  /** The id of the job. */
  readonly id: string;
  /**
   * `not_running`: it is not in flight. `other_worker`: somebody else has it. `not_leased`: a stream holds it, without a
   * lease.
   */
  readonly reason: LeaseRefusal;
}

/** The result of a report, by the ids of jobs that were not in flight, those of them that are there, and refusals. */
export function toReportResult(
  notFound: readonly string[],
  stale: readonly string[],
  refused: readonly RefusedRun[] = [],
): ReportResult {
  return {
    notFound,
    ...stale.length > 0 && { stale },
    ...refused.length > 0 && { refused },
  };
}

/** Writes the answer when some were not in flight; the others are done. */
export function toMissedWire({ notFound, stale, refused }: ReportResult): object {
  return { not_found: notFound, stale, refused };
}

/** Reads the same. */
export function readMissed(value: unknown): ReportResult {
  const { not_found, stale, refused } = readAs(missedSchema, value);
  return toReportResult(not_found, stale ?? [], refused ?? []);
}

/** Reads why calls are refused. */
export const refusedSchema: v.GenericSchema<unknown, RefusedRun[]> = /* @__PURE__ */ v.array(
  /* @__PURE__ */ v.object({ id: text, reason: oneOf(leaseRefusals, "a reason") }, "an object"),
  "a list",
);

const missedSchema: v.GenericSchema<unknown, {
  readonly not_found: string[];
  readonly stale?: string[] | null | undefined;
  readonly refused?: RefusedRun[] | null | undefined;
}> = v.object(
  { not_found: texts, stale: optional(texts), refused: optional(refusedSchema) },
  "an object",
);
