/**
 * Waiting for the ends of jobs.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import { seeJobs } from "../../store/seen-jobs.ts";
import type { Store } from "../../store/store.ts";
import type { Ending } from "./ending.ts";
import type { Endings } from "./endings.ts";

/** What came of waiting. */
export interface Waited {
  /** Those that have ended. */
  readonly ended: readonly Ending[];
  /** The ids of those that go on. */
  readonly waiting: readonly string[];
  /** The ids of those that are not there, and were not when the wait began. */
  readonly missing: readonly string[];
}

/** How long to wait. */
export interface WaitBounds {
  /** In ms; with 0 it only looks. */
  readonly waitMs: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** A wait that has begun: nothing that happens from now on is missed. */
export interface OpenWait {
  /** Resolves when all have ended, or are not there, or when the time is over. Call once. */
  end(bounds: WaitBounds): Promise<Waited>;
}

/** Waits for jobs. */
export interface Waiting {
  /**
   * Begins to wait.
   *
   * @param ids Each once.
   * @throws {BusyError} If too many wait.
   */
  open(ids: readonly string[]): OpenWait;
}

/** Jobs that are read in one turn. */
const seenAtOnce = 250;

/** How often a broker looks for what other brokers do, in ms. */
const lookAgainMs = 2000;

/** Creates it. */
export function createWaiting(
  { store, clock, endings }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly endings: Endings;
  },
): Waiting {
  return {
    open(ids) {
      const open = new Set(ids);
      const ended = new Map<string, Ending>();
      let isStopped = false;
      let wake = () => {};
      const end = (id: string, ending: Ending | undefined) => {
        if (ending === undefined || !open.delete(id)) return;
        ended.set(id, ending);
        if (open.size === 0) wake();
      };
      const watching = endings.watch(ids, {
        told: (id, { ending }) => end(id, ending),
        stop() {
          isStopped = true;
          wake();
        },
      });

      /** Reads those that go on; gives the ids of those that are not there. */
      const look = async (): Promise<readonly string[]> => {
        const missing: string[] = [];
        const looked = [...open];
        for (let at = 0; at < looked.length; at += seenAtOnce) {
          if (at > 0) await pause(clock);
          const piece = looked.slice(at, at + seenAtOnce);
          const found = await store.read(seeJobs(piece, clock.now()));
          const there = new Set<string>();
          for (const seen of found) {
            there.add(seen.job.id);
            watching.saw(seen);
          }
          for (const id of piece) {
            // It may have ended and gone since somebody waited for it before.
            end(id, watching.ending(id));
            if (!there.has(id) && open.has(id)) missing.push(id);
          }
        }
        return missing;
      };

      return {
        async end({ waitMs, signal }) {
          let disarm = () => {};
          let disarmLook = () => {};
          const stop = () => wake();
          try {
            const missing = await look();
            for (const id of missing) open.delete(id);
            if (open.size > 0 && waitMs > 0 && !signal.aborted && !isStopped) {
              signal.addEventListener("abort", stop);
              await new Promise<void>((resolve) => {
                wake = resolve;
                disarm = clock.setTimer(resolve, waitMs);
                const lookLater = () => {
                  disarmLook = clock.setTimer(
                    () => void look().then(lookLater, resolve),
                    lookAgainMs,
                  );
                };
                if (store.isShared) lookLater();
              });
            }
            return {
              ended: ids.flatMap((id) => ended.get(id) ?? []),
              waiting: [...open],
              missing,
            };
          } finally {
            signal.removeEventListener("abort", stop);
            disarm();
            disarmLook();
            watching.leave();
          }
        },
      };
    },
  };
}
