/**
 * Ready → in flight.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { closeBatches } from "./batch.ts";
import { jobColumns } from "./jobs-table.ts";
import { each, type Transition } from "./transition.ts";
import { freeKeys } from "./unique.ts";

/** The select list of a job as its taker will see it, so that it can be framed as it is; the first parameter is now. */
export const takenColumns: string = jobColumns({ status: "2", dequeuedAt: "?" });

/** Marks ready jobs as in flight. */
export function* markTaken(jobs: readonly JobRecord[], now: number): Transition<void> {
  yield* each(
    "UPDATE jobs SET status = 2, dequeued_at = ? WHERE id = ? AND status = 1",
    jobs.map(({ id }) => [now, id]),
  );
  const lettingGo = jobs.filter(({ uniqueWhile }) => uniqueWhile === "queued");
  yield* freeKeys(lettingGo.map(({ id }) => id));
  const batched = jobs.filter(({ batch }) => batch !== null);
  yield* closeBatches(batched.map(({ id }) => id));
}
