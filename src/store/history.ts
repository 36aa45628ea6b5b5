/**
 * The history of jobs that keep one: written of what commits change, in the same transaction.
 *
 * | An entry    | Is written when                                                       |
 * | ----------- | --------------------------------------------------------------------- |
 * | `put`       | a job is stored, put again, or changes its queue                      |
 * | `popped`    | it is taken                                                           |
 * | `done`      | a run succeeds, and the job is kept                                   |
 * | `retried`   | a run fails, and the job is to run again                              |
 * | `failed`    | the job is dead                                                       |
 * | `timed-out` | its lease ends, or somebody takes it from its worker                  |
 * | `released`  | its worker gives it back, or is gone                                  |
 * | `cancel-asked` | somebody wants it to be cancelled while it runs                    |
 * | `cancelled` | it is dead, as somebody cancelled it                                  |
 * | another     | somebody writes it                                                    |
 *
 * An entry is stored as answers show it. When a job has more than it may have, the first one and the newest stay.
 *
 * @module
 */

import { type HistoryEntry, type OwnEntry, toEntryWire } from "../protocol/history.ts";
import type { PageQuery } from "../protocol/query.ts";
import { status } from "../protocol/status.ts";
import type { Change, JobsChange } from "./changes.ts";
import { isOneOf } from "./dialect.ts";
import { readGroups } from "./failures-table.ts";
import { findVisibleJob } from "./jobs.ts";
import { hasTrait, traits } from "./traits.ts";
import { insertRows, rows, run, toInsert, type Transition } from "./transition.ts";

/** What writing history depends on. */
export interface HistoryTerms {
  /** In ms since the epoch. */
  readonly now: number;
  /** How many entries a job has at most. */
  readonly historyLimit: number;
}

/** What is written of a cause; a cause that is not here changes nothing worth an entry. */
const entries: Readonly<Record<string, string | undefined>> = {
  enqueued: "put",
  put: "put",
  requeued: "put",
  advanced: "put",
  taken: "popped",
  succeeded: "done",
  failed: "failed",
  "lease-lost": "failed",
  "timed-out": "timed-out",
  evicted: "timed-out",
  released: "released",
  "cancel-asked": "cancel-asked",
  cancelled: "cancelled",
};

/** What is written of a change; undefined for nothing. */
function entryOf({ cause, to, fromQueue }: JobsChange): string | undefined {
  if (to === undefined) return undefined; // Its history went with the job.
  const what = fromQueue === undefined ? entries[cause] : entries[cause] ?? "put";
  if (what !== "failed" || to === status.dead) return what;
  // That its lease was lost is written already.
  return cause === "failed" ? "retried" : undefined;
}

const insert = toInsert("history", ["job", "body"]);

/** Writes what changes did to jobs that keep their history. */
export function* writeHistory(
  changes: readonly Change[],
  terms: HistoryTerms,
): Transition<void> {
  const written: { readonly job: number; readonly entry: HistoryEntry }[] = [];
  for (const change of changes) {
    if (change.kind !== "jobs") continue;
    let what: string | undefined;
    for (const job of change.jobs) {
      if (!hasTrait(job, traits.recorded)) continue;
      what ??= entryOf(change);
      if (what === undefined) break;
      const queue = what === "put" ? job.queue : undefined;
      const workerId = what === "popped" && "worker" in change ? change.worker : undefined;
      written.push({ job: job.seq, entry: { what, at: terms.now, queue, workerId } });
    }
  }
  if (written.length === 0) return;
  const dead = written.filter(({ entry }) => entry.what === "failed").map(({ job }) => job);
  const groups = dead.length === 0 ? undefined : yield* readGroups(dead);
  yield* insertRows(
    insert,
    written.flatMap(({ job, entry }) => {
      const failureGroup = entry.what === "failed" ? groups?.get(job) : undefined;
      return [job, JSON.stringify(toEntryWire({ ...entry, failureGroup }))];
    }),
  );
  yield* prune(written.map(({ job }) => job), terms);
}

/** Deletes what some jobs have too much. */
function* prune(jobs: readonly number[], { historyLimit }: HistoryTerms): Transition<void> {
  const full = yield* rows<{ job: number; entries: number }>(
    `SELECT job, count(*) AS entries FROM history WHERE ${isOneOf("job", "integers")}
     GROUP BY job HAVING count(*) > ?`,
    [JSON.stringify(jobs), historyLimit],
  );
  for (const { job, entries } of full) {
    yield* run(
      `DELETE FROM history WHERE job = ? AND entry IN
         (SELECT entry FROM history WHERE job = ? ORDER BY entry LIMIT ? OFFSET 1)`,
      [job, job, entries - historyLimit],
    );
  }
}

/**
 * Writes an entry of somebody's own. From then on the history of the job is kept, if it was not before.
 *
 * @returns The entry; undefined when there is no such job.
 */
export function* addEntry(
  id: string,
  { what, data }: OwnEntry,
  terms: HistoryTerms,
): Transition<HistoryEntry | undefined> {
  const job = yield* findVisibleJob(id, terms.now);
  if (job === undefined) return undefined;
  if (!hasTrait(job, traits.recorded)) {
    yield* run(`UPDATE jobs SET traits = traits | ${traits.recorded} WHERE seq = ?`, [job.seq]);
  }
  const entry = { what, at: terms.now, data };
  yield* insertRows(insert, [job.seq, JSON.stringify(toEntryWire(entry))]);
  yield* prune([job.seq], terms);
  return entry;
}

/** An entry as it is shown, and its place in the history. */
export interface PlacedEntry {
  readonly place: number;
  readonly entry: object;
}

/** The history of a job after (or, newest first, before) a place. */
export function* listHistory(
  job: number,
  { from, order, limit }: PageQuery<number>,
): Transition<PlacedEntry[]> {
  const cursor = from === undefined ? "" : `AND entry ${order === "asc" ? ">" : "<"} ?`;
  const found = yield* rows<{ entry: number; body: string }>(
    `SELECT entry, body FROM history WHERE job = ? ${cursor} ORDER BY entry ${order} LIMIT ?`,
    from === undefined ? [job, limit] : [job, from, limit],
  );
  return found.map(({ entry, body }) => ({ place: entry, entry: JSON.parse(body) as object }));
}
