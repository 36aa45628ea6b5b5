/**
 * What is set for queues: whether a queue is paused, and how many of its jobs may be in flight.
 *
 * A row of `queue_settings` is there as long as something is set. Its column `in_flight` counts the jobs of the queue
 * that are in flight, and only while there is a limit:
 *
 * | Event                               | `in_flight`                                                                     |
 * | ----------------------------------- | ------------------------------------------------------------------------------- |
 * | a limit is set where there was none | NULL, and at the end of the same transaction what `job_counts` says             |
 * | a claim takes jobs                  | more, by the claim itself: so the next claim of the same transaction sees it    |
 * | jobs leave flight, or change queues | less or more, at the end of the transaction                                     |
 * | the limit is lifted                 | NULL                                                                            |
 *
 * @module
 */

import {
  isAnySet,
  queueNotEmpty,
  type QueueSettingsPatch,
  type QueueSettingsRecord,
  unsetQueue,
} from "../protocol/queue-settings.ts";
import type { Rejection } from "../protocol/rejection.ts";
import { status, statuses, statusNames } from "../protocol/status.ts";
import type { Change, JobsChange, QueuesChange } from "./changes.ts";
import { lockRows } from "./dialect.ts";
import { report, rows, run, StaleReadError, type Transition, write } from "./transition.ts";

const select =
  `SELECT queue, paused, max_in_flight AS "maxInFlight", lease_ms AS "leaseMs", grace_ms AS "graceMs"
  FROM queue_settings`;

/** What is set for all queues, sorted by the bytes of their names. */
export function* listQueueSettings(): Transition<QueueSettingsRecord[]> {
  return yield* rows<QueueSettingsRecord>(`${select} ORDER BY queue`);
}

/** What is set for one queue. */
export function* getQueueSettings(queue: string): Transition<QueueSettingsRecord> {
  const [found] = yield* rows<QueueSettingsRecord>(`${select} WHERE queue = ?`, [queue]);
  return found ?? unsetQueue(queue);
}

/**
 * Changes what is set for a queue, whether or not anybody knows of it.
 *
 * @throws {StaleReadError} If another broker set something for it for the first time meanwhile: no row could be locked then.
 */
export function* changeQueueSettings(
  queue: string,
  patch: QueueSettingsPatch,
): Transition<QueueSettingsRecord> {
  const [found] = yield* rows<QueueSettingsRecord>(`${select} WHERE queue = ? ${lockRows}`, [
    queue,
  ]);
  const before = found ?? unsetQueue(queue);
  const { paused, maxInFlight, leaseMs, graceMs } = patch;
  const after: QueueSettingsRecord = {
    queue,
    paused: paused == null ? before.paused : paused ? 1 : 0,
    maxInFlight: maxInFlight === undefined ? before.maxInFlight : maxInFlight,
    leaseMs: leaseMs === undefined ? before.leaseMs : leaseMs,
    graceMs: graceMs === undefined ? before.graceMs : graceMs,
  };
  if (isSame(before, after)) return before;
  if (isAnySet(after)) yield* put(after, found === undefined);
  else yield* run("DELETE FROM queue_settings WHERE queue = ?", [queue]);
  yield report({ kind: "queues", settings: after });
  return after;
}

const insert = `INSERT INTO queue_settings (queue, paused, max_in_flight, lease_ms, grace_ms)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (queue)`;

const insertNew = `${insert} DO NOTHING`;

/** A count is kept as long as there is a limit, whatever that is. */
const replace =
  `${insert} DO UPDATE SET paused = excluded.paused, max_in_flight = excluded.max_in_flight,
  lease_ms = excluded.lease_ms, grace_ms = excluded.grace_ms,
  in_flight = CASE WHEN excluded.max_in_flight IS NULL THEN NULL ELSE queue_settings.in_flight END`;

function* put(settings: QueueSettingsRecord, isNew: boolean): Transition<void> {
  const { queue, paused, maxInFlight, leaseMs, graceMs } = settings;
  const params = [queue, paused, maxInFlight, leaseMs, graceMs];
  const written = yield* run(isNew ? insertNew : replace, params);
  if (written === 0) {
    throw new StaleReadError(`Settings of queue '${queue}' were written meanwhile`);
  }
}

