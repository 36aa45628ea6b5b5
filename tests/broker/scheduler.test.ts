/** The scheduler of due work: one timer for all sources, whatever happens to the clock. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  createScheduler,
  type DueSource,
  type Scheduler,
} from "../../src/broker/engine/scheduler.ts";
import { createTestClock, type TestClock } from "../../src/testing/mod.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A source whose work is a list of instants; notes when it did each. */
interface ListSource extends DueSource {
  /** In ms since the epoch, in order. */
  readonly waiting: number[];
  /** When it was done, in ms since the test began. */
  readonly done: number[];
  /** How often it was asked to do something. */
  readonly runs: () => number;
}

/** What a test works with. */
interface Parts {
  readonly clock: TestClock;
  readonly start: number;
  /** Makes a source with work at these instants, in ms from the start. */
  source(name: string, ...at: number[]): ListSource;
  /** Makes and starts a scheduler. */
  run(sources: readonly DueSource[], options?: { readonly timers?: boolean }): Promise<Scheduler>;
  /** What was logged. */
  readonly errors: readonly string[];
}

async function withScheduler(test: (parts: Parts) => Promise<void>): Promise<void> {
  const clock = createTestClock();
  const start = clock.now();
  const { logger, errors } = createRecordingLogger();
  const started: Scheduler[] = [];
  await test({
    clock,
    start,
    errors,
    source(name, ...at) {
      const waiting = at.map((ms) => start + ms);
      const done: number[] = [];
      let runs = 0;
      return {
        name,
        waiting,
        done,
        runs: () => runs,
        nextDueAt: () => waiting[0],
        run(now) {
          runs++;
          while (waiting.length > 0 && waiting[0]! <= now) {
            waiting.shift();
            done.push(clock.now() - start);
          }
        },
      };
    },
    async run(sources, { timers = true } = {}) {
      const scheduler = createScheduler({ sources, clock, logger, timers });
      await scheduler.start();
      started.push(scheduler);
      return scheduler;
    },
  });
  for (const scheduler of started) await scheduler.stop();
  assert.equal(clock.timers, 0, "a scheduler that is stopped leaves no timer");
}

/** Work that cannot be done before `open` is called. */
function createGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

describe("scheduler, when work is done", () => {
  it("does the work of each source at its time, with one timer for all", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", 500, 3000);
      const b = source("b", 200);
      const idle = source("idle");
      await run([a, b, idle]);
      assert.equal(clock.timers, 1);
      await clock.advance(199);
      assert.deepEqual([a.done, b.done], [[], []]);
      await clock.advance(1);
      assert.deepEqual([a.done, b.done], [[], [200]]);
      assert.equal(clock.timers, 1);
      await clock.advance(10_000);
      assert.deepEqual([a.done, b.done], [[500, 3000], [200]]);
      assert.equal(idle.runs(), 0);
      assert.equal(clock.timers, 0, "nothing waits for a time any more");
    }));

  it("does at once what was due before it started", () =>
    withScheduler(async ({ clock, source, run }) => {
      const late = source("late", -hour, 0);
      await run([late]);
      await clock.advance(0);
      assert.deepEqual(late.done, [0, 0]);
    }));

  it("says when the earliest work of all sources is due", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const scheduler = await run([source("a", 500), source("b", 200), source("idle")]);
      assert.equal(scheduler.nextDueAt(), start + 200);
      await clock.advance(200);
      assert.equal(scheduler.nextDueAt(), start + 500);
      await clock.advance(300);
      assert.equal(scheduler.nextDueAt(), undefined);
    }));

  it("expectAt an earlier time brings the work forward, a later one changes nothing", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const a = source("a", 1000);
      const scheduler = await run([a]);
      scheduler.expectAt(a, start + 2000);
      assert.equal(scheduler.nextDueAt(), start + 1000);
      a.waiting.unshift(start + 300);
      scheduler.expectAt(a, start + 300);
      assert.equal(scheduler.nextDueAt(), start + 300);
      assert.equal(clock.timers, 1);
      await clock.advance(5000);
      assert.deepEqual(a.done, [300, 1000]);
      assert.equal(a.runs(), 2);
    }));

  it("expectAt for a source without work arms the timer", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const a = source("a");
      const scheduler = await run([a]);
      assert.equal(clock.timers, 0);
      a.waiting.push(start + 50);
      scheduler.expectAt(a, start + 50);
      await clock.advance(50);
      assert.deepEqual(a.done, [50]);
    }));

  it("expectAt while the same source works is not forgotten", () =>
    withScheduler(async ({ clock, start, run }) => {
      const gate = createGate();
      const ran: number[] = [];
      const source: DueSource = {
        name: "slow",
        nextDueAt: () => ran.length === 0 ? start + 100 : undefined,
        run(now) {
          ran.push(now - start);
          return ran.length === 1 ? gate.passed : undefined;
        },
      };
      const scheduler = await run([source]);
      await clock.advance(100);
      scheduler.expectAt(source, start + 150);
      await clock.advance(100);
      assert.deepEqual(ran, [100], "never twice at a time");
      gate.open();
      await clock.settle();
      assert.deepEqual(ran, [100, 200]);
    }));
});

