/**
 * Giving jobs back, without counting an attempt: in flight → ready, or scheduled when a worker says when. One that is to be
 * cancelled is dead instead.
 *
 * @module
 */

import type { JobRun } from "../protocol/ack.ts";
import type { FailureReport } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { type BudgetLedger, createBudgetLedger } from "./budget-ledger.ts";
import type { ReadyJob } from "./changes.ts";
import type { SqlValue } from "./database.ts";
import { lockRows } from "./dialect.ts";
import { endUnwanted, isUnwanted } from "./end-unwanted.ts";
import { endAsFailed, type EndedRun, isReportedByHolder, isRunOf, toMissed } from "./finish.ts";
import { deleteBroker, deleteHolder, listGoneBrokers } from "./holders.ts";
import { type FinishTerms, toReleased } from "./job-rules.ts";
import { findJob, jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { moveJob } from "./move-job.ts";
import { isOrphan } from "./orphans.ts";
import { deleteOldShares } from "./shares.ts";
import { isInFlight } from "./status-sql.ts";
import { withExtras } from "./trait-tables.ts";
import { traits } from "./traits.ts";
import { report, rows, run, type Transition } from "./transition.ts";

/** When a job that is given back becomes ready. */
export interface ReadyTime extends FinishTerms {
  /** In ms since the epoch; undefined for at once, in its old place. */
  readonly readyAt?: number | undefined;
}

/**
 * Gives back jobs that their workers let go of: a decision, and no sign that something is wrong with the job. So it does
 * not count towards the deliveries that a job may have.
 *
 * @returns What came of each, in their order.
 */
export function* releaseRuns(
  runs: readonly JobRun[],
  time: ReadyTime,
): Transition<EndedRun[]> {
  const ledger = createBudgetLedger();
  const outcomes: EndedRun[] = [];
  for (const given of runs) {
    const job = yield* findJob(given.id);
    const mayEnd = isRunOf(job, given) && (yield* isReportedByHolder(job, given));
    const released = mayEnd ? toReleased(job, time) : undefined;
    if (released !== undefined && isUnwanted(released)) {
      const ended = yield* endUnwanted(job!, time, { ledger, byHolder: true });
      outcomes.push(ended === undefined ? { missed: yield* toMissed(given, job) } : { job: ended });
      continue;
    }
    if (
      released === undefined || !(yield* moveJob(job!, released, { ledger, cause: "released" }))
    ) {
      outcomes.push({ missed: yield* toMissed(given, job) });
      continue;
    }
    yield* run("UPDATE jobs SET releases = releases + 1 WHERE seq = ?", [released.seq]);
    outcomes.push({ job: (yield* withExtras([released]))[0]! });
  }
  yield* ledger.flush();
  return outcomes;
}

/**
 * Gives back jobs that their worker does not know of any more: as when its stream ends, one that was delivered too often is
 * dead.
 */
export function* dropRuns(runs: readonly JobRun[], terms: ReleaseTerms): Transition<void> {
  const ledger = createBudgetLedger();
  for (const given of runs) {
    const job = yield* findJob(given.id);
    if (!isRunOf(job, given)) continue;
    const [row] = yield* rows<{ releases: number }>("SELECT releases FROM jobs WHERE seq = ?", [
      job.seq,
    ]);
    yield* giveBack({ ...job, releases: row?.releases ?? 0 }, terms, ledger);
  }
  yield* ledger.flush();
}

/** Jobs that one piece of a release gives back at most. */
const releaseSize = 500;

/** What giving jobs back depends on. */
export interface ReleaseTerms extends FinishTerms {
  /**
   * How often a job may be delivered beyond its retries without coming to an end; then it is dead. 0 for any number.
   */
  readonly maxDeliveries: number;
}

/** What a worker gave back itself says nothing against the job. */
const isDeliverable = "deliveries - releases <= coalesce(retry_limit, ?) + CAST(? AS BIGINT)";

const isWanted = `(traits & ${traits.unwanted}) = 0`;

/**
 * Gives jobs in flight back to their queues, without counting an attempt: in flight → ready. A job that was delivered too
 * often is dead instead: it may be what ends its workers.
 *
 * @param held The condition for the jobs, with its parameters; of those only some, if there are many.
 * @returns Whether there may be more.
 */
function* releaseSome(
  held: { readonly sql: string; readonly params: readonly SqlValue[] },
  terms: ReleaseTerms,
): Transition<boolean> {
  const { defaultRetryLimit } = terms.defaults;
  const plain = yield* rows<ReadyJob>(
    `UPDATE jobs SET status = ${status.ready}, holder = NULL
     WHERE seq IN (SELECT seq FROM jobs WHERE ${held.sql} AND ${isInFlight}
         AND unique_key IS NULL AND budgets IS NULL AND ${isWanted} AND ${isDeliverable} LIMIT ? ${lockRows})
     RETURNING id, seq, queue, type, traits, priority, budgets`,
    [...held.params, defaultRetryLimit, limitOf(terms), releaseSize],
  );
  if (plain.length > 0) {
    yield report({
      kind: "jobs",
      from: status.inFlight,
      to: status.ready,
      jobs: plain,
      cause: "released",
    });
  }
  if (plain.length === releaseSize) return true;
  // In the order of an index: in that of the key alone, SQLite reads the whole table.
  const others = yield* jobRows<ReleasedJob>(
    `SELECT ${metadataColumns}, releases FROM jobs WHERE ${held.sql} AND ${isInFlight}
     ORDER BY holder, seq LIMIT ? ${lockRows}`,
    [...held.params, releaseSize],
  );
  const ledger = createBudgetLedger();
  for (const job of others) yield* giveBack(job, terms, ledger);
  yield* ledger.flush();
  return others.length === releaseSize;
}

/** A job in flight, and how often a worker gave it back of its own will. */
type ReleasedJob = JobRecord & { readonly releases: number };

/** Makes a job ready again, or dead if it was delivered too often. The caller flushes the ledger. */
function* giveBack(
  { releases, ...job }: ReleasedJob,
  terms: ReleaseTerms,
  ledger: BudgetLedger,
): Transition<void> {
  if (isUnwanted(job)) return void (yield* endUnwanted(job, terms, { ledger }));
  const retries = job.retryLimit ?? terms.defaults.defaultRetryLimit;
  const mayRun = job.deliveries - releases <= retries + limitOf(terms);
  if (mayRun) {
    yield* moveJob(job, { ...job, status: status.ready }, { ledger, cause: "released" });
  } else yield* endAsFailed(job, toDeliveryFailure(job), { ...terms, jitter: 0, ledger });
}

function limitOf({ maxDeliveries }: ReleaseTerms): number {
  return maxDeliveries === 0 ? Number.MAX_SAFE_INTEGER : maxDeliveries;
}

function toDeliveryFailure({ deliveries }: JobRecord): FailureReport {
  return {
    message: `Delivered ${deliveries} times, and each time the worker was gone before it reported`,
    errorType: "TooManyDeliveries",
    kill: true,
  };
}

/**
 * Gives back some jobs of a stream, and deletes the stream's row once it holds no more.
 *
 * @param holder The row of `holders` that stands for it.
 * @returns Whether it may hold more: then this has to run again.
 */
export function* releaseHolder(holder: number, terms: ReleaseTerms): Transition<boolean> {
  const hasMore = yield* releaseSome({ sql: "holder = ?", params: [holder] }, terms);
  if (!hasMore) yield* deleteHolder(holder);
  return hasMore;
}

/** Deletes the row of a broker that stops, and its share if it has nothing in flight any more. */
export function* endBroker(broker: number): Transition<void> {
  yield* deleteBroker(broker);
  yield* deleteOldShares();
}

/**
 * Gives back some jobs of brokers that are gone, as {@linkcode releaseHolder}. Jobs of other brokers stay in flight.
 *
 * @param broker The broker that recovers the jobs.
 * @param seenBefore Brokers that were last seen before this instant are gone, in ms since the epoch; with `farFuture` all
 * others are.
 * @returns Whether there may be more: then this has to run again.
 */
export function* recoverJobs(
  broker: number,
  seenBefore: number,
  terms: ReleaseTerms,
): Transition<boolean> {
  for (const gone of yield* listGoneBrokers(broker, seenBefore)) yield* deleteBroker(gone);
  const hasMore = yield* releaseSome({ sql: isOrphan, params: [] }, terms);
  if (!hasMore) yield* deleteOldShares();
  return hasMore;
}
