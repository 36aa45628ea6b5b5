/**
 * Statistics of queues by day: gathers them, writes them behind, and forgets them in time.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import { dayMs } from "../../protocol/insight-query.ts";
import type { Change } from "../../store/changes.ts";
import { dayOf } from "../../store/failures-table.ts";
import {
  addTallies,
  type DayTally,
  firstDay,
  forgetDays,
  readDay,
  removeStatistics,
  Tallies,
} from "../../store/statistics.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";
import { createWriteBehind } from "./write-behind.ts";

/** Rows that one transaction writes. */
const pieceSize = 200;

/** With tallies of so many queues and days in memory, they are written at once. */
const manyTallies = 2000;

/** With so many the store fails, or cannot keep up: they are forgotten. */
const mostTallies = 20_000;

/** The statistics of a broker. */
export interface Statistics {
  /** Gathers what a commit changed. */
  add(changes: readonly Change[]): void;
  /** The statistics of a queue and a day, which is counted from the epoch. */
  read(queue: string, day: number): Promise<DayTally>;
  /** Deletes all. */
  removeAll(): Promise<void>;
  /** The same of many queues, after one {@linkcode Statistics.gather}. */
  readWritten(queue: string, day: number): Promise<DayTally>;
  /** Writes what was gathered, by other brokers too. */
  gather(): Promise<unknown>;
  /** Writes what was gathered here. */
  flush(): Promise<void>;
  /** Writes the rest. */
  stop(): Promise<void>;
  /** Forgets days that are over for long. */
  readonly source: DueSource;
}

/** Creates the statistics. */
export function createStatistics(
  { store, clock, timers, logger, settings, writeOthers, expectForgetting }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly timers: boolean;
    readonly logger: Logger;
    readonly settings: Pick<Settings, "statistics" | "statsDays">;
    /** Has other brokers write what they gathered. */
    readonly writeOthers: () => Promise<unknown>;
    /** Told that days have to be forgotten at `at`, in ms since the epoch. */
    expectForgetting(at: number): void;
  },
): Statistics {
  const tallies = new Tallies();
  /** The instant from which on a day is forgotten. */
  const endOf = (day: number) => (day + settings.statsDays + 1) * dayMs;
  /** The rest of what was due must not wait for another day. */
  let hasMore = false;

  const behind = createWriteBehind({
    clock,
    timers,
    logger,
    async write() {
      const all = tallies.takeAll();
      let at = 0;
      try {
        for (; at < all.length; at += pieceSize) {
          if (at > 0) await pause(clock);
          const piece = all.slice(at, at + pieceSize);
          await store.write(() => addTallies(piece), piece.length);
          if (at === 0) expectForgetting(endOf(all[0]!.day));
        }
      } catch (error) {
        for (const tally of all.slice(at)) tallies.merge(tally);
        throw error;
      }
    },
  });

  const gather = () => Promise.all([behind.flush(), writeOthers()]);
  const readWritten = (queue: string, day: number) => store.read(readDay(queue, day));

  return {
    add(changes) {
      if (!settings.statistics) return;
      const before = tallies.size;
      tallies.add(changes, clock.now());
      if (tallies.size === 0) return;
      if (tallies.size > mostTallies) {
        tallies.takeAll();
        logger.warn("Statistics of too many queues wait to be written, forgetting them");
      } else if (before <= manyTallies && tallies.size > manyTallies) {
        behind.flush().catch(() => behind.note());
      } else behind.note();
    },
    async read(queue, day) {
      await gather();
      return await readWritten(queue, day);
    },
    readWritten,
    gather,
    async removeAll() {
      tallies.takeAll();
      await store.write(removeStatistics);
    },
    flush: behind.flush,
    stop: behind.stop,
    source: {
      name: "forget statistics",
      async nextDueAt() {
        if (hasMore) return 0;
        const day = await store.read(firstDay());
        return day === undefined ? undefined : endOf(day);
      },
      async run(now) {
        hasMore = false;
        hasMore = await store.write(() => forgetDays(dayOf(now) - settings.statsDays));
      },
    },
  };
}
