/**
 * Cancelling jobs, and waiting for what becomes of those that run.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import {
  type CancelCounts,
  cancelJob,
  cancelJobs,
  type CancelledJob,
  type CancelWish,
  forceCancellations,
  nextForce,
} from "../../store/cancel.ts";
import { listCancellations } from "../../store/cancellations-table.ts";
import type { PayloadFilter } from "../../store/expressions.ts";
import type { FinishTerms } from "../../store/job-rules.ts";
import { seeJobs } from "../../store/seen-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { JobSelection } from "../../store/where.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EndingNews, Endings } from "./endings.ts";
import type { DueSource } from "./scheduler.ts";
import { piecesRows, type Searching } from "./searching.ts";
import type { WaitBounds } from "./waiting.ts";

/** A cancellation, and what comes of it. */
export interface Cancelling {
  /** What came of it at once. */
  readonly now: CancelledJob;
  /** Waits for what becomes of a job that runs; undefined if there is nothing to wait for. Call it once. */
  readonly later: ((bounds: WaitBounds) => Promise<CancelledJob>) | undefined;
}

/** The operations; each resolves when its change is durable. */
export interface CancelOperations {
  /** Cancels a job; undefined when there is no such job. */
  one(id: string, wish: CancelWish): Promise<CancelledJob | undefined>;
  /**
   * Cancels a job, to wait for what becomes of it.
   *
   * @throws {BusyError} If too many wait.
   */
  oneToWaitFor(id: string, wish: CancelWish): Promise<Cancelling | undefined>;
  /** Cancels the jobs of a selection that are not finished, piece by piece. */
  many(selection: JobSelection, wish: CancelWish, matches?: PayloadFilter): Promise<CancelCounts>;
  /** Takes jobs from workers that have no more time. */
  readonly source: DueSource;
}

/** How often a broker looks for what others were asked to cancel, in ms. */
const lookAgainMs = 10_000;

/** Creates the operations. */
export function createCancelOperations(
  { store, clock, terms, endings, searching, dispatcher }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly terms: () => FinishTerms;
    readonly endings: Endings;
    readonly searching: Searching;
    readonly dispatcher: Pick<Dispatcher, "remind">;
  },
): CancelOperations {
  const one = (id: string, wish: CancelWish) => store.write(() => cancelJob(id, wish, terms()));

  return {
    one,
    async oneToWaitFor(id, wish) {
      let news: EndingNews | undefined;
      let wake = () => {};
      const watching = endings.watch([id], {
        told(_id, told) {
          if (told.ending === undefined && !told.leavesFlight) return;
          news ??= told;
          wake();
        },
        stop: () => wake(),
      });
      const found = await one(id, wish).catch((error) => {
        watching.leave();
        throw error;
      });
      if (found?.outcome !== "requested") {
        watching.leave();
        return found && { now: found, later: undefined };
      }
      return {
        now: found,
        async later({ waitMs, signal }) {
          let disarm = () => {};
          const stop = () => wake();
          try {
            if (news === undefined && !signal.aborted) {
              signal.addEventListener("abort", stop);
              await new Promise<void>((resolve) => {
                wake = resolve;
                disarm = clock.setTimer(resolve, waitMs);
              });
            }
            // Another broker may have heard of its end.
            if (news === undefined && store.isShared) return await one(id, wish) ?? found;
            if (news === undefined) return found;
            const { ending } = news;
            const outcome = ending?.isCancelled ? "cancelled" : "finished";
            if (ending?.job !== undefined) return { outcome, job: ending.job };
            const [seen] = await store.read(seeJobs([id], clock.now()));
            return { outcome, job: seen?.job ?? found.job };
          } finally {
            signal.removeEventListener("abort", stop);
            disarm();
            watching.leave();
          }
        },
      };
    },
    async many(selection, wish, matches) {
      const counts = { cancelled: 0, requested: 0 };
      for await (const piece of searching.pieces(selection, matches)) {
        const { cancelled, requested } = await store.write(
          () => cancelJobs(piece, wish, terms()),
          piecesRows,
        );
        counts.cancelled += cancelled;
        counts.requested += requested;
      }
      return counts;
    },
    source: {
      name: "take away jobs that were to be cancelled",
      async nextDueAt() {
        const at = await store.read(nextForce());
        return store.isShared ? Math.min(at ?? Infinity, clock.now() + lookAgainMs) : at;
      },
      async run(now) {
        await store.write(() => forceCancellations({ ...terms(), now }));
        // Other brokers know nothing of the streams of this one.
        if (store.isShared) dispatcher.remind(await store.read(listCancellations()));
      },
    },
  };
}
