/**
 * A test clock that also waits for a database which answers later: what follows from an instant is done before the next.
 *
 * @module
 */

import type { AsyncDatabase } from "../../src/store/database.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";

/** A database, and a clock that waits for what is asked of it. */
export interface Patient {
  readonly database: AsyncDatabase;
  readonly clock: TestClock;
}

/** Puts a clock and a database together. */
export function withPatience(database: AsyncDatabase): Patient {
  const { now: _, ...timeless } = database; // The time is that of the test.
  const clock = createTestClock();
  let pending = 0;
  const waiting = new Set<() => void>();

  const watch = async <Result>(work: Promise<Result>): Promise<Result> => {
    pending++;
    try {
      return await work;
    } finally {
      if (--pending === 0) {
        for (const wake of waiting) wake();
        waiting.clear();
      }
    }
  };

  const settle = async (): Promise<void> => {
    for (;;) {
      await clock.settle();
      if (pending === 0) return;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };

  return {
    database: {
      ...timeless,
      all: (sql, params) => watch(database.all(sql, params)),
      values: (sql, params) => watch(database.values!(sql, params)),
      transaction: (body) => watch(database.transaction(body)),
    },
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