describe("scheduler, sources beside each other", () => {
  it("a source that fails is due again after a second, and holds up no other", () =>
    withScheduler(async ({ clock, start, source, run, errors }) => {
      const tried: number[] = [];
      const broken: DueSource = {
        name: "mend the broken",
        nextDueAt: () => tried.length < 4 ? start + 100 : undefined,
        run() {
          tried.push(clock.now() - start);
          if (tried.length < 4) throw new Error("disk full");
        },
      };
      const sound = source("sound", 100, 101, 1500);
      await run([broken, sound]);
      await clock.advance(100);
      assert.deepEqual([tried, sound.done], [[100], [100]]);
      await clock.advance(20_000);
      assert.deepEqual(tried, [100, 1100, 2100, 3100]);
      assert.deepEqual(sound.done, [100, 101, 1500]);
      assert.deepEqual(
        errors,
        new Array(3).fill("Cannot mend the broken, trying again in 1000 ms"),
      );
    }));

  it("a source that cannot say when it is due again is asked again after a second", () =>
    withScheduler(async ({ clock, start, run, errors }) => {
      const asked: number[] = [];
      const source: DueSource = {
        name: "know",
        nextDueAt() {
          asked.push(clock.now() - start);
          if (asked.length === 2) throw new Error("disk full");
          return asked.length === 1 ? start + 10 : undefined;
        },
        run() {},
      };
      await run([source]);
      await clock.advance(5000);
      assert.deepEqual(asked, [0, 10, 1010]);
      assert.equal(errors.length, 1);
    }));

  it("a source with much work in pieces holds up no other for longer than a piece", () =>
    withScheduler(async ({ clock, start, run }) => {
      const order: string[] = [];
      const inPieces = (name: string, pieces: number): DueSource => {
        let left = pieces;
        return {
          name,
          nextDueAt: () => left > 0 ? start + 10 : undefined,
          run() {
            left--;
            order.push(name);
            return Promise.resolve();
          },
        };
      };
      await run([inPieces("much", 4), inPieces("little", 2), inPieces("one", 1)]);
      await clock.advance(10);
      assert.deepEqual(order, ["much", "little", "one", "much", "little", "much", "much"]);
    }));
});

describe("scheduler, trouble with the clock", () => {
  it("a timer that fires early does nothing early, and the work once", () =>
    withScheduler(async ({ clock, source, start, run }) => {
      const setTimer = clock.setTimer;
      clock.setTimer = (callback, delayMs) => setTimer(callback, Math.max(1, delayMs - 10));
      const a = source("a", 500);
      const scheduler = await run([a]);
      await clock.advance(490);
      assert.deepEqual([clock.timers, a.runs(), scheduler.nextDueAt()], [1, 0, start + 500]);
      await clock.advance(9);
      assert.equal(a.runs(), 0);
      await clock.advance(hour);
      assert.deepEqual([a.runs(), a.done], [1, [500]]);
    }));

  it("a clock that is set forward over the instant brings the work within a minute", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", 6 * hour);
      await run([a]);
      await clock.advance(minute + 1);
      clock.setNow(clock.now() + day);
      await clock.advance(minute - 2);
      assert.deepEqual(a.done, []);
      await clock.advance(1);
      assert.deepEqual(a.done, [day + 2 * minute]);
      await clock.advance(day);
      assert.equal(a.runs(), 1);
    }));

  it("a clock that is set back brings the work when it comes to the instant, and not before", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", 10 * minute);
      await run([a]);
      await clock.advance(5 * minute);
      clock.setNow(clock.now() - hour);
      await clock.advance(hour + 5 * minute - 1);
      assert.equal(a.runs(), 0);
      await clock.advance(1);
      assert.deepEqual(a.done, [10 * minute]);
    }));

  it("sleeps for a minute at most in one piece, and wakes no source before it is due", () =>
    withScheduler(async ({ clock, source, run }) => {
      const delays: number[] = [];
      const setTimer = clock.setTimer;
      clock.setTimer = (callback, delayMs) => {
        delays.push(delayMs);
        return setTimer(callback, delayMs);
      };
      const a = source("a", 2 * minute + 30_000);
      await run([a]);
      await clock.advance(3 * minute);
      assert.deepEqual(delays, [minute, minute, 30_000]);
      assert.deepEqual([a.runs(), a.done], [1, [2 * minute + 30_000]]);
    }));

  it("work at the end of time arms a timer of a minute, and is never done", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", Number.MAX_SAFE_INTEGER);
      await run([a]);
      await clock.advance(day);
      assert.equal(a.runs(), 0);
      assert.equal(clock.timers, 1);
    }));
});

