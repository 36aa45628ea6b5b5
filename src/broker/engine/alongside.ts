/**
 * A claim in the transaction of changes, for those who get room by them or wait for what becomes ready by them.
 *
 * | State     | Event                                 | Next      | What happens                                        |
 * | --------- | ------------------------------------- | --------- | --------------------------------------------------- |
 * | none      | a commit is about to be made          | under way | its claim is the last but one in the transaction    |
 * | under way | its changes are applied               | none      | what was claimed is handed out                      |
 * | under way | it failed, or is made anew            | none      | what was claimed is forgotten                       |
 *
 * Nothing else is claimed while one is under way: it would not know of what that takes.
 *
 * @module
 */

import type { Change } from "../../store/changes.ts";
import type { Claimed } from "../../store/claim.ts";
import type { ClaimSources } from "../../store/claim-builder.ts";
import type { Transition } from "../../store/transition.ts";
import { addsBudgeted, type Backlogs } from "./backlogs.ts";
import { type Claim, countOf } from "./member.ts";
import type { Members } from "./members.ts";
import type { Permits } from "./permits.ts";

/** What was claimed in a commit. */
export interface AlongsideClaim {
  readonly claims: readonly Claim[];
  /** Undefined if nothing was. */
  readonly claimed: Claimed | undefined;
}

/** Claims in the commits of others. */
export interface Alongside {
  readonly isUnderWay: boolean;
  /**
   * Gives the claim of a commit, in the simple case: no other subscriber waits, and no ready job draws on budgets.
   *
   * @param isBusy Whether another claim is being made.
   */
  begin(changes: readonly Change[], isBusy: boolean): Transition<void> | undefined;
  /** The changes are committed: gives what was claimed with them. */
  end(changes: readonly Change[]): AlongsideClaim;
  /** It was not committed. */
  forget(): void;
}

const nothing: AlongsideClaim = { claims: [], claimed: undefined };

/** Creates it. */
export function createAlongside(
  { members, backlogs, permits, claim }: {
    /** On a shared database, where a commit takes long, also those who wait get what becomes ready. */
    readonly permits: Pick<Permits, "begin" | "end" | "failed"> | undefined;
    readonly members: Pick<Members, "isAnyWaiting" | "planAlongside" | "planFreed">;
    readonly backlogs: Pick<Backlogs, "abortTake" | "isEmpty" | "sourcesAlongside">;
    claim(claims: readonly Claim[], sources: ClaimSources): Transition<Claimed>;
  },
): Alongside {
  let current:
    | { readonly changes: readonly Change[]; readonly claims: readonly Claim[]; claimed?: Claimed }
    | undefined;

  const forget = () => {
    if (current !== undefined) {
      backlogs.abortTake();
      permits?.end(0);
    }
    current = undefined;
  };

  function* run(along: NonNullable<typeof current>): Transition<void> {
    along.claimed = yield* claim(along.claims, backlogs.sourcesAlongside(along.changes));
  }

  return {
    get isUnderWay() {
      return current !== undefined;
    },
    begin(changes, isBusy) {
      forget();
      // Subscribers who wait go first.
      if (isBusy || members.isAnyWaiting || !backlogs.isEmpty()) return undefined;
      const claims = permits !== undefined
        ? members.planAlongside(changes)
        : members.planFreed(changes);
      if (claims.length === 0 || changes.some(addsBudgeted)) return undefined;
      permits?.begin(countOf(claims));
      return run(current = { changes, claims });
    },
    end(changes) {
      if (current?.changes !== changes) {
        forget();
        return nothing;
      }
      const { claims, claimed } = current;
      current = undefined;
      return { claims, claimed };
    },
    forget() {
      if (current !== undefined) permits?.failed(); // Perhaps it was, and only its answer is missing.
      forget();
    },
  };
}
