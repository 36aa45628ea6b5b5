/**
 * A test clock that also waits for databases which answer later: what follows from an instant is done before the next. What
 * brokers tell each other is waited for too, until all of them have heard it.
 *
 * @module
 */

import type { AsyncDatabase, DatabaseNews } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";

/** Databases, and a clock that waits for what is asked of them. */
export interface Patient {
  readonly databases: readonly AsyncDatabase[];
  readonly clock: TestClock;
}

/**
 * Puts a clock and databases together.
 *
 * @param databases All that have one content.
 * @param now What the clock shows at first, in ms since the epoch.
 */
export function withPatience(databases: readonly AsyncDatabase[], now?: number): Patient {
  const clock = createTestClock(now);
  let pending = 0;
  const waiting = new Set<() => void>();

  const done = (count = 1) => {
    pending -= count;
    if (pending > 0) return;
    for (const wake of waiting) wake();
    waiting.clear();
  };

  const watch = async <Result>(work: Promise<Result>): Promise<Result> => {
    pending++;
    try {
      return await work;
    } finally {
      done();
    }
  };

  const settle = async (): Promise<void> => {
    for (;;) {
      await clock.settle();
      if (pending === 0) return;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };

  /** How many hear what is told, and what each has still to hear. */
  const ears = new Set<Map<string, number>>();

  const toPatientNews = ({ listen, tell }: DatabaseNews): DatabaseNews => ({
    async listen(hear, missed, overhear) {
      const expected = new Map<string, number>();
      const stop = await listen(
        (text) => {
          hear(text);
          const left = expected.get(text) ?? 0;
          if (left === 0) return;
          expected.set(text, left - 1);
          done();
        },
        missed,
        overhear,
      );
      ears.add(expected);
      return async () => {
        ears.delete(expected);
        for (const left of expected.values()) done(left);
        await stop();
      };
    },
    async tell(texts, openly) {
      const different = [...new Set(texts)]; // Of those that are alike, the server passes one on.
      for (const expected of ears) {
        for (const text of different) expected.set(text, (expected.get(text) ?? 0) + 1);
        pending += different.length;
      }
      await watch(tell(different, openly));
    },
  });

  return {
    databases: databases.map((database) => {
      const { now: _, news, ...timeless } = database; // The time is that of the test.
      return {
        ...timeless,
        ...news !== undefined && { news: toPatientNews(news) },
        all: (sql, params) => watch(database.all(sql, params)),
        values: (sql, params) => watch(database.values!(sql, params)),
        transaction: (body) => watch(database.transaction(body)),
      };
    }),
    clock: {
      ...clock,
      get timers() {
        return clock.timers;
      },
      get nextTimerMs() {
        return clock.nextTimerMs;
      },
      settle,
      async advance(ms) {
        let left = ms;
        for (;;) {
          await settle();
          const next = clock.nextTimerMs;
          if (next === undefined || next > left) break;
          await clock.advance(next);
          left -= next;
        }
        await clock.advance(left);
        await settle();
      },
    },
  };
}
