/**
 * Giving back what subscribers hold: all of one that is gone, or what one does not take.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import type { TakenJob } from "../../store/finish.ts";
import { listHolders } from "../../store/holders.ts";
import { dropRuns, releaseHolder, releaseRuns, type ReleaseTerms } from "../../store/release.ts";
import type { Store } from "../../store/store.ts";
import type { Member } from "./member.ts";
import type { Members } from "./members.ts";

/** How long to wait before jobs of a vanished subscriber are given back again after the store failed, in ms. */
const retryMs = 1000;

/** Gives jobs back. */
export interface GivingBack {
  /** Gives back all that a subscriber holds, piece by piece, and however often the store fails meanwhile. */
  release(member: Member): Promise<void>;
  /** Gives back some of what a member holds. If that fails, they are still its, and its next statement tells so. */
  giveBack(member: Member, jobs: readonly Pick<TakenJob, "id" | "deliveries">[]): Promise<void>;
  /**
   * Gives back what this broker has taken for nobody: a take was committed, and the server was away for too long to say so.
   * Only what seemed to be nobody's the last time, too: a take may be under way.
   *
   * @param broker The row of this broker.
   * @returns Whether there is nothing left of that kind.
   */
  giveBackStrays(broker: number): Promise<boolean>;
}

/** Creates it. */
export function createGivingBack(
  { store, clock, logger, members, releaseTerms, isStopped, freed }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly members: Pick<Members, "all" | "forget" | "disown">;
    /** What giving jobs back depends on, now. */
    readonly releaseTerms: () => ReleaseTerms;
    /** Whether the broker stops. */
    readonly isStopped: () => boolean;
    /** Told that a subscriber holds nothing any more. */
    readonly freed: () => void;
  },
): GivingBack {
  /** Gives back all that a subscriber holds, piece by piece, and however often the store fails meanwhile. */
  const release = async (member: Member) => {
    const { holder } = member;
    if (holder === undefined) {
      // What it has under leases stays in flight, and counts, unless other brokers may end that unheard.
      return store.isShared ? members.forget(member) : members.disown(member);
    }
    for (let hasMore = true; hasMore;) {
      try {
        hasMore = await store.write(() => releaseHolder(holder, releaseTerms()));
        if (hasMore) await pause(clock);
      } catch (error) {
        if (isStopped()) break; // The next start recovers them.
        logger.error("Cannot give jobs back, trying again", { error, jobs: member.held.size });
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs));
      }
    }
    members.forget(member);
    freed();
  };

  /** Gives back some of what a member holds. If that fails, they are still its, and its next statement tells so. */
  const giveBack = async (member: Member, jobs: readonly Pick<TakenJob, "id" | "deliveries">[]) => {
    const runs = jobs.map(({ id, deliveries }) => ({ id, delivery: deliveries }));
    // A worker that stops says nothing against its jobs; one that forgets them may do so because of them.
    const transition = () =>
      member.taking && !member.gone
        ? dropRuns(runs, releaseTerms())
        : releaseRuns(runs, releaseTerms());
    try {
      await store.write<unknown>(transition, runs.length);
    } catch (error) {
      const { worker } = member.subscriber;
      logger.error("Cannot give back what a worker does not take", { error, worker });
    }
  };

  let suspects: ReadonlySet<number> = new Set();

  const giveBackStrays = async (broker: number) => {
    const known = new Set([...members.all].map(({ holder }) => holder));
    const found = (await store.read(listHolders(broker))).filter((id) => !known.has(id));
    for (const id of found.filter((id) => suspects.has(id))) {
      while (await store.write(() => releaseHolder(id, releaseTerms()))) await pause(clock);
    }
    const isSettled = found.every((id) => suspects.has(id));
    suspects = new Set(found);
    return isSettled;
  };

  return { release, giveBack, giveBackStrays };
}
