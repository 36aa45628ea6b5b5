/**
 * The jobs of a worker with leases: asked for when there is room, kept while they are here, and given back when they are not
 * wanted. The end of a connection says nothing of them.
 *
 * @module
 */

import type { Deliveries, Delivery } from "./deliveries.ts";
import { createLeaseKeeper, type WorkerLeases } from "./lease-keeper.ts";
import type { LeaseLostError } from "../errors.ts";
import type { WorkerSettings } from "./options.ts";
import type { Outage } from "./outage.ts";
import { createPuller, type Puller, type PullerOptions } from "./puller.ts";

/** What goes on around them. */
export interface LeasedOptions {
  readonly settings: WorkerSettings;
  readonly leases: WorkerLeases;
  readonly deliveries: Deliveries;
  /** Gets told of calls that fail for the moment. */
  readonly outage: Outage;
  /** Ends the heartbeats. */
  readonly signal: AbortSignal;
  /** This one is not the worker's any more. */
  lost(delivery: Delivery, error: LeaseLostError): void;
  /** This one is to be cancelled. */
  cancelled(delivery: Delivery, reason: string): void;
  /** The event loop was held for at least so long, in ms, and leases are so long at least. */
  late(lateMs: number, leaseMs: number): void;
}

/** Jobs under leases. */
export interface Leased {
  /** Why leases could not be renewed the last time; undefined if they were. */
  readonly problem: unknown;
  /** Creates what asks for them. */
  createPuller(
    options: Omit<PullerOptions, "take" | "queues" | "order" | "clock" | "random" | "outage">,
  ): Puller;
  /** A job has come. */
  took(delivery: Delivery): void;
  /** These are not wanted: they go back to their queues, and no attempt is counted. */
  giveBack(deliveries: readonly Delivery[]): void;
  /** Resolves when all that was given back is. */
  idle(): Promise<void>;
  /** Keeps no more; resolves when all that was given back is. */
  stop(): Promise<void>;
}

/** How long giving back may take, in ms: the leases of those that were not given back end by themselves. */
const giveBackMs = 5000;

/** Creates what looks after jobs under leases. */
export function createLeased(options: LeasedOptions): Leased {
  const { settings, leases, deliveries, outage, signal, lost, cancelled } = options;
  const { client, clock, random, logger, queues, leaseMs, workerId, toOrder } = settings;
  const returning = new Set<Promise<void>>();
  const keeper = createLeaseKeeper({
    leases,
    leaseMs,
    clock,
    outage,
    signal,
    held: deliveries.all,
    lost,
    cancelled,
    late: options.late,
  });

  const idle = async () => {
    while (returning.size > 0) await Promise.all(returning);
  };

  return {
    get problem() {
      return keeper.problem;
    },
    createPuller: (own) =>
      createPuller({
        ...own,
        take: (request, signal) => leases.take({ ...request, leaseMs, workerId, signal }),
        queues,
        order: toOrder?.(),
        clock,
        random,
        outage,
      }),
    took: keeper.took,
    giveBack(unwanted) {
      if (unwanted.length === 0) return;
      const jobs = unwanted.map(({ job }) => job);
      for (const delivery of unwanted) delivery.stage = "released";
      const sent = client.releaseMany(jobs, {}, { timeoutMs: giveBackMs }).then(
        () => {},
        (error) => {
          logger.warn("Cannot give jobs back before their leases end", {
            jobs: jobs.length,
            error,
          });
        },
      ).then(() => {
        deliveries.drop(unwanted);
        returning.delete(sent);
      });
      returning.add(sent);
    },
    idle,
    async stop() {
      keeper.stop();
      await idle();
    },
  };
}
