/**
 * Subscribers that look once: they are told when nothing is there for them.
 *
 * @module
 */

import type { Claim, Member } from "./member.ts";
import type { Members } from "./members.ts";

/** The subscribers that look once, and have got nothing yet. */
export interface Onlookers {
  /** Adds a member if it looks once. */
  add(member: Member): void;
  remove(member: Member): void;
  /**
   * Tells those for whom nothing is there.
   *
   * @param claims What was planned; if that is nothing, nobody gets anything for now.
   */
  passOver(claims: readonly Claim[]): void;
}

/** Creates an empty set. */
export function createOnlookers({ mayHaveJobs }: Pick<Members, "mayHaveJobs">): Onlookers {
  const all = new Set<Member>();
  return {
    add(member) {
      if (member.subscriber.passedOver !== undefined) all.add(member);
    },
    remove: (member) => void all.delete(member),
    passOver(claims) {
      for (const member of all) {
        // Jobs may be there that are planned for others: it is its turn later.
        const mayGetJobs = claims.length > 0 && mayHaveJobs(member);
        if (mayGetJobs || claims.some((claim) => claim.member === member)) continue;
        member.subscriber.passedOver!();
      }
    },
  };
}
