/**
 * Counting jobs and listing queues: look-ups in what is kept about them, in pieces where there is much of it.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Backlog } from "../../store/backlog.ts";
import {
  countExpired,
  type CountPiece,
  type CountsCursor,
  type ExpiredCursor,
  listQueues,
  queuesAtOnce,
  sumCounts,
} from "../../store/counts.ts";
import { listBacklogs } from "../../store/read.ts";
import type { Store } from "../../store/store.ts";
import type { Transition } from "../../store/transition.ts";
import type { JobSelection } from "../../store/where.ts";

/** Counts and lists. */
export interface Counting {
  /** How many jobs a selection has that `isCounted`. */
  count(selection: JobSelection): Promise<number>;
  /** The queues that any stored job is in, sorted by their bytes. */
  queues(): Promise<readonly string[]>;
  /** The backlogs that have a ready job. */
  backlogs(): Promise<readonly Backlog[]>;
}

/** Creates counts of a store. */
export function createCounting(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Counting {
  const sum = async <Cursor>(
    read: (after: Cursor | undefined) => Transition<CountPiece<Cursor>>,
  ): Promise<number> => {
    let count = 0;
    let after: Cursor | undefined;
    for (;;) {
      const piece = await store.read(read(after));
      count += piece.count;
      if (piece.next === undefined) return count;
      after = piece.next;
      await pause(clock);
    }
  };

  return {
    async count(selection) {
      const now = clock.now();
      const all = await sum<CountsCursor>((after) => sumCounts(selection, after));
      return all - await sum<ExpiredCursor>((after) => countExpired(selection, now, after));
    },
    async queues() {
      const queues: string[] = [];
      for (;;) {
        const piece = await store.read(listQueues(queues.at(-1)));
        for (const queue of piece) queues.push(queue);
        if (piece.length < queuesAtOnce) return queues;
        await pause(clock);
      }
    },
    async backlogs() {
      const backlogs: Backlog[] = [];
      let after: string | undefined;
      for (;;) {
        const piece = await store.read(listBacklogs(after));
        backlogs.push(...piece.backlogs);
        after = piece.next;
        if (after === undefined) return backlogs;
        await pause(clock);
      }
    },
  };
}
