/**
 * Whether subscribers still hold what they seem to: another broker may have taken the report, or given the job away. The
 * database tells; news only say where to look.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import { status } from "../../protocol/status.ts";
import { findHeld } from "../../store/held-jobs.ts";
import { seeJobs } from "../../store/seen-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { HeldJob } from "./member.ts";
import type { Members } from "./members.ts";

/** Jobs of one look. */
const jobsOfPiece = 500;

/** Looks at jobs that are held. */
export interface Rechecking {
  /**
   * Looks at some.
   *
   * @param ids Of jobs that others told of.
   * @param lost Those that were taken from who has them, who is told so.
   * @returns Whether any is held no more.
   */
  some(ids: readonly string[], lost: ReadonlySet<string>): Promise<boolean>;
  /** Looks at all. Whoever has one that is not his is told. */
  all(): Promise<void>;
}

/** Creates it. */
export function createRechecking(
  { store, clock, logger, members }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly members: Pick<Members, "heldJob" | "heldJobs" | "release" | "update">;
  },
): Rechecking {
  /** Those of some jobs that are held no more as they were. */
  const findGone = async (held: readonly HeldJob[]): Promise<readonly HeldJob[]> => {
    const found = await store.read(findHeld(held.map(({ seq }) => seq)));
    const there = new Map(found.map(({ seq, deliveries }) => [seq, deliveries]));
    const missed = held.filter(({ seq, deliveries }) => there.get(seq) !== deliveries);
    if (missed.length === 0) return [];
    // One that was moved in flight may be in another row.
    const seen = await store.read(seeJobs(missed.map(({ id }) => id), clock.now()));
    const moved = new Map(seen.map(({ job }) => [job.id, job]));
    return missed.filter(({ id, deliveries, seq }) => {
      const now = members.heldJob(id);
      if (now?.deliveries !== deliveries || now.seq !== seq) return false; // It was told meanwhile.
      const job = moved.get(id);
      const isThere = job?.status === status.inFlight && job.deliveries === deliveries;
      if (isThere) members.update([job]);
      return !isThere;
    });
  };

  const look = async (held: readonly HeldJob[], isLost: (id: string) => boolean) => {
    const gone = await findGone(held);
    members.release(gone);
    for (const [member, jobs] of Map.groupBy(gone, ({ member }) => member)) {
      const ids = jobs.map(({ id }) => id).filter(isLost);
      if (!member.gone && ids.length > 0) member.subscriber.lost?.(ids);
    }
    return gone.length > 0;
  };

  return {
    async some(ids, lost) {
      const held = ids.map((id) => members.heldJob(id)).filter((job) => job !== undefined);
      if (held.length === 0) return false;
      try {
        return await look(held, (id) => lost.has(id));
      } catch (error) {
        logger.warn("Cannot look at jobs that other brokers told of", { error });
        return false; // They are looked at with all others before long.
      }
    },
    async all() {
      const held = [...members.heldJobs()];
      for (let at = 0; at < held.length; at += jobsOfPiece) {
        if (at > 0) await pause(clock);
        await look(held.slice(at, at + jobsOfPiece), () => true);
      }
    },
  };
}
