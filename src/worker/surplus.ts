/**
 * Gives back jobs that wait here although others could run them: those of a worker that asks for many because they were
 * short, when they are long all of a sudden.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Pool } from "../async/pool.ts";
import type { Logger } from "../log.ts";
import { type AutoPrefetch, longestWaitMs } from "./auto-prefetch.ts";
import type { Deliveries, Delivery } from "./deliveries.ts";
import type { WorkerClient } from "./options.ts";
import type { Statements } from "./statements.ts";

/** What looks after the jobs that wait. */
export interface Surplus {
  /** Jobs have come. */
  came(): void;
  /** Looks no more. */
  stop(): void;
}

/** What it needs. */
export interface SurplusOptions {
  readonly clock: Clock;
  readonly pool: Pool<Delivery>;
  /** How many jobs may wait here, for however long. */
  readonly kept: number;
  /** Gives back jobs that were taken out of the pool. */
  giveBack(surplus: readonly Delivery[]): void;
}

/** Creates what looks after the jobs that wait. It sets a timer only while more wait than may. */
export function createSurplus({ clock, pool, kept, giveBack }: SurplusOptions): Surplus {
  let disarm: (() => void) | undefined;

  const look = () => {
    disarm = undefined;
    const oldest = pool.next;
    if (oldest !== undefined && clock.monotonic() - oldest.cameAt >= longestWaitMs) {
      const waiting = pool.clear();
      for (const delivery of waiting.slice(0, kept)) pool.add(delivery);
      if (waiting.length > kept) giveBack(waiting.slice(kept));
    }
    arm();
  };

  const arm = () => {
    if (disarm === undefined && pool.waiting > kept) {
      disarm = clock.setTimer(look, longestWaitMs / 2);
    }
  };

  return {
    came: arm,
    stop() {
      disarm?.();
      disarm = undefined;
    },
  };
}

/** What giving back needs. */
export interface GiveBackParts {
  readonly client: Pick<WorkerClient, "releaseMany">;
  readonly auto: AutoPrefetch;
  readonly statements: Pick<Statements, "withinMs" | "changed">;
  readonly deliveries: Pick<Deliveries, "drop" | "keep">;
  readonly pool: Pick<Pool<Delivery>, "add">;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Gives back jobs that were taken out of the pool; those that cannot be given back wait in it again. */
export function giveBackSurplus(lent: readonly Delivery[], parts: GiveBackParts): void {
  const { client, auto, statements, deliveries, pool, signal, logger } = parts;
  // Who does not listen cannot be told another number, and would send them again.
  if (statements.withinMs === undefined) return void lent.forEach(pool.add);
  auto.shrink();
  statements.changed();
  const jobs = lent.map(({ job }) => job);
  for (const delivery of lent) delivery.stage = "released";
  client.releaseMany(jobs, {}, { signal }).then(
    () => deliveries.drop(lent),
    (error) => {
      if (signal.aborted) return;
      logger.warn("Cannot give back jobs that wait too long", { jobs: jobs.length, error });
      for (const delivery of deliveries.keep(lent)) pool.add(delivery);
    },
  );
}
