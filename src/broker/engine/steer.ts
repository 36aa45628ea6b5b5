/**
 * What members of a dispatcher do because an operator wants it: get no jobs, as their worker is quiet, or stop.
 *
 * @module
 */

import type { Member } from "./member.ts";
import type { Members } from "./members.ts";

/** Steers members. */
export interface Steer {
  /** Whether a member is given jobs may have changed. */
  one(member: Member): void;
  /** Other workers are quiet than before. */
  all(): void;
  /** Tells the members of a worker to stop, those that understand it. */
  stop(worker: string): void;
}

/** Creates it; `quiet` has the names of workers that get no jobs. */
export function createSteer(
  members: Pick<Members, "all" | "updateRoom">,
  quiet: ReadonlySet<string>,
): Steer {
  const one = (member: Member) => {
    const { subscriber: { worker }, willing } = member;
    member.taking = willing && (worker === undefined || !quiet.has(worker));
    members.updateRoom(member);
  };
  return {
    one,
    all() {
      for (const member of members.all) one(member);
    },
    stop(worker) {
      for (const { subscriber } of members.all) {
        if (subscriber.worker === worker) subscriber.stop?.();
      }
    },
  };
}
