/**
 * What jobs came from: the trait `spawned`. A job of a cron entry with an interval came from `group/entry`.
 *
 * @module
 */

import type { JobExtra } from "../protocol/job-extra.ts";
import type { JobRecord } from "../protocol/record.ts";
import { isOneOf } from "./dialect.ts";
import { removeRows, traits, type TraitTable } from "./traits.ts";
import { rows, runEach, type Transition } from "./transition.ts";

/** A job that is to be stored, marked as one that came from something. */
export function markSpawned(job: JobRecord): JobRecord {
  return { ...job, traits: job.traits | traits.spawned };
}

/** Keeps what jobs came from that were marked and stored. */
export function* keepOrigin(jobs: readonly JobRecord[], origin: string): Transition<void> {
  yield* runEach(
    "INSERT INTO spawned (job, origin) VALUES (?, ?)",
    jobs.map(({ seq }) => [seq, origin]),
  );
}

/** The table of origins. */
export const spawnedTable: TraitTable = {
  trait: traits.spawned,
  remove: (jobs) => removeRows("spawned", jobs),
  *read(seqs) {
    const found = yield* rows<{ job: number; origin: string }>(
      `SELECT job, origin FROM spawned WHERE ${isOneOf("job", "integers")}`,
      [JSON.stringify(seqs)],
    );
    return new Map<number, JobExtra>(
      found.map(({ job, origin }) => [job, { spawnedFrom: origin }]),
    );
  },
};