function isSame(a: QueueSettingsRecord, b: QueueSettingsRecord): boolean {
  return a.paused === b.paused && a.maxInFlight === b.maxInFlight && a.leaseMs === b.leaseMs &&
    a.graceMs === b.graceMs;
}

/** The columns of `job_counts` that count unfinished jobs. */
const unfinished = statuses.codesOf("waiting", "running").map((code) => statusNames[code]!);

/**
 * Forgets a queue without unfinished jobs, and what is set for it. Finished jobs that are kept stay.
 *
 * @returns Whether anybody knew of it, or a conflict that tells what it still has.
 */
export function* forgetQueue(queue: string): Transition<boolean | Rejection> {
  const [counts] = yield* rows<Readonly<Record<string, number | null>>>(
    `SELECT count(*) AS known, ${
      unfinished.map((name) => `CAST(sum(${name}) AS BIGINT) AS ${name}`).join(", ")
    } FROM job_counts WHERE queue = ?`,
    [queue],
  );
  const left = unfinished.map((name) => [name, counts![name] ?? 0] as const)
    .filter(([, count]) => count > 0);
  if (left.length > 0) {
    return { kind: "conflict", message: queueNotEmpty(queue, Object.fromEntries(left)) };
  }
  const removed = yield* run("DELETE FROM queue_settings WHERE queue = ?", [queue]);
  if (removed > 0) yield report({ kind: "queues", settings: unsetQueue(queue) });
  const emptied = yield* run(
    `DELETE FROM job_counts WHERE queue = ? AND ${statusNames.join(" + ")} = 0`,
    [queue],
  );
  return removed > 0 || emptied > 0 || (counts!["known"] ?? 0) > 0;
}

/** Takes back what is set for all queues. */
export function* removeQueueSettings(): Transition<void> {
  const gone = yield* rows<{ queue: string }>("DELETE FROM queue_settings RETURNING queue");
  for (const { queue } of gone) yield report({ kind: "queues", settings: unsetQueue(queue) });
}

const recount = `UPDATE queue_settings SET in_flight =
  (SELECT coalesce(CAST(sum(in_flight) AS BIGINT), 0) FROM job_counts WHERE job_counts.queue = queue_settings.queue)
  WHERE max_in_flight IS NOT NULL`;

/** Counts anew what is in flight of all queues with a limit. Only where no other broker works. */
export function* recountInFlight(): Transition<void> {
  yield* run(recount);
}

/**
 * Writes what changes do to the counts of queues with a limit, but for jobs that were taken, which claims count. To be
 * called when `job_counts` has them already.
 *
 * @param isLimited Whether a queue may have a limit.
 */
export function* countInFlight(
  changes: readonly Change[],
  isLimited: (queue: string) => boolean,
): Transition<void> {
  const deltas = new Map<string, number>();
  const add = (queue: string, delta: number) => {
    if (isLimited(queue)) deltas.set(queue, (deltas.get(queue) ?? 0) + delta);
  };
  for (const change of changes) if (change.kind === "jobs") tally(change, add);
  // In one order for all brokers, so that they do not wait for each other crosswise.
  for (const [queue, delta] of [...deltas].sort(([a], [b]) => a < b ? -1 : 1)) {
    if (delta === 0) continue;
    yield* write("UPDATE queue_settings SET in_flight = in_flight + ? WHERE queue = ?", [
      delta,
      queue,
    ]);
  }
  for (const { settings: { queue, maxInFlight } } of changes.filter(isOfQueue)) {
    if (maxInFlight !== null) yield* run(`${recount} AND queue = ? AND in_flight IS NULL`, [queue]);
  }
}

function tally(
  { from, to, fromQueue, cause, jobs }: JobsChange,
  add: (queue: string, delta: number) => void,
): void {
  const leaves = from === status.inFlight;
  const enters = to === status.inFlight && cause !== "taken";
  if (!leaves && !enters) return;
  for (const { queue } of jobs) {
    if (leaves) add(fromQueue ?? queue, -1);
    if (enters) add(queue, 1);
  }
}

function isOfQueue(change: Change): change is QueuesChange {
  return change.kind === "queues";
}
