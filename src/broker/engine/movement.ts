/**
 * Putting jobs by their ids, and moving them.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { PutJob } from "../../protocol/put-request.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import type { Expressions } from "../../store/expressions.ts";
import { putJob, type PutResult } from "../../store/put-job.ts";
import { hasNamedJobs } from "../../store/read.ts";
import { type Requeue, requeueJob } from "../../store/requeue.ts";
import type { Store } from "../../store/store.ts";
import type { Admission } from "./admission.ts";
import type { Settings } from "./settings.ts";

/** The operations. Each resolves when its change is durable. */
export interface Movement {
  /**
   * Stores a job under an id, or writes over the one that is there.
   *
   * @param by What the worker calls itself that asks for it, if it is one.
   */
  put(id: string, request: PutJob, by?: string): Promise<PutResult | Rejection>;
  /** Moves a job, whatever its status; undefined when there is no such job. */
  requeue(id: string, requeue: Requeue): Promise<JobRecord | Rejection | undefined>;
  /** Whether this broker has ever seen a job whose id was chosen. */
  knowsChosenIds(): Promise<boolean>;
}

/** Creates the operations. */
export function createMovement(
  { store, clock, settings, admission, expressions }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Pick<Settings, "maxBudgets">;
    readonly admission: Admission;
    readonly expressions: Expressions;
  },
): Movement {
  const { maxBudgets } = settings;
  let hasSeenNamed = false;
  return {
    async put(id, request, by) {
      // Without a queue of its own it has that of the job which is there. The type is checked before, by the same rule.
      const queue = request.given.has("queue") ? request.queue : request.type;
      const rejection = admission.check([{ ...request, queue }]);
      if (rejection !== undefined) return rejection;
      const now = clock.now();
      const record = admission.toRecord(request, now);
      const entry = { ...record, job: { ...record.job, id }, named: true } as const;
      const result = await store.write(() =>
        putJob({ request, entry, by }, { now, maxBudgets, expressions })
      );
      hasSeenNamed ||= "isNew" in result && result.isNew;
      return result;
    },
    requeue(id, requeue) {
      const now = clock.now();
      return store.write(() => requeueJob(id, requeue, now));
    },
    async knowsChosenIds() {
      hasSeenNamed ||= await store.read(hasNamedJobs());
      return hasSeenNamed;
    },
  };
}
