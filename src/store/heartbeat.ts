/**
 * Heartbeats: whoever holds leases says that it goes on.
 *
 * A lease that has ended is renewed as well, as long as nobody acted on that.
 *
 * @module
 */

import type { JobRun, LeaseRefusal } from "../protocol/ack.ts";
import type { JobProgress } from "../protocol/job-extra.ts";
import type { RenewedLease } from "../protocol/lease-read.ts";
import type { JobRecord, RawPayload } from "../protocol/record.ts";
import { status } from "../protocol/status.ts";
import { addSaturating } from "./add-saturating.ts";
import { cancellationTable } from "./cancellations-table.ts";
import { isOneOf } from "./dialect.ts";
import { keyOfId } from "./job-key.ts";
import { findJob } from "./jobs.ts";
import { isProven, type LeaseHolder, reportDue } from "./leases-table.ts";
import { isInFlight } from "./status-sql.ts";
import { hasTrait, newRoom, traits } from "./traits.ts";
import { withExtras } from "./trait-tables.ts";
import { rows, run, runEach, StaleReadError, type Transition } from "./transition.ts";

/** How leases are renewed. */
export interface Renewal {
  /** How long they last from now on, in ms; undefined for as long as before. */
  readonly leaseMs: number | undefined;
  /** How long a lease of a job in this queue lasts, in ms, unless its holder said something else. */
  leaseMsOf(queue: string): number;
  /** In ms since the epoch. */
  readonly now: number;
}

/** What came of a heartbeat for one job; `missing` when there is no such job. */
export type HeartbeatOutcome = RenewedLease | {
  readonly id: string;
  readonly refused: LeaseRefusal | "missing";
};

/** A job, and its lease if it has one. */
interface LeasedJob
  extends Pick<JobRecord, "id" | "seq" | "queue" | "status" | "deliveries" | "traits"> {
  readonly token: string | null;
  readonly worker: string | null;
  readonly leaseMs: number | null;
}

const selectLeased =
  `SELECT jobs.id, jobs.seq, jobs.queue, jobs.status, jobs.deliveries, jobs.traits,
    leases.token, leases.worker, leases.lease_ms AS "leaseMs"
  FROM jobs LEFT JOIN leases ON leases.job = jobs.seq WHERE`;

function* findLeased(ids: readonly string[]): Transition<ReadonlyMap<string, LeasedJob>> {
  const seqs = ids.map(keyOfId).filter((seq) => seq !== undefined);
  const found = [
    ...yield* rows<LeasedJob>(`${selectLeased} ${isOneOf("jobs.seq", "integers")}`, [
      JSON.stringify(seqs),
    ]),
    ...yield* rows<LeasedJob>(`${selectLeased} jobs.named = 1 AND ${isOneOf("jobs.id", "texts")}`, [
      JSON.stringify(ids),
    ]),
  ];
  return new Map(found.map((job) => [job.id, job]));
}

function findRefusal(
  job: LeasedJob | undefined,
  { delivery, proof = {} }: JobRun,
): LeaseRefusal | "missing" | undefined {
  if (job === undefined) return "missing";
  if (job.status !== status.inFlight) return "not_running";
  if (delivery !== undefined && delivery !== job.deliveries) return "other_worker";
  const { token, worker } = job;
  const lease: LeaseHolder | undefined = token === null ? undefined : { token, worker };
  if (!isProven(proof, lease)) return "other_worker";
  return lease === undefined ? "not_leased" : undefined;
}

const renewLease = `UPDATE leases SET expires_at = ?, lease_ms = ?, grace_until = NULL
  WHERE job = ? AND token = ?`;

/**
 * Renews leases: each lasts its time from now on, and a window of grace is closed.
 *
 * @param runs Whose leases; each job once.
 * @returns What came of each, in their order.
 * @throws {StaleReadError} If one of them changed since it was read.
 */
export function* renewLeases(
  runs: readonly JobRun[],
  { leaseMs, leaseMsOf, now }: Renewal,
): Transition<HeartbeatOutcome[]> {
  const found = yield* findLeased(runs.map(({ id }) => id));
  const renewals: (string | number | null)[][] = [];
  const instants: number[] = [];
  const outcomes = runs.map((run): HeartbeatOutcome => {
    const job = found.get(run.id);
    const refused = findRefusal(job, run);
    if (refused !== undefined) return { id: run.id, refused };
    const own = leaseMs ?? job!.leaseMs;
    const leaseExpiresAt = addSaturating(now, own ?? leaseMsOf(job!.queue));
    renewals.push([leaseExpiresAt, own, job!.seq, job!.token]);
    instants.push(leaseExpiresAt);
    return { id: run.id, leaseExpiresAt };
  });
  const unwanted = [...found.values()].filter((job) => hasTrait(job, traits.unwanted));
  const counts = yield* runEach(renewLease, renewals);
  if (counts.includes(0)) throw new StaleReadError("A lease ended or changed meanwhile");
  if (instants.length > 0) yield reportDue(instants);
  if (unwanted.length === 0) return outcomes;
  const reasons = yield* cancellationTable.read!(unwanted.map(({ seq }) => seq), newRoom());
  return outcomes.map((outcome) => {
    const { cancelReason } = reasons.get(found.get(outcome.id)?.seq ?? -1) ?? {};
    return "refused" in outcome || cancelReason === undefined
      ? outcome
      : { ...outcome, cancelReason };
  });
}

/** What a heartbeat for one job brings besides. */
export interface HeartbeatNews {
  /** What the payload of the job is from now on. */
  readonly payload: RawPayload | undefined;
  /** How far its run is. */
  readonly progress: JobProgress | undefined;
}

/**
 * Renews the lease of one job, and saves what its holder says of the run.
 *
 * @returns The job without its payload, or why nothing was done.
 * @throws {StaleReadError} If it changed since it was read.
 */
export function* heartbeatJob(
  lease: JobRun,
  { payload, progress }: HeartbeatNews,
  renewal: Renewal,
): Transition<JobRecord | LeaseRefusal | "missing"> {
  const [outcome] = yield* renewLeases([lease], renewal);
  if ("refused" in outcome!) return outcome.refused;
  const job = (yield* findJob(lease.id))!;
  if (progress !== undefined) {
    yield* run("UPDATE leases SET progress = ? WHERE job = ?", [JSON.stringify(progress), job.seq]);
  }
  if (payload !== undefined) {
    const saved = yield* run(
      `UPDATE jobs SET payload_json = ?, payload_pack = ?
       WHERE seq = ? AND ${isInFlight} AND deliveries = ?`,
      [...toPayloadColumns(payload), job.seq, job.deliveries],
    );
    if (saved === 0) throw new StaleReadError("A job left flight meanwhile");
  }
  return (yield* withExtras([job]))[0]!;
}

function toPayloadColumns(payload: RawPayload): [json: string | null, pack: RawPayload | null] {
  return typeof payload === "string" ? [payload, null] : [null, payload];
}
