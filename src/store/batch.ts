/**
 * Folding jobs of one batch into the one that waits (section 7 of the protocol).
 *
 * At most one job heads a batch: the next enqueues of its key are folded into it. It is closed when it is taken or gone,
 * and by an enqueue that it does not want, which then heads the batch itself. The mark is in the job's own row, so that
 * what deletes a job closes its batch.
 *
 * @module
 */

import { fromBatchText } from "../protocol/batch.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { jobColumns } from "./jobs-table.ts";
import { each, rows, type Transition } from "./transition.ts";

/** What two payloads become: one, or two jobs, or neither. */
export type Merged =
  | { readonly payloadJson: string }
  | "sealed"
  | { readonly refused: string };

/** Folds a new job into the head of its batch. */
export type Merge = (head: JobRecord, job: JobRecord) => Merged;

/** What new jobs of batches meet. */
export interface BatchPlan {
  /** The head that it is folded into, by id, for each new job that is not to be stored. */
  readonly folded: ReadonlyMap<JobRecord, string>;
  /** Every head, new or stored, by id, with what is folded into it. */
  readonly heads: ReadonlyMap<string, JobRecord>;
  /** Stored heads whose payload is another now. */
  readonly merged: readonly string[];
  /** Stored heads that are closed. */
  readonly closed: readonly string[];
  /** New jobs that further enqueues are folded into. */
  readonly open: ReadonlySet<string>;
}

/** Looks what becomes of new jobs, in their order; nothing is written yet. */
export function* planBatches(
  jobs: readonly JobRecord[],
  merge: Merge,
): Transition<BatchPlan | { readonly refused: string; readonly job: JobRecord }> {
  const folded = new Map<JobRecord, string>();
  const heads = new Map<string, JobRecord>();
  const merged = new Set<string>();
  const closed: string[] = [];
  const fresh = new Set<string>();
  /** The head of each key so far; undefined when there is none. */
  const headOf = new Map<string, string | undefined>();
  for (const job of jobs) {
    // One that is due later is folded into nothing, and nothing into it.
    if (job.batch === null || job.status !== status.ready) continue;
    const { key } = fromBatchText(job.batch);
    if (!headOf.has(key)) {
      const head = yield* findHead(key);
      const isOpen = head?.status === status.ready;
      if (isOpen) heads.set(head.id, head);
      else if (head !== undefined) closed.push(head.id);
      headOf.set(key, isOpen ? head.id : undefined);
    }
    const headId = headOf.get(key);
    const outcome = headId === undefined ? "sealed" : merge(heads.get(headId)!, job);
    if (outcome === "sealed") {
      if (headId !== undefined && !fresh.has(headId)) closed.push(headId);
      fresh.add(job.id);
      heads.set(job.id, job);
      headOf.set(key, job.id);
    } else if ("refused" in outcome) {
      return { refused: outcome.refused, job };
    } else {
      const { payloadJson } = outcome;
      heads.set(headId!, { ...heads.get(headId!)!, payloadJson, payloadPack: null });
      if (!fresh.has(headId!)) merged.add(headId!);
      folded.set(job, headId!);
    }
  }
  const open = new Set([...headOf.values()].filter((id) => id !== undefined && fresh.has(id)));
  return { folded, heads, merged: [...merged], closed, open: open as Set<string> };
}

/** Writes what a plan says of stored heads. */
export function* applyBatches({ heads, merged, closed }: BatchPlan): Transition<void> {
  yield* each(
    "UPDATE jobs SET payload_json = ?, payload_pack = NULL WHERE id = ?",
    merged.map((id) => [heads.get(id)!.payloadJson!, id]),
  );
  yield* closeBatches(closed);
}

/** Folds nothing more into these jobs. */
export function* closeBatches(ids: readonly string[]): Transition<void> {
  yield* each("UPDATE jobs SET heads_batch = 0 WHERE id = ?", ids.map((id) => [id]));
}

function* findHead(key: string): Transition<JobRecord | undefined> {
  return (yield* rows<JobRecord>(
    `SELECT ${jobColumns()} FROM jobs WHERE batch_key = ? AND heads_batch = 1`,
    [key],
  ))[0];
}