describe("scheduler, stop() and runDue()", () => {
  it("stop awaits what is under way and arms nothing", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const gate = createGate();
      let asked = 0;
      const slow: DueSource = {
        name: "slow",
        nextDueAt: () => start + 100 * ++asked,
        run: () => gate.passed,
      };
      const scheduler = await run([slow, source("other", 5000)]);
      await clock.advance(100);
      let stopped = false;
      const stopping = scheduler.stop().then(() => stopped = true);
      await clock.advance(day);
      assert.equal(stopped, false);
      gate.open();
      await stopping;
      assert.equal(clock.timers, 0);
      scheduler.expectAt(slow, clock.now());
      await scheduler.runDue();
      await clock.advance(day);
      assert.deepEqual([clock.timers, asked], [0, 2]);
    }));

  it("stop while it sleeps disarms the timer at once", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", 500);
      const scheduler = await run([a]);
      await scheduler.stop();
      await scheduler.stop();
      assert.equal(clock.timers, 0);
      await clock.advance(day);
      assert.equal(a.runs(), 0);
    }));

  it("timers: false arms no timer at all, and runDue does what is due", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const a = source("a", 100, 200);
      const b = source("b", 150);
      const scheduler = await run([a, b], { timers: false });
      scheduler.expectAt(b, start + 120);
      await clock.advance(hour);
      assert.deepEqual([clock.timers, a.runs(), b.runs()], [0, 0, 0]);
      assert.equal(scheduler.nextDueAt(), start + 100);
      await scheduler.runDue();
      assert.deepEqual([a.done, b.done], [[hour, hour], [hour]]);
      assert.equal(scheduler.nextDueAt(), undefined);
      assert.equal(clock.timers, 0);
    }));

  it("timers: false arms no timer after a failure either", () =>
    withScheduler(async ({ clock, start, run }) => {
      let runs = 0;
      const source: DueSource = {
        name: "mend",
        nextDueAt: () => start,
        run() {
          if (runs++ === 0) throw new Error("disk full");
        },
      };
      const scheduler = await run([{ ...source, nextDueAt: () => runs < 2 ? start : undefined }], {
        timers: false,
      });
      await scheduler.runDue();
      assert.deepEqual([clock.timers, scheduler.nextDueAt()], [0, start + 1000]);
      await scheduler.runDue();
      assert.equal(runs, 1);
      await clock.advance(1000);
      await scheduler.runDue();
      assert.deepEqual([runs, scheduler.nextDueAt()], [2, undefined]);
    }));

  it("runDue called twice does the work once, and both calls wait for it", () =>
    withScheduler(async ({ clock, source, run }) => {
      const a = source("a", 100);
      const scheduler = await run([a], { timers: false });
      await clock.advance(100);
      await Promise.all([
        scheduler.runDue().then(() => assert.equal(a.done.length, 1)),
        scheduler.runDue().then(() => assert.equal(a.done.length, 1)),
      ]);
      assert.equal(a.runs(), 1);
    }));

  it("runDue does what became due while an earlier call came to its end", () =>
    withScheduler(async ({ clock, start, source, run }) => {
      const a = source("a");
      const scheduler = await run([a], { timers: false });
      const earlier = scheduler.runDue();
      a.waiting.push(start);
      scheduler.expectAt(a, start);
      await scheduler.runDue();
      assert.deepEqual(a.done, [0]);
      await earlier;
      await clock.settle();
      assert.equal(a.runs(), 1);
    }));
});
