/**
 * Reading one job, and its failures.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { ErrorRecord } from "../../protocol/error-record.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { findError, findLastError, listErrors, withLastError } from "../../store/error-records.ts";
import { getJob, getMetadata } from "../../store/read.ts";
import type { Store } from "../../store/store.ts";

/** Reads them. */
export interface JobReading {
  /** Undefined when there is no such job. */
  get(id: string, view?: { readonly lastError: boolean }): Promise<JobRecord | undefined>;
  /** Undefined when there is no such job. */
  errors(id: string, page: PageQuery<number>): Promise<readonly ErrorRecord[] | undefined>;
  /** `"no job"` or `"no record"` when that is missing. */
  error(id: string, attempt: number): Promise<ErrorRecord | "no job" | "no record">;
}

/** Creates what reads them. */
export function createJobReading(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): JobReading {
  return {
    async get(id, view) {
      const job = await store.read(getJob(id, clock.now()));
      if (job === undefined || !view?.lastError) return job;
      const error = await store.read(findLastError(job));
      return error === undefined ? job : withLastError(job, error);
    },
    async errors(id, page) {
      if (await store.read(getMetadata(id, clock.now())) === undefined) return undefined;
      return await store.read(listErrors(id, page));
    },
    async error(id, attempt) {
      if (await store.read(getMetadata(id, clock.now())) === undefined) return "no job";
      return await store.read(findError(id, attempt)) ?? "no record";
    },
  };
}
