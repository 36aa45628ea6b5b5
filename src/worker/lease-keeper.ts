/**
 * Keeps the leases of the jobs that are here: renews them in bulk, at a third of their time, from their arrival until their
 * report is confirmed.
 *
 * | What is seen                                              | What follows                                            |
 * | --------------------------------------------------------- | ------------------------------------------------------- |
 * | the broker renews a lease                                 | it lasts its time from the moment it was asked          |
 * | the broker says that a job is to be cancelled             | its signal is aborted; the lease is kept                |
 * | the broker refuses one, or does not know the job          | lost                                                    |
 * | no answer until a lease is over                           | lost: the broker may have given the job to another      |
 * | no answer before that                                     | asked again, four times as often                        |
 * | the timer is late by a third of the lease                 | a warning: a handler holds the event loop               |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { CallOptions } from "../client/deadline.ts";
import type { LeasesClient } from "../client/leases.ts";
import { isMillraceError, LeaseLostError, type ResponseError } from "../errors.ts";
import type { HeartbeatOptions } from "../protocol/lease-write.ts";
import type { Delivery } from "./deliveries.ts";
import type { Outage } from "./outage.ts";

/** What a worker needs of the leases of a broker. */
export type WorkerLeases = Pick<LeasesClient, "take" | "heartbeat" | "heartbeatMany">;

/** What a keeper needs. */
export interface LeaseKeeperOptions {
  readonly leases: WorkerLeases;
  /** How long leases last, unless a handler says otherwise, in ms. */
  readonly leaseMs: number;
  readonly clock: Clock;
  /** Gets told of renewals that fail. */
  readonly outage: Outage;
  /** Ends the requests that are under way. */
  readonly signal: AbortSignal;
  /** All deliveries that are here. */
  held(): readonly Delivery[];
  /** This one is not the worker's any more. */
  lost(delivery: Delivery, reason: LeaseLostError): void;
  /** This one is to be cancelled. */
  cancelled(delivery: Delivery, reason: string): void;
  /** The timer was so late, in ms; the shortest lease is that long. */
  late(lateMs: number, leaseMs: number): void;
}

/** Keeps leases. */
export interface LeaseKeeper {
  /** Why leases could not be renewed the last time; undefined if they were. */
  readonly problem: unknown;
  /** A job has come under a lease. */
  took(delivery: Delivery): void;
  /** Keeps no more. */
  stop(): void;
}

/** A lease, as this worker counts it. */
interface Lease {
  leaseMs: number;
  /** When it is over, by the monotonic clock, in ms. */
  until: number;
}

/** How often leases are renewed while they last, and how much more often after a failure. */
const renewals = 3;
const hurry = 4;

/** Creates a keeper. It has a timer only while jobs are here. */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { leases, clock, outage, signal, held, lost, cancelled } = options;
  const byDelivery = new WeakMap<Delivery, Lease>();
  /** The shortest that any job has had. */
  let shortestMs = options.leaseMs;
  let problem: unknown;
  let isStopped = false;
  let isArmed = false;
  let disarm = () => {};

  const renewed = (delivery: Delivery, askedAt: number, leaseExpiresAt: number | undefined) => {
    const lease = byDelivery.get(delivery);
    if (lease === undefined) return;
    lease.until = askedAt + lease.leaseMs;
    delivery.job = { ...delivery.job, leaseExpiresAt };
  };

  const renew = async (deliveries: readonly Delivery[]) => {
    const askedAt = clock.monotonic();
    const jobs = deliveries.map(({ job }) => job);
    try {
      const bounds: CallOptions = { signal, timeoutMs: shortestMs / renewals };
      const result = await leases.heartbeatMany(jobs, {}, bounds);
      problem = undefined;
      outage.over();
      const ends = new Map(result.jobs.map((renewed) => [renewed.id, renewed]));
      deliveries.forEach((delivery, at) => {
        // Meanwhile it may have come once more, under another lease.
        if (delivery.job.leaseToken !== jobs[at]!.leaseToken) return;
        const { id } = delivery.job;
        const lease = ends.get(id);
        if (lease !== undefined) {
          renewed(delivery, askedAt, lease.leaseExpiresAt);
          if (lease.cancelReason !== undefined) cancelled(delivery, lease.cancelReason);
        } else lost(delivery, new LeaseLostError(`Job '${id}' is not this worker's any more`));
      });
    } catch (error) {
      if (signal.aborted) return;
      problem = error;
      outage.failed(error, "leases are not renewed, and jobs may be lost");
    }
  };

  const dropOver = (deliveries: readonly Delivery[]) => {
    const now = clock.monotonic();
    for (const delivery of deliveries) {
      const lease = byDelivery.get(delivery);
      if (lease === undefined || lease.until > now) continue;
      const { id } = delivery.job;
      lost(delivery, new LeaseLostError(`Lease of job '${id}' ended: the broker did not answer`));
    }
  };

  const look = async (dueAt: number) => {
    const lateMs = clock.monotonic() - dueAt;
    const deliveries = held();
    if (deliveries.length > 0) options.late(lateMs, shortestMs);
    if (deliveries.length > 0) await renew(deliveries);
    isArmed = false;
    if (isStopped) return;
    dropOver(held());
    if (held().length > 0) arm();
  };

  const arm = () => {
    disarm();
    isArmed = true;
    const afterMs = shortestMs / renewals / (problem === undefined ? 1 : hurry);
    const dueAt = clock.monotonic() + afterMs;
    disarm = clock.setTimer(() => void look(dueAt), afterMs);
  };

  /** Renews the lease of one job, with what its handler says. */
  const heartbeat = async (delivery: Delivery, news: HeartbeatOptions) => {
    const { job } = delivery;
    const lease = byDelivery.get(delivery)!;
    const askedAt = clock.monotonic();
    try {
      const { leaseExpiresAt, cancelReason } = await leases.heartbeat(job, news, { signal });
      const { leaseMs = lease.leaseMs } = news;
      lease.leaseMs = leaseMs;
      renewed(delivery, askedAt, leaseExpiresAt);
      if (cancelReason !== undefined) cancelled(delivery, cancelReason);
      if (leaseMs >= shortestMs || isStopped) return;
      shortestMs = leaseMs;
      arm();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const reason = new LeaseLostError(`Job '${job.id}' is not this worker's any more`, {
        cause: error,
      });
      lost(delivery, reason);
      throw reason;
    }
  };

  return {
    get problem() {
      return problem;
    },
    took(delivery) {
      if (!isArmed && !isStopped) arm();
      const { leaseMs } = options;
      byDelivery.set(delivery, { leaseMs, until: clock.monotonic() + leaseMs });
      delivery.context.lease = {
        endsAt: () => delivery.job.leaseExpiresAt,
        heartbeat: (news) => heartbeat(delivery, news),
      };
    },
    stop() {
      isStopped = true;
      disarm();
    },
  };
}

/** The broker says that the job is not there, or not with this worker. */
function isRefusal(error: unknown): boolean {
  if (!isMillraceError(error)) return false;
  const { status, fromBroker } = error as Partial<ResponseError>;
  return fromBroker === true && (status === 404 || status === 409);
}
