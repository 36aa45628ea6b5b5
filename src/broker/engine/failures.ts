/**
 * The operations on dead jobs by what they died of.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { FailureGroup, GroupRequeue } from "../../protocol/failure-group.ts";
import type { PageQuery } from "../../protocol/query.ts";
import { type FailureCursor, requeueFailures } from "../../store/failures.ts";
import { type GroupCursor, listGroups } from "../../store/failures-table.ts";
import type { Store } from "../../store/store.ts";

/** A page of groups. */
export interface GroupPage {
  readonly groups: readonly FailureGroup[];
  /** Whether there are more behind it. */
  readonly more: boolean;
}

/** The operations; each resolves when its change is durable. */
export interface FailureOperations {
  /** The groups that any dead job is in, in the order of their bytes. */
  list(page: PageQuery<string>): Promise<GroupPage>;
  /**
   * Requeues dead jobs of a group, or of all, piece by piece, those that died first.
   *
   * @returns How many.
   */
  requeue(group: string | undefined, request: GroupRequeue): Promise<number>;
}

/** Creates the operations. */
export function createFailureOperations(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): FailureOperations {
  return {
    async list({ from, order, limit }) {
      const groups: FailureGroup[] = [];
      let after: GroupCursor | undefined = from === undefined ? undefined : { group: from };
      for (;;) {
        const piece = await store.read(listGroups(after, order));
        for (const { group, count } of piece.groups) {
          const isSame = groups.at(-1)?.group === group;
          if (isSame) groups.push({ group, count: groups.pop()!.count + count });
          else if (groups.length === limit) return { groups, more: true };
          else groups.push({ group, count });
        }
        if (piece.next === undefined) return { groups, more: false };
        after = piece.next;
        await pause(clock);
      }
    },
    async requeue(group, { queue, limit = Infinity }) {
      let requeued = 0;
      let after: FailureCursor | undefined;
      const upTo = clock.now();
      while (requeued < limit) {
        const terms = { group, queue, limit: limit - requeued, upTo, now: clock.now() };
        const from = after;
        const piece = await store.write(() => requeueFailures(terms, from), piecesRows);
        requeued += piece.requeued;
        after = piece.next;
        if (after === undefined) break;
        await pause(clock);
      }
      return requeued;
    },
  };
}

/** Rows that a piece of a requeue writes, about. */
const piecesRows = 1000;
