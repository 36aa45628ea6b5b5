/**
 * How many jobs each broker of a database may have in flight, so that all of them together keep to one limit.
 *
 * A broker takes jobs for its streams while it has fewer than its share. Jobs under leases belong to no broker: they are in no
 * share, but counted as they are. So `shares of all brokers + leases <= limit` at each commit, and no claim has to ask what
 * others have in flight.
 *
 * | Row of `in_flight_shares` | When                                                                    |
 * | ------------------------- | ----------------------------------------------------------------------- |
 * | written, or more          | its broker has no room left; one broker at a time                       |
 * | less                      | others want room, and it does not use its own                           |
 * | deleted                   | the broker has stopped or is gone, and none of its jobs is in flight    |
 *
 * @module
 */

import { demandRegistered } from "./holders.ts";
import { isOrphan } from "./orphans.ts";
import { rows, run, type Transition } from "./transition.ts";

/** Waits until no other broker is at some work, and lets none begin it before the transaction ends. */
export function* takeTurn(name: string): Transition<void> {
  yield* run(
    "INSERT INTO turns (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name",
    [name],
  );
}

/** What a broker wants. */
export interface ShareWish {
  /** The row of the broker. */
  readonly broker: number;
  /** The limit for all. */
  readonly limit: number;
  /** What it has in flight on its streams. */
  readonly used: number;
  /** How many more it could use now. */
  readonly wanted: number;
  /** Brokers that said they have too little. */
  readonly needy: Iterable<number>;
}

/** What a broker has. */
export interface Share {
  /** At least what the broker uses. */
  readonly share: number;
  /** Those of the needy that still have too little. */
  readonly needy: readonly number[];
}

/** Whether a share is too little while others have more: less than an even part, or nothing. */
export function isTooLittle(share: number, even: number): boolean {
  return share < even || share === 0;
}

/**
 * Gives a broker as much of the limit as it wants and is free; its even part, if that is more. While needy ones have too
 * little, it gets no more than an even part, or one.
 *
 * @returns Its share from now on.
 * @throws {StoreError} If it was taken for gone.
 */
export function* growShare(
  { broker, limit, used, wanted, needy }: ShareWish,
): Transition<Share> {
  yield* takeTurn("in flight");
  yield* demandRegistered(broker);
  const [row] = yield* rows<{ leased: number; brokers: number }>(
    "SELECT (SELECT count(*) FROM leases) AS leased, (SELECT count(*) FROM brokers) AS brokers",
    [],
  );
  const others = yield* rows<{ broker: number; jobs: number }>(
    "SELECT broker, jobs FROM in_flight_shares WHERE broker <> ?",
    [broker],
  );
  const { leased, brokers } = row!;
  const even = Math.floor(limit / brokers);
  const asked = new Set(needy);
  const left = others.filter(({ broker, jobs }) => asked.has(broker) && isTooLittle(jobs, even));
  const most = left.length > 0 ? Math.max(0, Math.max(1, even) - used) : Infinity;
  const free = Math.max(0, others.reduce((rest, { jobs }) => rest - jobs, limit - leased));
  const share = Math.max(used, Math.min(free, Math.max(used + Math.min(wanted, most), even)));
  yield* run(
    `INSERT INTO in_flight_shares (broker, jobs) VALUES (?, ?)
     ON CONFLICT (broker) DO UPDATE SET jobs = excluded.jobs`,
    [broker, share],
  );
  return { share, needy: left.map(({ broker }) => broker) };
}

/** A broker has this share from now on, which is less than before. Others need not wait for that. */
export function* shrinkShare(broker: number, jobs: number): Transition<void> {
  yield* run("UPDATE in_flight_shares SET jobs = ? WHERE broker = ? AND jobs > ?", [
    jobs,
    broker,
    jobs,
  ]);
}

/** Deletes the shares of brokers that are gone, once none of their jobs is in flight any more. */
export function* deleteOldShares(): Transition<void> {
  yield* run(
    `DELETE FROM in_flight_shares WHERE broker NOT IN (SELECT id FROM brokers)
     AND NOT EXISTS (SELECT 1 FROM jobs WHERE ${isOrphan})`,
    [],
  );
}
