/**
 * Jobs as somebody sees them who waits for their end: without payloads, and dead ones with their last error records.
 *
 * @module
 */

import type { ErrorRecord } from "../protocol/error-record.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { isOneOf } from "./dialect.ts";
import { findLastError } from "./error-records.ts";
import { keyOfId } from "./job-key.ts";
import { isExpired, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { withExtras } from "./trait-tables.ts";
import type { Transition } from "./transition.ts";

/** A job, and what it died of if it is dead. */
export interface SeenJob {
  readonly job: JobRecord;
  readonly error: ErrorRecord | undefined;
}

const select = `SELECT ${metadataColumns} FROM jobs WHERE`;

/** Reads jobs by their rows. */
export function* seeRows(seqs: readonly number[]): Transition<SeenJob[]> {
  const found = yield* jobRows(`${select} ${isOneOf("seq", "integers")}`, [JSON.stringify(seqs)]);
  return yield* withErrors(found);
}

/** Reads jobs by their ids; `now` is in ms since the epoch. */
export function* seeJobs(ids: readonly string[], now: number): Transition<SeenJob[]> {
  const seqs = ids.map(keyOfId).filter((seq) => seq !== undefined);
  const found = [
    ...yield* jobRows(`${select} ${isOneOf("seq", "integers")}`, [JSON.stringify(seqs)]),
    ...yield* jobRows(`${select} named = 1 AND ${isOneOf("id", "texts")}`, [JSON.stringify(ids)]),
  ];
  const wanted = new Set(ids);
  return yield* withErrors(found.filter((job) => wanted.has(job.id) && !isExpired(job, now)));
}

function* withErrors(found: readonly JobRecord[]): Transition<SeenJob[]> {
  const seen: SeenJob[] = [];
  for (const job of yield* withExtras(found)) {
    const error = job.status === status.dead ? yield* findLastError(job) : undefined;
    seen.push({ job, error });
  }
  return seen;
}
