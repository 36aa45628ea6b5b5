/**
 * The rows of leases: who has a job for how long, unless it is renewed.
 *
 * | Event                                    | The row                                       |
 * | ---------------------------------------- | --------------------------------------------- |
 * | a job is taken under a lease             | is written                                    |
 * | a heartbeat of its holder                | ends later; a window of grace is closed       |
 * | it ends, and there is a grace period     | has a window of grace                         |
 * | it ends without one, or the window ends  | is deleted: the job is another's              |
 * | the job leaves flight in any other way   | is deleted                                    |
 *
 * A job under a lease is in flight without a holder (`holders.ts`). So the end of a stream or of a broker says nothing of it.
 *
 * @module
 */

import type { LeaseProof } from "../protocol/ack.ts";
import type { JobExtra, JobProgress } from "../protocol/job-extra.ts";
import { isOneOf } from "./dialect.ts";
import { removeRows, traits, type TraitTable } from "./traits.ts";
import {
  insertRows,
  report,
  rows,
  run,
  toInsert,
  type Transition,
  type TransitionStep,
} from "./transition.ts";

/** A lease that begins. */
export interface NewLease {
  /** The key of the job. */
  readonly job: number;
  /** What its holder proves with that it is the holder. */
  readonly token: string;
  /** What the worker calls itself, if it says so. */
  readonly worker: string | undefined;
  /** How long it lasts from each renewal, in ms; undefined for as long as leases of the queue last. */
  readonly leaseMs: number | undefined;
  /** In ms since the epoch. */
  readonly expiresAt: number;
}

const insert = toInsert("leases", ["job", "token", "worker", "lease_ms", "expires_at"]);

/** Writes leases of jobs that have none. */
export function* insertLeases(leases: readonly NewLease[]): Transition<void> {
  yield* insertRows(
    insert,
    leases.flatMap(({ job, token, worker, leaseMs, expiresAt }) => [
      job,
      token,
      worker ?? null,
      leaseMs ?? null,
      expiresAt,
    ]),
  );
  yield reportDue(leases.map(({ expiresAt }) => expiresAt));
}

/** Reports that leases end at these instants, in ms since the epoch. */
export function reportDue(instants: readonly number[]): TransitionStep {
  const nextAt = instants.reduce((first, at) => Math.min(first, at), Infinity);
  return report({ kind: "leases", nextAt });
}

/** Deletes the lease of a job that leaves flight. */
export function* deleteLease(job: number): Transition<void> {
  yield* run("DELETE FROM leases WHERE job = ?", [job]);
}

/** Who has a lease: what tells whether a caller is its holder. */
export interface LeaseHolder {
  readonly token: string;
  readonly worker: string | null;
}

/** Reads who has the lease of a job; undefined if there is none. */
export function* findLeaseHolder(job: number): Transition<LeaseHolder | undefined> {
  const found = yield* rows<LeaseHolder>("SELECT token, worker FROM leases WHERE job = ?", [job]);
  return found[0];
}

/** Whether proofs are those of the holder of a lease, if there is a lease. */
export function isProven({ token, worker }: LeaseProof, lease: LeaseHolder | undefined): boolean {
  if (token !== undefined && token !== lease?.token) return false;
  // A name alone says nothing of jobs that a stream holds, or of a lease whose holder has none.
  return worker === undefined || lease === undefined || lease.worker === null ||
    lease.worker === worker;
}

/**
 * Compares proofs with the leases of many jobs.
 *
 * @param proofs By the keys of the jobs.
 * @returns The keys of those that are not proven.
 */
export function* findUnproven(
  proofs: ReadonlyMap<number, LeaseProof>,
): Transition<ReadonlySet<number>> {
  const found = yield* rows<LeaseHolder & { readonly job: number }>(
    `SELECT job, token, worker FROM leases WHERE ${isOneOf("job", "integers")}`,
    [JSON.stringify([...proofs.keys()])],
  );
  const leases = new Map(found.map((lease) => [lease.job, lease]));
  const unproven = [...proofs].filter(([job, proof]) => !isProven(proof, leases.get(job)));
  return new Set(unproven.map(([job]) => job));
}

interface ShownLease {
  readonly job: number;
  readonly worker: string | null;
  readonly expiresAt: number;
  readonly progress: string | null;
}

/** The leases of jobs; their tokens are not shown. */
export const leaseTable: TraitTable = {
  trait: traits.leased,
  remove: (jobs) => removeRows("leases", jobs),
  *read(seqs) {
    const found = yield* rows<ShownLease>(
      `SELECT job, worker, expires_at AS "expiresAt", progress FROM leases
       WHERE ${isOneOf("job", "integers")}`,
      [JSON.stringify(seqs)],
    );
    return new Map(found.map((lease) => [lease.job, toExtra(lease)]));
  },
};

function toExtra({ worker, expiresAt, progress }: ShownLease): JobExtra {
  return {
    workerId: worker ?? undefined,
    leaseExpiresAt: expiresAt,
    progress: progress === null ? undefined : JSON.parse(progress) as JobProgress,
  };
}
