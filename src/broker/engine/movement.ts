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
import type { KeyedCall } from "../../store/idempotency.ts";
import { putJob, putOnce, type PutResult } from "../../store/put-job.ts";
import { hasNamedJobs } from "../../store/read.ts";
import { type Requeue, requeueJob } from "../../store/requeue.ts";
import type { Store } from "../../store/store.ts";
import type { Admission } from "./admission.ts";
import type { Settings } from "./settings.ts";

/** How a job is put. */
export interface PutOptions {
  /** What the worker calls itself that asks for it, if it is one. */
  readonly by?: string | undefined;
  /** What the call goes by if it may be repeated: then it is done once. */
  readonly keyed?: Pick<KeyedCall, "key" | "fingerprint"> | undefined;
}

/** The operations. Each resolves when its change is durable. */
export interface Movement {
  /**
   * Stores a job under an id, or writes over the one that is there.
   *
   * @param options Who asks, and what the call goes by.
   */
  put(id: string, request: PutJob, options?: PutOptions): Promise<PutResult | Rejection>;
  /** Moves a job, whatever its status; undefined when there is no such job. */
  requeue(id: string, requeue: Requeue): Promise<JobRecord | Rejection | undefined>;
  /** Whether this broker has ever seen a job whose id was chosen. */
  knowsChosenIds(): Promise<boolean>;
}

/** Creates the operations. */
export function createMovement(
  { store, clock, settings, admission, expressions, keyed: noteKeyed }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly settings: Pick<Settings, "maxBudgets">;
    readonly admission: Admission;
    readonly expressions: Expressions;
    /** A call with a key was done at `now`, in ms since the epoch. */
    keyed(now: number): void;
  },
): Movement {
  const { maxBudgets } = settings;
  let hasSeenNamed = false;
  return {
    async put(id, request, { by, keyed } = {}) {
      // Without a queue of its own it has that of the job which is there. The type is checked before, by the same rule.
      const queue = request.given.has("queue") ? request.queue : request.type;
      const rejection = admission.check([{ ...request, queue }]);
      if (rejection !== undefined) return rejection;
      const now = clock.now();
      const record = admission.toRecord(request, now);
      const entry = { ...record, job: { ...record.job, id }, named: true } as const;
      const put = { request, entry, by };
      const terms = { now, maxBudgets, expressions };
      const result = await store.write(() =>
        keyed === undefined ? putJob(put, terms) : putOnce(keyed, put, terms)
      );
      if (keyed !== undefined) noteKeyed(now);
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
