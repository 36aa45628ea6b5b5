/**
 * Keeping how far runs are, as their workers say it (`progress-table.ts`).
 *
 * @module
 */

import type { RunProgress } from "../protocol/worker-statement.ts";
import { isRunOf } from "./finish.ts";
import { findJob } from "./jobs.ts";
import { hasTrait, traits } from "./traits.ts";
import { run, type Transition } from "./transition.ts";

const keep = `INSERT INTO job_progress (job, delivery, progress) VALUES (?, ?, ?)
  ON CONFLICT (job) DO UPDATE SET delivery = excluded.delivery, progress = excluded.progress`;

/** Keeps how far runs are; what is not in flight at the delivery that is meant is passed over. */
export function* keepProgress(runs: readonly RunProgress[]): Transition<void> {
  for (const { id, delivery, progress } of runs) {
    const job = yield* findJob(id);
    if (!isRunOf(job, { id, delivery })) continue;
    const { seq } = job;
    const text = JSON.stringify(progress);
    if (hasTrait(job, traits.leased)) {
      yield* run("UPDATE leases SET progress = ? WHERE job = ?", [text, seq]);
      continue;
    }
    yield* run(keep, [seq, delivery, text]);
    if (hasTrait(job, traits.progressing)) continue;
    yield* run(`UPDATE jobs SET traits = traits | ${traits.progressing} WHERE seq = ?`, [seq]);
  }
}
