/**
 * Folding jobs of one batch into the one that waits (docs/protocol.md, section 4.4).
 *
 * At most one job is the head of a batch: the next enqueues of its key are folded into it. The head is closed when it is
 * taken or deleted, and when its `when` expression rejects an enqueue, which then becomes the head. The mark is in the
 * job's own row, so that deleting a job closes its batch.
 *
 * A head may be due later and collect until then: a trait says so. It is a head only for jobs that are to be collected too, so
 * that who does not know of that finds what the protocol says: jobs that are due later are not folded.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import { isRejection, type Rejection } from "../protocol/rejection.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { lockRows } from "./dialect.ts";
import type { Expressions } from "./expressions.ts";
import { jobRows } from "./jobs.ts";
import { jobColumns } from "./jobs-table.ts";
import { toBytes } from "./text-bytes.ts";
import { hasTrait, traits } from "./traits.ts";
import { runEach, StaleReadError, type Transition } from "./transition.ts";

/** What has to be done to fold new jobs. */
export interface BatchPlan {
  /** For each new job that is folded, and so not stored: the id of the head. */
  readonly folded: ReadonlyMap<JobRecord, string>;
  /** Every head, new or stored, by its id, with all folds applied. */
  readonly heads: ReadonlyMap<string, JobRecord>;
  /** The ids of stored heads whose payload changes. */
  readonly changed: readonly string[];
  /** The rows of stored heads that are closed. */
  readonly closed: readonly number[];
  /** The ids of new jobs that stay heads: later enqueues are folded into them. */
  readonly open: ReadonlySet<string>;
}

/** Plans the folds of new jobs, in their order. Writes nothing. Gives a rejection for the first job whose fold fails. */
export function* planBatches(
  jobs: readonly JobRecord[],
  expressions: Pick<Expressions, "createFolds">,
): Transition<BatchPlan | Rejection> {
  const folds = expressions.createFolds();
  /** The last job that was folded into each head. */
  const lastFolded = new Map<string, number>();
  const folded = new Map<JobRecord, string>();
  const heads = new Map<string, JobRecord>();
  const changed = new Set<string>();
  const closed: number[] = [];
  const added = new Set<string>();
  /** The head of each key so far; undefined when there is none. */
  const headOf = new Map<string, string | undefined>();
  for (const [index, job] of jobs.entries()) {
    // A job that is due later is not folded, and nothing is folded into it, unless it collects until then.
    if (job.batch === null || !(job.status === status.ready || isCollecting(job))) continue;
    const { key } = fromBatchText(job.batch);
    if (!headOf.has(key)) {
      const head = yield* findHead(key);
      if (head !== undefined) heads.set(head.id, head);
      headOf.set(key, head?.id);
    }
    const headId = headOf.get(key);
    const head = headId === undefined ? undefined : heads.get(headId)!;
    const outcome = head !== undefined && isOpenFor(head, job) ? folds.fold(head, job) : "closed";
    yield { kind: "turn" };
    if (outcome === "closed") {
      if (head !== undefined && !added.has(head.id)) closed.push(head.seq);
      added.add(job.id);
      heads.set(job.id, job);
      headOf.set(key, job.id);
    } else if (isRejection(outcome)) {
      return { ...outcome, index };
    } else {
      lastFolded.set(headId!, index);
      if (!added.has(headId!)) changed.add(headId!);
      folded.set(job, headId!);
    }
  }
  for (const [headId, index] of lastFolded) {
    const payloadJson = folds.payloadOf(headId)!;
    if (isRejection(payloadJson)) return { ...payloadJson, index };
    heads.set(headId, { ...heads.get(headId)!, payloadJson, payloadPack: null });
  }
  const open = new Set([...headOf.values()].filter((id) => id !== undefined && added.has(id)));
  return { folded, heads, changed: [...changed], closed, open: open as Set<string> };
}

/**
 * Writes what a plan changes in stored heads.
 *
 * @throws {StaleReadError} If one of them does not wait any more as it did. Then the folds have to be planned again.
 */
export function* applyBatches({ heads, changed, closed }: BatchPlan): Transition<void> {
  const counts = yield* runEach(
    `UPDATE jobs SET payload_json = ?, payload_pack = NULL
     WHERE seq = ? AND heads_batch = 1 AND status = ?`,
    changed.map((id) => {
      const { payloadJson, seq, status } = heads.get(id)!;
      return [payloadJson!, seq, status];
    }),
  );
  if (counts.includes(0)) throw new StaleReadError("The head of a batch was taken");
  yield* closeBatches(closed);
}

/** Closes heads: nothing more is folded into the jobs of these rows. */
export function* closeBatches(seqs: readonly number[]): Transition<void> {
  yield* runEach("UPDATE jobs SET heads_batch = 0 WHERE seq = ?", seqs.map((seq) => [seq]));
}

/** Whether a head takes a new job in. One that waits for its time does so only from jobs that are to wait as well. */
function isOpenFor(head: JobRecord, job: JobRecord): boolean {
  return head.status === status.ready || (isCollecting(head) && isCollecting(job));
}

/** Whether a job is due later and collects until then. */
function isCollecting(job: JobRecord): boolean {
  return job.status === status.scheduled && hasTrait(job, traits.collecting);
}

function* findHead(key: string): Transition<JobRecord | undefined> {
  return (yield* jobRows(
    `SELECT ${jobColumns()} FROM jobs WHERE batch_key = ? AND heads_batch = 1 ${lockRows}`,
    [toBytes(key)],
  ))[0];
}
