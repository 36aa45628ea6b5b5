/**
 * The broker's own row in the database, which shows others that it is alive, and recovering the jobs of brokers that are
 * gone.
 *
 * On a database of its own, all brokers with other rows are gone. On a shared database each broker updates its row every
 * few seconds, and a broker whose row was not updated for a while is gone. When the database was away, no row was updated:
 * whoever could not write for a while gives the others time to do so. A broker that has just started need not wait for as
 * long if the rows of others tell that the database was there: else nobody would take over where each dies before its time.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { farFuture } from "../../store/add-saturating.ts";
import { endBroker, recoverJobs, type ReleaseTerms } from "../../store/release.ts";
import { listSigns, markBrokerSeen, registerBroker } from "../../store/holders.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";

/** How often a broker updates its row, in ms. */
const seenIntervalMs = 2000;

/** A broker that has not updated its row for this long is gone, in ms. */
const goneAfterMs = 10_000;

/** After this long without an update of its own a broker takes no other one for gone, for as long again, in ms. */
const lateMs = 3 * seenIntervalMs;

/** The broker's row. */
export interface Presence {
  /** The row of `brokers` that stands for this broker; known once it is started. */
  id(): number;
  /** Registers the broker and gives back what belongs to brokers that are gone. */
  start(): Promise<void>;
  /** Deletes the row. */
  stop(): Promise<void>;
  /** The work that waits for a time; none on a database that is not shared. */
  readonly source: DueSource;
}

/** Creates the presence of a broker that is not started. `lost` is called when another broker has deleted its row. */
export function createPresence(
  { store, clock, synchronize, logger, lost, registered, releaseTerms }: {
    readonly store: Store;
    readonly clock: Clock;
    /** Asks the database for its time. */
    readonly synchronize: () => Promise<void>;
    readonly logger: Logger;
    readonly lost: () => Promise<void>;
    /** Told that the broker has a new row. */
    readonly registered: () => void;
    /** What giving jobs back depends on, now. */
    readonly releaseTerms: () => ReleaseTerms;
  },
): Presence {
  let id: number | undefined;
  let seenAt = 0;
  /** Since when it has updated its row without a gap, by the clock that is never set. */
  let regularSince = -Infinity;
  let lastUpdate = -Infinity;

  const seenBefore = (now: number) => store.isShared ? now - goneAfterMs : farFuture;

  const register = async () => {
    const now = clock.now();
    id = await store.write(() => registerBroker(now));
    registered();
    regularSince = lastUpdate = clock.monotonic();
    // Others may only have been cut off from the database until now.
    if (!store.isShared) await recover(id, now);
    seenAt = now;
  };

  /**
   * Whether some broker or other has written again and again for as long as one may be silent. This one has since `ownSince`, in
   * ms since the epoch, which its row does not tell: that has only the first and the last time.
   */
  const wasThere = async (now: number, ownSince: number): Promise<boolean> => {
    let last = now - goneAfterMs - lateMs;
    for (const at of await store.read(listSigns(last))) {
      if (at >= ownSince) break;
      if (at > now - goneAfterMs && at - last > lateMs) return false;
      last = at;
    }
    return ownSince - last <= lateMs;
  };

  /** Gives back what belongs to brokers that are gone, piece by piece. */
  const recover = async (own: number, now: number) => {
    while (await store.write(() => recoverJobs(own, seenBefore(now), releaseTerms()))) continue;
  };

  return {
    id() {
      if (id === undefined) throw new Error("The broker is not started");
      return id;
    },
    start: register,
    async stop() {
      const last = id;
      if (last !== undefined) await store.write(() => endBroker(last));
    },
    source: {
      name: "tell other brokers that this one is there",
      nextDueAt: () => store.isShared ? seenAt + seenIntervalMs : undefined,
      async run(now) {
        const own = id!;
        await synchronize();
        const isKnown = await store.write(() => markBrokerSeen(own, now));
        seenAt = now;
        const elapsed = clock.monotonic();
        if (elapsed - lastUpdate > lateMs) regularSince = elapsed;
        lastUpdate = elapsed;
        const regularMs = elapsed - regularSince;
        const isRegular = regularMs >= goneAfterMs;
        if (isKnown && !isRegular && !await wasThere(now, now - regularMs)) return;
        if (isKnown) return await recover(own, now);
        logger.error("Other brokers took this one for gone, ending its streams");
        await lost();
        await register();
      },
    },
  };
}
