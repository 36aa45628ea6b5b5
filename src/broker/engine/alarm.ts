/**
 * Work that waits for a time in the database: sleeps until the earliest, never polls.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";

/** How long to wait after the database failed, in ms. */
const retryMs = 1000;

/**
 * The longest sleep in one piece, in ms. A timer does not notice that the clock was set or that the machine slept; to
 * look at the clock once a minute costs nothing, and does not ask the database.
 */
const longestSleepMs = 60_000;

/** What an alarm wakes for. */
export interface AlarmDuty {
  /** Names the work in the log. */
  readonly name: string;
  /** When there is work next, in ms since the epoch; undefined when there is none. */
  next(): Promise<number | undefined>;
  /** Does what is due by now. */
  work(): Promise<void>;
}

/** A sleeper for one kind of due work. */
export interface Alarm {
  /** Looks for the next due time; call once at the start. */
  start(): Promise<void>;
  /** Tells that there is work at `at`, perhaps earlier than known. */
  note(at: number): void;
  /** Stops for good. */
  stop(): void;
}

/** Creates an alarm for a duty. */
export function createAlarm(duty: AlarmDuty, clock: Clock, logger: Logger): Alarm {
  let armedAt = Infinity;
  let disarm = () => {};
  let working = false;
  let stopped = false;

  const arm = (at: number) => {
    if (stopped || at >= armedAt) return;
    armedAt = at;
    sleep();
  };

  const sleep = () => {
    disarm();
    const restMs = armedAt - clock.now();
    disarm = restMs > longestSleepMs
      ? clock.setTimer(sleep, longestSleepMs)
      : clock.setTimer(ring, restMs);
  };

  const rearm = async () => {
    const at = await duty.next();
    if (at !== undefined) arm(at);
  };

  const ring = async () => {
    armedAt = Infinity;
    if (working || stopped) return;
    working = true;
    try {
      await duty.work();
      await rearm();
    } catch (error) {
      logger.error(`Cannot ${duty.name}, trying again in ${retryMs} ms`, { error });
      arm(clock.now() + retryMs);
    } finally {
      working = false;
    }
  };

  return {
    start: rearm,
    note: arm,
    stop() {
      stopped = true;
      disarm();
    },
  };
}
