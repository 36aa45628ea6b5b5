/**
 * All work that becomes due: one timer, set to the earliest due time, and no polling.
 *
 * | Event                                   | What happens                                             |
 * | --------------------------------------- | -------------------------------------------------------- |
 * | `start`                                 | each source is asked when it is due                      |
 * | `expectAt`                              | its source is due then, if it was not due earlier        |
 * | the timer fires, or `runDue` is called  | each source that is due does a piece of its work and is asked again, until none is due |
 * | a source fails                          | it is due again after a second                           |
 * | the clock was set back by much          | sources that go by it are asked again                    |
 *
 * A timer measures elapsed time, but due times are times of the wall clock, which may be set, and a machine may sleep. So
 * the timer is set for a minute at most, and the clock is read when it fires: due work is late by a minute at most.
 *
 * @module
 */

import { type Clock, setBackMs } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";

/** How long to wait after a source failed, in ms. */
const retryMs = 1000;

/** The longest timer, in ms. Reading the clock once a minute costs nothing. */
const longestSleepMs = 60_000;

/** One kind of work that waits for a time. */
export interface DueSource {
  /** Names the work in the log, as in "Cannot promote scheduled jobs". */
  readonly name: string;
  /** When there is work next, in ms since the epoch; undefined when there is none. */
  nextDueAt(): Promise<number | undefined> | number | undefined;
  /** Does a piece of what is due by `now`, in ms since the epoch; what is left is due at once. */
  run(now: number): Promise<void> | void;
  /**
   * What was told before may be too late, as the clock was ahead then: corrects it. Called when the clock was set back by
   * much, and at the start, since that may have happened while nobody looked.
   *
   * @param now In ms since the epoch.
   * @param after Instants up to this one are right.
   */
  clockSetBack?(now: number, after: number): Promise<void> | void;
}

/** Runs due work. */
export interface Scheduler {
  /** Asks all sources when they are due; call once at the start. */
  start(): Promise<void>;
  /** Tells that a source has work at `at`, in ms since the epoch, perhaps earlier than known. */
  expectAt(source: DueSource, at: number): void;
  /** Does what is due of a source by now; resolves when it is done. Failures are logged. */
  catchUp(source: DueSource): Promise<void>;
  /** When there is work next, in ms since the epoch; undefined when there is none. */
  nextDueAt(): number | undefined;
  /** Does all that is due by now, by the clock; resolves when it is done. Failures are logged. */
  runDue(): Promise<void>;
  /** Arms no more timers; resolves when what is under way is done. */
  stop(): Promise<void>;
}

/** What a scheduler is made from. */
export interface SchedulerOptions {
  readonly sources: readonly DueSource[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether it sets timers; if not, the caller has to call `runDue`. */
  readonly timers: boolean;
}

/** Creates a scheduler that is not started. */
export function createScheduler(
  { sources, clock, logger, timers }: SchedulerOptions,
): Scheduler {
  /** When each source is due; a source without work is not in it. */
  const dueAt = new Map<DueSource, number>();
  /** The sources whose last run failed. */
  const failed = new Set<DueSource>();
  /** What is at work. */
  const working = new Map<DueSource, Promise<void>>();
  let armedFor = Infinity;
  let disarm = () => {};
  let running: Promise<void> | undefined;
  let stopped = false;

  const dueOf = (source: DueSource): number => {
    const at = dueAt.get(source) ?? Infinity;
    const now = clock.now();
    // One that failed waits for a while, and not for an instant: that one is far off when the clock was set back.
    return failed.has(source) && at > now + retryMs ? now : at;
  };

  const earliest = () =>
    sources.reduce((first, source) => Math.min(first, dueOf(source)), Infinity);

  const arm = () => {
    const at = earliest();
    if (!timers || stopped || at === armedFor) return;
    armedFor = at;
    disarm();
    disarm = () => {};
    if (at === Infinity) return;
    disarm = clock.setTimer(wake, Math.min(at - clock.now(), longestSleepMs));
  };

  const wake = () => {
    armedFor = Infinity;
    void runDue();
  };

  const ask = async (source: DueSource) => {
    const at = await source.nextDueAt();
    if (at !== undefined) expect(source, at);
  };

  const expect = (source: DueSource, at: number) => {
    if (at < (dueAt.get(source) ?? Infinity)) dueAt.set(source, at);
  };

  const runSource = (
    source: DueSource,
    work: (now: number) => Promise<void> | void = (now) => source.run(now),
  ) => {
    const done = doWork(source, work).finally(() => void working.delete(source));
    working.set(source, done);
    return done;
  };

  const doWork = async (
    source: DueSource,
    work: (now: number) => Promise<void> | void,
  ) => {
    dueAt.delete(source);
    failed.delete(source);
    try {
      await work(clock.now());
      await ask(source);
    } catch (error) {
      failed.add(source);
      logger.error(`Cannot ${source.name}, trying again in ${retryMs} ms`, { error });
      expect(source, clock.now() + retryMs);
    }
  };

  const aheadMs = () => clock.now() - clock.monotonic();
  /** By how much the wall clock was ahead of the other one at most, in ms. */
  let mostAheadMs = aheadMs();

  const noticeSetBack = async () => {
    const backMs = mostAheadMs - aheadMs();
    if (backMs < setBackMs) {
      mostAheadMs = Math.max(mostAheadMs, aheadMs());
      return;
    }
    logger.warn("The clock was set back", { byMs: Math.round(backMs) });
    let hasFailed = false;
    for (const source of sources) {
      if (source.clockSetBack === undefined) continue;
      await runSource(source, (now) => source.clockSetBack!(now, now));
      hasFailed ||= failed.has(source);
    }
    if (!hasFailed) mostAheadMs = aheadMs(); // Else it is noticed again at the next try.
  };

  /** Each source in turn does one piece of its work, until none is due: one with much to do holds up no other. */
  const runAll = async () => {
    await Promise.resolve(); // `running` has to be set before it is unset.
    await noticeSetBack();
    for (let ran = true; ran && !stopped;) {
      ran = false;
      for (const source of sources) {
        if (dueOf(source) > clock.now()) continue;
        ran = true;
        await runSource(source);
      }
    }
    // At once with the last look at the sources: what becomes due later must not be taken for done.
    running = undefined;
    arm();
  };

  const runDue = (): Promise<void> => {
    if (stopped) return Promise.resolve();
    return running ??= runAll();
  };

  return {
    async start() {
      const now = clock.now();
      for (const source of sources) {
        await source.clockSetBack?.(now, now + setBackMs);
        await ask(source);
      }
      arm();
    },
    expectAt(source, at) {
      expect(source, at);
      if (running === undefined) arm();
    },
    async catchUp(source) {
      while (!stopped) {
        const underWay = working.get(source);
        if (underWay !== undefined) await underWay;
        else if (dueOf(source) > clock.now()) break;
        else await runSource(source);
      }
      if (running === undefined) arm();
    },
    nextDueAt() {
      const at = earliest();
      return at === Infinity ? undefined : at;
    },
    runDue,
    async stop() {
      stopped = true;
      disarm();
      await running;
    },
  };
}
