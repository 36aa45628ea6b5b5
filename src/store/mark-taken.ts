/**
 * Marking jobs as taken by a worker: ready → in flight.
 *
 * @module
 */

import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { closeBatches } from "./batch.ts";
import type { SqlValue } from "./database.ts";
import { runOnKeys, toKeyedText } from "./keyed-text.ts";
import { createManyJobsReader } from "./many-jobs.ts";
import { isReady } from "./status-sql.ts";
import type { ReadyRange } from "./ready-range.ts";
import { traits } from "./traits.ts";
import { report, StaleReadError, type Transition } from "./transition.ts";
import { freeKeys } from "./unique.ts";

const taken = createManyJobsReader({ deliveries: "deliveries + 1" });

/**
 * Reads ready jobs of one queue as they will be once they are taken, so that they can be sent as they are.
 *
 * @param end The statement from `FROM` on.
 * @param params The values of its parameters, without those of the range `ready`.
 * @param place The queue, and the instant at which they are taken, in ms since the epoch.
 * @param ready Which jobs these are, if they draw on no budget.
 */
export function readTaken(
  end: string,
  params: readonly SqlValue[],
  { queue, now }: { readonly queue: string; readonly now: number },
  ready?: ReadyRange,
): Transition<JobRecord[]> {
  return taken.read(end, params, { queue, status: status.inFlight, dequeuedAt: now }, ready);
}

const takeText = (more = "") =>
  toKeyedText(
    `UPDATE jobs SET status = ${status.inFlight}, dequeued_at = ?, holder = ?, deliveries = deliveries + 1${more}
   WHERE ${isReady} AND`,
    "seq",
    { sparesReady: true },
  );
const takePlain = takeText();
const takeLeased = takeText(`, traits = traits | ${traits.leased}`);

/** Who takes jobs, and when. */
export interface TakeTerms {
  /** The row of `holders` that stands for who gets them; undefined for jobs that are taken under leases. */
  readonly holder: number | undefined;
  /** What the worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** In ms since the epoch. */
  readonly now: number;
}

/**
 * Marks ready jobs as in flight.
 *
 * @param jobs Jobs as they were read, with {@linkcode readTaken}; at least one.
 * @param terms Who gets them, and when.
 * @throws {StaleReadError} If one of them was not ready any more: a budget may have been charged for it, and others may
 * have been passed over because of it.
 */
export function* markTaken(
  jobs: readonly JobRecord[],
  { holder, worker, now }: TakeTerms,
): Transition<void> {
  // One statement for all: calling the engine once for each costs as much as what it does.
  const taken = yield* runOnKeys(
    holder === undefined ? takeLeased : takePlain,
    [now, holder ?? null],
    jobs.map(({ seq }) => seq),
    toStale,
  );
  if (taken < jobs.length) throw toStale();
  yield* followTaken(jobs, worker);
}

const toStale = () => new StaleReadError("A job was taken meanwhile");

/** Does what follows when jobs were marked as taken. */
export function* followTaken(
  jobs: readonly JobRecord[],
  worker: string | undefined,
): Transition<void> {
  const releasing = jobs.filter(({ uniqueWhile }) => uniqueWhile === "queued");
  if (releasing.length > 0) yield* freeKeys(releasing.map(({ seq }) => seq));
  const batched = jobs.filter(({ batch }) => batch !== null);
  if (batched.length > 0) yield* closeBatches(batched.map(({ seq }) => seq));
  yield report({
    kind: "jobs",
    from: status.ready,
    to: status.inFlight,
    jobs,
    cause: "taken",
    worker,
  });
}
