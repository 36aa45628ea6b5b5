/**
 * Looks once a minute for how long the oldest ready job of each queue has been ready, so that charts also show a queue that nobody
 * takes from.
 *
 * | What                          | How                                                                                    |
 * | ----------------------------- | -------------------------------------------------------------------------------------- |
 * | no job is ready               | nothing is looked at, until a commit makes one ready                                   |
 * | a job is ready for a minute   | queues are looked at, 200 with one statement where each has jobs of one priority       |
 * | there are very many           | a look ends after some, and the next one goes on there                                 |
 * | there are other brokers       | one that sees that another has looked in this minute does not look                     |
 * | the host runs due work itself | nobody looks: it would be woken every minute while jobs wait                           |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import { status } from "../../protocol/status.ts";
import type { Change } from "../../store/changes.ts";
import { flowSteps } from "../../store/flow.ts";
import { readAllFlow } from "../../store/flow-table.ts";
import { firstPlace, listOldestReady, type ReadyPlace } from "../../store/oldest-ready.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";

/** How often it looks, in ms. */
const everyMs = flowSteps.hour.ms;

/** Priorities of budget sets of queues that one statement looks at, and one look. */
const [pieceSize, mostLooks] = [200, 2000];

/** Looks how old ready jobs are. */
export interface QueueAges {
  /** Sees what a commit changed. */
  add(changes: readonly Change[]): void;
  readonly source: DueSource;
}

/** Creates it. */
export function createQueueAges(
  { store, clock, timers, settings, expect, note }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly timers: boolean;
    readonly settings: Pick<Settings, "statistics">;
    /** Told that it looks at `at`, in ms since the epoch. */
    expect(at: number): void;
    /** Told how long a job of a queue has been ready, in ms. */
    note(queue: string, ageMs: number): void;
  },
): QueueAges {
  const isOn = () => timers && settings.statistics;
  /** When it looks next; undefined while no job is ready. */
  let dueAt: number | undefined;
  /** Whether it was asked when it is due: jobs may be ready from before the start. */
  let isStarted = false;
  let place = firstPlace;

  const hasLooked = async (now: number): Promise<boolean> => {
    const from = now - now % everyMs;
    const [row] = await store.read(readAllFlow({ stepMs: everyMs, from, to: from + everyMs }));
    return row !== undefined && row.age >= 0;
  };

  /** Gives whether a job is ready. */
  const look = async (): Promise<boolean> => {
    const turns = createTurns(clock);
    const begin: ReadyPlace = place;
    let looks = 0;
    for (;;) {
      const found = await store.read(listOldestReady(place, pieceSize));
      const now = clock.now();
      for (const { queue, since } of found) note(queue, Math.max(0, now - since));
      looks += found.length;
      place = found.length < pieceSize ? firstPlace : found.at(-1)!;
      if (place === firstPlace || looks >= mostLooks) return looks > 0 || begin !== firstPlace;
      if (turns.isOver()) await turns.pause();
    }
  };

  return {
    add(changes) {
      if (dueAt !== undefined || !isOn() || !changes.some(makesReady)) return;
      dueAt = clock.now() + everyMs;
      expect(dueAt);
    },
    source: {
      name: "look how old ready jobs are",
      async nextDueAt() {
        if (!isOn()) return undefined;
        if (!isStarted) {
          isStarted = true;
          const isReady = (await store.read(listOldestReady(firstPlace, 1))).length > 0;
          if (isReady) dueAt ??= clock.now() + everyMs;
        }
        // The clock may have been set back.
        return dueAt && Math.min(dueAt, clock.now() + everyMs);
      },
      async run(now) {
        if (!isOn()) return;
        dueAt = undefined;
        if (store.isShared && await hasLooked(now) || await look()) dueAt = clock.now() + everyMs;
      },
    },
  };
}

const makesReady = (change: Change) => change.kind === "jobs" && change.to === status.ready;
