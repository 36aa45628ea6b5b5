/**
 * Leases: taking jobs for a time, renewing that, and what happens when it ends.
 *
 * | Event                                      | What happens                                                          |
 * | ------------------------------------------ | --------------------------------------------------------------------- |
 * | a take, or a stream that asked for leases  | the job is in flight under a lease, whatever becomes of the caller     |
 * | a heartbeat of the holder                  | the lease lasts its time from now on                                   |
 * | the lease ends                             | its holder is told, and has the period of grace                        |
 * | the period ends, or there is none          | the job is ready again with an attempt more, or dead                   |
 * | a timeout                                  | the job is ready again at once, and its holder is told                 |
 * | a report of the holder                     | that of any job in flight                                              |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { JobRun, LeaseRefusal } from "../../protocol/ack.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { type EvictionRefusal, evictJobs } from "../../store/evict-jobs.ts";
import { expireLeases, listLeased, nextExpiry } from "../../store/expire-leases.ts";
import {
  heartbeatJob,
  type HeartbeatNews,
  type HeartbeatOutcome,
  renewLeases,
} from "../../store/heartbeat.ts";
import type { Store } from "../../store/store.ts";
import type { LeaseMaker } from "../../store/take-leases.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Gates } from "./gates.ts";
import { createLeaseTerms } from "./lease-terms.ts";
import { type TakeCall, takeOnce } from "./take-once.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** What a call takes. */
export interface LeaseCall extends Omit<TakeCall, "lease"> {
  /** How long the leases last, in ms; undefined for as long as those of the queue do. */
  readonly leaseMs: number | undefined;
}

/** The operations on leases; each resolves when its change is durable. */
export interface LeaseOperations {
  /**
   * How leases are made.
   *
   * @param leaseMs How long they last, in ms; undefined for as long as those of the queue do.
   */
  maker(leaseMs: number | undefined): LeaseMaker;
  /** Takes jobs under leases. What has ended by now is worked off before. */
  take(call: LeaseCall): Promise<readonly JobRecord[]>;
  /**
   * Renews the lease of one job.
   *
   * @param leaseMs How long it lasts from now on, in ms; undefined for as long as before.
   * @returns The job without its payload, or why nothing was done.
   */
  heartbeat(
    run: JobRun,
    news: HeartbeatNews,
    leaseMs: number | undefined,
  ): Promise<JobRecord | LeaseRefusal | "missing">;
  /** Renews the leases of jobs, of each once; those that are refused do not keep the others from it. */
  heartbeatMany(
    runs: readonly JobRun[],
    leaseMs: number | undefined,
  ): Promise<readonly HeartbeatOutcome[]>;
  /** Takes jobs from their workers, all or none; of each the id once. */
  timeOut(ids: readonly string[]): Promise<readonly JobRecord[] | EvictionRefusal>;
  /** Tells the dispatcher of jobs that are in flight under leases since before. */
  adopt(): Promise<void>;
  /** Works off leases that have ended. */
  readonly source: DueSource;
}

/** What the operations work with. */
export interface LeaseOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly settings: Settings;
  /** What is set for queues. */
  readonly gates: Pick<Gates, "settingsOf">;
  readonly dispatcher: Pick<Dispatcher, "subscribe" | "adopt">;
  /** Works off what makes jobs ready by now. */
  catchUp(): Promise<void>;
  /** A worker was seen, which may have no name. */
  seen(worker: string | undefined): void;
  /** A worker, which may have no name, asks for jobs of queues; all when undefined. */
  asked(worker: string | undefined, queues: readonly string[] | undefined): void;
}

/** Jobs of one transaction at most. */
const jobsOfPiece = 500;

/** How often a broker looks for leases of other brokers, in ms. */
const lookAgainMs = 10_000;

/** Creates the operations. */
export function createLeaseOperations(
  { store, clock, settings, gates, dispatcher, catchUp, seen, asked }: LeaseOptions,
): LeaseOperations {
  const termsOf = createLeaseTerms(settings, gates);
  const leaseMsOf = (queue: string) => termsOf(queue).leaseMs;
  const graceMsOf = (queue: string) => termsOf(queue).graceMs;
  const newToken = () => crypto.randomUUID().replaceAll("-", "");

  return {
    maker: (leaseMs) => ({ leaseMs, leaseMsOf, newToken }),
    async take({ leaseMs, ...call }) {
      seen(call.worker);
      asked(call.worker, call.queues);
      await catchUp();
      const lease = { leaseMs, leaseMsOf, newToken };
      try {
        return await takeOnce({ ...call, lease }, { subscribe: dispatcher.subscribe, clock });
      } finally {
        if (call.waitMs > 0) asked(call.worker, call.queues);
      }
    },
    heartbeat(run, news, leaseMs) {
      seen(run.proof?.worker);
      return store.write(() => heartbeatJob(run, news, { leaseMs, leaseMsOf, now: clock.now() }));
    },
    async heartbeatMany(runs, leaseMs) {
      seen(runs[0]?.proof?.worker);
      const outcomes: HeartbeatOutcome[] = [];
      for (let at = 0; at < runs.length; at += jobsOfPiece) {
        if (at > 0) await pause(clock);
        const piece = runs.slice(at, at + jobsOfPiece);
        const renewal = { leaseMs, leaseMsOf, now: clock.now() };
        outcomes.push(...await store.write(() => renewLeases(piece, renewal), piece.length));
      }
      return outcomes;
    },
    timeOut: (ids) =>
      store.write(() => evictJobs(ids, { now: clock.now(), defaults: settings }), ids.length),
    async adopt() {
      let behind = -1;
      for (;;) {
        const jobs = await store.read(listLeased(behind, jobsOfPiece));
        dispatcher.adopt(jobs);
        if (jobs.length < jobsOfPiece) break;
        behind = jobs.at(-1)!.seq;
      }
    },
    source: {
      name: "work off leases that ended",
      async nextDueAt() {
        const at = await store.read(nextExpiry());
        // Leases of other brokers end too, and those may be gone.
        return store.isShared ? Math.min(at ?? Infinity, clock.now() + lookAgainMs) : at;
      },
      async run(now) {
        await store.write(() => expireLeases({ now, defaults: settings, graceMsOf }));
      },
    },
  };
}
