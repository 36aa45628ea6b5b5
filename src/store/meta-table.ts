/**
 * What goes with jobs besides their payloads: a row for each job that has any.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobMeta } from "../protocol/meta.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isOneOf } from "./dialect.ts";
import { hasTrait, removeRows, traits, type TraitTable } from "./traits.ts";
import { insertRows, rows, run, toInsert, type Transition } from "./transition.ts";

const insert = toInsert("job_meta", ["job", "meta"]);

/** Keeps what goes with jobs that were just stored. */
export function* insertMeta(
  jobs: readonly Pick<JobRecord, "seq" | "extra">[],
): Transition<void> {
  yield* insertRows(insert, jobs.flatMap(({ seq, extra }) => [seq, JSON.stringify(extra!.meta)]));
}

/**
 * Gives a job other meta instead of what it has. The caller writes the job.
 *
 * @param job The job as it is to be.
 * @returns The job with its trait.
 */
export function* replaceMeta(job: JobRecord, meta: JobMeta | null): Transition<JobRecord> {
  if (hasTrait(job, traits.described)) {
    yield* run("DELETE FROM job_meta WHERE job = ?", [job.seq]);
  }
  const others = job.traits & ~traits.described;
  if (!hasMembers(meta)) return { ...job, traits: others };
  yield* insertMeta([{ seq: job.seq, extra: { meta } }]);
  return { ...job, traits: others | traits.described };
}

/** Whether there is anything to keep. */
export function hasMembers(meta: JobMeta | null | undefined): meta is JobMeta {
  if (meta == null) return false;
  for (const _ in meta) return true;
  return false;
}

/** What goes with jobs. */
export const metaTable: TraitTable = {
  trait: traits.described,
  remove: (jobs) => removeRows("job_meta", jobs),
  *read(seqs) {
    const found = yield* rows<{ job: number; meta: string }>(
      `SELECT job, meta FROM job_meta WHERE ${isOneOf("job", "integers")}`,
      [JSON.stringify(seqs)],
    );
    return new Map<number, JobExtra>(
      found.map(({ job, meta }) => [job, { meta: JSON.parse(meta) as JobMeta }]),
    );
  },
};
