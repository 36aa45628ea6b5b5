/**
 * What happens to jobs between their claim and the moment when their subscribers hold them: told with the jobs, or they are not
 * handed out any more.
 *
 * @module
 */

import type { CancelNotice } from "../../protocol/frames-control.ts";
import type { JobRecord } from "../../protocol/record.ts";

/** What happened to jobs that nobody holds yet. */
export interface Latecomers {
  /** A claim begins. */
  begin(): void;
  /** These jobs left flight. */
  left(ids: readonly string[]): void;
  /** These jobs were taken, by the claim perhaps. */
  taken(jobs: readonly Pick<JobRecord, "id">[]): void;
  /** These jobs are to be cancelled. */
  unwanted(notices: readonly CancelNotice[]): void;
  /** Those of claimed jobs that are in flight still. */
  sift(jobs: readonly JobRecord[]): readonly JobRecord[];
  /** The jobs are handed out: gives what is to be told of them. */
  end(): readonly CancelNotice[];
}

/** Creates it. */
export function createLatecomers(): Latecomers {
  const gone = new Set<string>();
  let notices: CancelNotice[] = [];
  return {
    begin() {
      gone.clear();
      notices = [];
    },
    left(ids) {
      for (const id of ids) gone.add(id);
    },
    taken(jobs) {
      if (gone.size > 0) { for (const { id } of jobs) gone.delete(id); }
    },
    unwanted(more) {
      notices.push(...more);
    },
    sift: (jobs) => gone.size === 0 ? jobs : jobs.filter(({ id }) => !gone.has(id)),
    end() {
      gone.clear();
      if (notices.length === 0) return notices;
      const told = notices;
      notices = [];
      return told;
    },
  };
}
