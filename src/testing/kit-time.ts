/**
 * When the time of a test kit moves. It has one clock, which stands still while anybody may be busy with something real.
 *
 * | What goes on                                       | What the clock does                                           |
 * | -------------------------------------------------- | ------------------------------------------------------------- |
 * | a call is under way                                | stands still until it is answered                             |
 * | a handler runs                                     | stands still: it may read a file, or wait for a real timer    |
 * | a handler runs, and somebody awaits `sleep()`      | moves to the next instant at which something is due           |
 * | no handler runs, and the worker is not done        | moves likewise: the worker waits to repeat a call that failed |
 * | `pass()`                                           | moves from instant to instant, whatever runs                  |
 *
 * Work of the broker that is due at an instant (retries, cron entries, leases, tokens) is done there, before the clock moves
 * on: nothing is skipped, however far it moves.
 *
 * @module
 */

import { systemClock } from "../async/clock.ts";
import { type Duration, toMs } from "../async/duration.ts";
import { wait } from "../async/wait.ts";
import type { Broker } from "../broker/broker.ts";
import type { Job } from "../protocol/job.ts";
import type { TestClock } from "./test-clock.ts";

/** The time of a kit. */
export interface KitTime {
  /** Whether a handler runs. */
  readonly isRunning: boolean;
  /** A handler begins. */
  began(job: Job): void;
  /** A handler has come to its end. */
  ended(job: Job): void;
  /** Lets nobody move the clock until a call is answered. */
  during<Result>(call: Promise<Result>): Promise<Result>;
  /** Waits until the clock has moved on; see `TestKit.sleep`. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
  /**
   * Waits until work is done, and moves the clock as the table says.
   *
   * @throws {Error} If a handler runs for `patienceMs` of real time.
   */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /**
   * Moves to the next instant at which something is due, and does it; to `limitAt` if that is sooner.
   *
   * @returns Whether there was anything to move to.
   */
  step(limitAt: number): Promise<boolean>;
  /** Moves to an instant, step by step, when the handler runs that is about to. */
  pass(untilAt: number, isUnderWay: () => boolean): Promise<void>;
  /** When something is due next, in ms since the epoch; `Infinity` if nothing is. */
  nextAt(): Promise<number>;
}

/** Creates the time of a kit. */
export function createKitTime(
  { clock, broker, patienceMs }: {
    readonly clock: TestClock;
    readonly broker: Pick<Broker, "nextDueAt" | "runDue">;
    /** How long a handler may run, in ms of real time. */
    readonly patienceMs: number;
  },
): KitTime {
  const running = new Map<string, Job>();
  let sleeping = 0;
  let calls = 0;
  let news = Promise.withResolvers<void>();
  /** The last step: two at once would get in each other's way. */
  let stepping: Promise<unknown> = Promise.resolve();

  const changed = () => {
    news.resolve();
    news = Promise.withResolvers();
  };

  const nextAt = async () => {
    const { nextTimerMs } = clock;
    const timerAt = nextTimerMs === undefined ? Infinity : clock.now() + nextTimerMs;
    return Math.min(timerAt, await broker.nextDueAt() ?? Infinity);
  };

  const stepNow = async (limitAt: number): Promise<boolean> => {
    const at = Math.min(await nextAt(), limitAt);
    if (at === Infinity) return false;
    await clock.advance(Math.max(0, at - clock.now()));
    if ((await broker.nextDueAt() ?? Infinity) <= clock.now()) await broker.runDue();
    return true;
  };

  const step = (limitAt: number): Promise<boolean> => {
    const done = stepping.then(() => stepNow(limitAt));
    stepping = done.catch(() => {});
    return done;
  };

  /** Waits for news, in real time; of handlers, not for ever. */
  const waitForNews = async (seen: Promise<void>) => {
    const late = Promise.withResolvers<void>();
    const disarm = systemClock.setTimer(() => {
      // A call that takes long is the machine's matter.
      if (running.size > 0) late.reject(toStalled());
      else changed();
    }, patienceMs);
    await Promise.race([seen, late.promise]).finally(disarm);
  };

  const toStalled = () => {
    const jobs = [...running.values()].map(({ type, id }) => `'${type}' (job ${id})`).join(", ");
    const { nextTimerMs } = clock;
    return new Error(
      `The handler of ${jobs} is not done after ${
        patienceMs / 1000
      } s of real time, in which the clock of the kit stood still. ` +
        "If it waits for its time limit or for another timer of the clock, call 'kit.travel()' while it runs" +
        (nextTimerMs === undefined ? "" : ` (the next timer fires in ${nextTimerMs} ms)`) +
        ", or let it wait with 'kit.sleep()'; if it needs more time, set 'patienceMs'",
    );
  };

  return {
    get isRunning() {
      return running.size > 0;
    },
    began(job) {
      running.set(job.id, job);
      changed();
    },
    ended({ id }) {
      running.delete(id);
      changed();
    },
    during(call) {
      calls++;
      return call.finally(() => {
        calls--;
        changed();
      });
    },
    async sleep(duration, signal = new AbortController().signal) {
      const ms = toMs(duration, "duration");
      sleeping++;
      changed();
      await wait(ms, clock, signal).finally(() => sleeping--);
    },
    async drive(work) {
      let isOver = false;
      const over = () => {
        isOver = true;
        changed();
      };
      const end = work.then(over, over);
      for (;;) {
        await Promise.race([end, clock.settle()]);
        if (isOver) return await work;
        const seen = news.promise;
        const isFree = calls === 0 && (running.size === 0 || sleeping > 0);
        if (!isFree || !await step(Infinity)) await waitForNews(seen);
      }
    },
    step,
    async pass(untilAt, isUnderWay) {
      for (;;) {
        await clock.settle();
        if (running.size > 0 || !isUnderWay()) break;
        await waitForNews(news.promise);
      }
      while (clock.now() < untilAt) await step(untilAt);
      await clock.settle();
    },
    nextAt,
  };
}
