/** Due work whose source failed, on a clock that is set. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScheduler, type DueSource } from "../../src/broker/engine/scheduler.ts";
import { silentLogger } from "../../src/log.ts";
import { createTestClock } from "../../src/testing/mod.ts";

describe("a clock that is set back by much", () => {
  it("is told to the sources that go by it, again if one fails, and then no more", async () => {
    const clock = createTestClock();
    const told: number[] = [];
    const hour = 3_600_000;
    const source: DueSource = {
      name: "work",
      nextDueAt: () => clock.now() + 600_000,
      run() {},
      clockSetBack(now) {
        told.push(now);
        if (told.length === 2) throw new Error("disk full");
      },
    };
    const scheduler = createScheduler({
      sources: [source],
      clock,
      logger: silentLogger,
      timers: true,
    });
    const startedAt = clock.now();
    await scheduler.start();
    clock.setNow(clock.now() - 299_999);
    await clock.advance(60_000);
    assert.deepEqual(told, [startedAt]);
    clock.setNow(clock.now() - hour);
    await clock.advance(60_000);
    const noticedAt = clock.now();
    await clock.advance(hour);
    assert.deepEqual(told.slice(1), [noticedAt, noticedAt + 1000]);
    await scheduler.stop();
  });
});

describe("due work that failed", () => {
  for (const timers of [true, false]) {
    it(`is tried again soon when the clock is set back, ${timers ? "with" : "without"} timers`, async () => {
      const clock = createTestClock();
      let due: number | undefined = clock.now() - 3_600_000;
      let runs = 0;
      const source: DueSource = {
        name: "work",
        nextDueAt: () => due,
        run() {
          if (++runs === 1) throw new Error("disk full");
          due = undefined;
        },
      };
      const scheduler = createScheduler({ sources: [source], clock, logger: silentLogger, timers });
      await scheduler.start();
      if (!timers) await scheduler.runDue();
      await clock.advance(0);
      assert.equal(runs, 1);
      clock.setNow(clock.now() - 1_800_000);
      await clock.advance(1000);
      if (!timers) {
        assert.equal(scheduler.nextDueAt(), clock.now());
        await scheduler.runDue();
      }
      assert.equal(runs, 2);
      assert.equal(scheduler.nextDueAt(), undefined);
      await scheduler.stop();
      assert.equal(clock.timers, 0);
    });
  }
});
