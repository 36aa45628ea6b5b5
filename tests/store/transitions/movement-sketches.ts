/**
 * What the tests of movement share: ways to put, move and end jobs.
 *
 * @module
 */

import { blankJob, type NewJob } from "../../../src/protocol/new-job.ts";
import type { JobRecord } from "../../../src/protocol/record.ts";
import { isRejection, type Rejection } from "../../../src/protocol/rejection.ts";
import type { StoredJob } from "../../../src/store/enqueue.ts";
import { completeJobs, failJob } from "../../../src/store/finish.ts";
import { toCreated } from "../../../src/store/job-rules.ts";
import { patchJob } from "../../../src/store/patch-jobs.ts";
import { type Put, putJob, type PutResult } from "../../../src/store/put-job.ts";
import { type Requeue, requeueJob } from "../../../src/store/requeue.ts";
import { seqOf, start, type TestStore } from "./test-store.ts";

/** A put: what is given, and what becomes of a job that is there. */
type PutSketch = Partial<NewJob> & { readonly onConflict?: "replace" | "keep" };

/** A put, as it comes to the store. */
export function toPut(
  id: string,
  { onConflict = "replace", ...given }: PutSketch,
  now: number,
): Put {
  const job = { ...blankJob(), type: "t", payload: "2", ...given };
  const request = { ...job, onConflict, given: new Set(Object.keys(given) as (keyof NewJob)[]) };
  const created = toCreated(job, { id, seq: seqOf(id) }, now);
  return { request, entry: { job: created, named: true, bindings: job.budgets } };
}

/** Puts a job. */
export const put = (
  store: TestStore,
  id: string,
  sketch: PutSketch = {},
): Promise<PutResult | Rejection> =>
  store.write(() => putJob(toPut(id, sketch, store.clock.now()), store.terms()));

/** Puts a job, and gives what became of it. */
export async function putWell(
  store: TestStore,
  id: string,
  sketch?: PutSketch,
): Promise<StoredJob & Pick<PutResult, "isNew">> {
  const result = await put(store, id, sketch);
  if (isRejection(result)) throw new Error(result.message);
  const { stored: { job, duplicate, folded }, isNew } = result;
  return { job, duplicate, folded, isNew };
}

/** Moves a job. */
export const requeue = (
  store: TestStore,
  id: string,
  changes: Requeue = {},
): Promise<JobRecord | Rejection | undefined> =>
  store.write(() => requeueJob(id, changes, store.clock.now()));

/** Keeps a job that is finished for a while. */
export const kept = { retention: '{"completed_ms":1000,"dead_ms":1000}' };

/** Brings a job into a status. */
export const ways: Readonly<Record<string, (store: TestStore) => Promise<unknown>>> = {
  ready: () => Promise.resolve(),
  scheduled: (store) => store.write(() => patchJob("a", { readyAt: start + 500 }, start)),
  in_flight: (store) => store.take(),
  completed: async (store) => {
    await store.take();
    await store.write(() => completeJobs([{ id: "a" }], store.terms()));
  },
  dead: async (store) => {
    await store.take();
    await store.write(() => failJob({ id: "a" }, { message: "m", kill: true }, store.terms()));
  },
};

/** The counts that are kept, in words. */
export const counted = async (store: TestStore): Promise<string[]> => {
  const rows = await store.all("SELECT * FROM job_counts ORDER BY queue, type");
  return rows.flatMap(({ queue, type, ...counts }) =>
    Object.entries(counts).filter(([, count]) => count !== 0).map(([name, count]) =>
      `${queue} ${type} ${name} ${count}`
    )
  );
};
