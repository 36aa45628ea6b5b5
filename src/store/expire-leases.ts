/**
 * What becomes of leases that nobody renewed in time.
 *
 * With a period of grace, the end of a lease is first made known, and its holder may still renew it or report. Only when
 * the window ends as well, the job is another's: that counts as a failure.
 *
 * @module
 */

import type { FailureReport } from "../protocol/failure.ts";
import type { JobRecord } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { addSaturating } from "./add-saturating.ts";
import { createBudgetLedger } from "./budget-ledger.ts";
import { claimRows, isOneOf, lockRows } from "./dialect.ts";
import { type DueAt, earliest } from "./due-jobs.ts";
import { endAsFailed, type TakenJob } from "./finish.ts";
import type { FinishTerms } from "./job-rules.ts";
import { jobRows } from "./jobs.ts";
import { metadataColumns } from "./jobs-table.ts";
import { deleteLease, reportDue } from "./leases-table.ts";
import { report, rows, run, type Transition } from "./transition.ts";

/** How many leases one piece works off; the rest follow in the next transaction, so that others get a turn. */
const expirySize = 200;

/** What the end of leases depends on. */
export interface ExpiryTerms extends FinishTerms {
  /** How long the holder of a lease of a job in this queue still has when it ended, in ms; 0 for no time. */
  graceMsOf(queue: string): number;
}

/** A lease that has ended, or whose window of grace has. */
interface DueLease {
  readonly job: number;
  readonly token: string;
  readonly worker: string | null;
  readonly graceUntil: number | null;
}

const dueAt = "coalesce(grace_until, expires_at)";

/**
 * Works off leases that have ended.
 *
 * @returns Whether there may be more.
 */
export function* expireLeases(terms: ExpiryTerms): Transition<boolean> {
  const due = yield* rows<DueLease>(
    `SELECT job, token, worker, grace_until AS "graceUntil" FROM leases
     WHERE ${dueAt} <= ? ORDER BY ${dueAt} LIMIT ? ${claimRows}`,
    [terms.now, expirySize],
  );
  if (due.length === 0) return false;
  const jobs = yield* jobRows(
    `SELECT ${metadataColumns} FROM jobs WHERE ${isOneOf("seq", "integers")} ${lockRows}`,
    [JSON.stringify(due.map(({ job }) => job))],
  );
  const bySeq = new Map(jobs.map((job) => [job.seq, job]));
  const ledger = createBudgetLedger();
  for (const lease of due) {
    const job = bySeq.get(lease.job);
    // It would be due again and again.
    if (job === undefined) yield* deleteLease(lease.job);
    else if (!(yield* giveNotice(job, lease, terms))) {
      yield* endAsFailed(job, toLoss(job, lease), {
        now: terms.now,
        defaults: terms.defaults,
        jitter: 0,
        retriesAtOnce: true,
        ledger,
        cause: "lease-lost",
        worker: lease.worker ?? undefined,
      });
    }
  }
  yield* ledger.flush();
  return due.length === expirySize;
}

/** When the next lease ends, or a window of grace. */
export function* nextExpiry(): Transition<DueAt> {
  return yield* earliest(`SELECT min(${dueAt}) AS at FROM leases`);
}

/** Jobs under leases behind the key `behind`, in the order of their keys. */
export function* listLeased(behind: number, limit: number): Transition<TakenJob[]> {
  return yield* rows<TakenJob>(
    `SELECT jobs.id, jobs.seq, jobs.queue, jobs.type, jobs.traits, jobs.deliveries
     FROM leases JOIN jobs ON jobs.seq = leases.job WHERE leases.job > ? ORDER BY leases.job LIMIT ?`,
    [behind, limit],
  );
}

/**
 * Makes the end of a lease known, once.
 *
 * @returns Whether its holder still has time.
 */
function* giveNotice(
  job: JobRecord,
  { token, worker, graceUntil }: DueLease,
  { now, graceMsOf }: ExpiryTerms,
): Transition<boolean> {
  if (graceUntil !== null) return false;
  const graceMs = graceMsOf(job.queue);
  if (graceMs > 0) {
    const until = addSaturating(now, graceMs);
    yield* run("UPDATE leases SET grace_until = ? WHERE job = ? AND token = ?", [
      until,
      job.seq,
      token,
    ]);
    yield reportDue([until]);
  }
  yield report({
    kind: "jobs",
    from: status.inFlight,
    to: status.inFlight,
    jobs: [job],
    cause: "timed-out",
    worker: worker ?? undefined,
  });
  return graceMs > 0;
}

function toLoss({ queue }: JobRecord, { worker }: DueLease): FailureReport {
  const who = worker === null ? "its worker" : `worker '${worker}'`;
  return {
    message: `Lease ended: ${who} neither renewed it nor reported in time`,
    errorType: "LeaseLost",
    failureGroup: `failed-retries-${queue}`,
  };
}
