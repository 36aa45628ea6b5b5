/**
 * Runs what is ready and comes to an end, for a cron trigger, the consumer of a queue, or a test. Each call is a life of
 * its own, with a stream of its own.
 *
 * @module
 */

import { checkNotNegative } from "../async/duration.ts";
import type { StopOptions } from "../async/stoppable.ts";
import type { Events } from "./events.ts";
import { checkOptions } from "../options.ts";
import { demandWhole, type WorkerSettings } from "./options.ts";
import { createSession, type Session } from "./session.ts";

/** How much {@linkcode Worker.runOnce} does. */
export interface RunOnceOptions {
  /**
   * How many jobs are run, at most; an integer of 1 or more.
   *
   * @default {no limit}
   */
  readonly maxJobs?: number | undefined;
  /**
   * How long it may take, in ms. No job is begun in the last fifth of it (5 s at most), so that those that run can end.
   * Those that are not done by then are aborted and go back, without being charged an attempt. A broker that cannot be
   * reached is waited for until then.
   *
   * @default {no limit}
   */
  readonly deadlineMs?: number | undefined;
  /**
   * Over a take stream: how long nothing has to come, in ms, for nothing to be ready.
   *
   * @default {500}
   */
  readonly quietMs?: number | undefined;
}

/** What was done. */
export interface RunOnceReport {
  /** How many handlers returned. */
  readonly succeeded: number;
  /** How many jobs failed: their handlers threw, took too long or do not exist, or a payload did not fit. */
  readonly failed: number;
  /** For how many jobs a handler or a rule said what shall become of them, such as `snooze`. */
  readonly decided: number;
  /** How many jobs were begun and went back, because the time was over. */
  readonly released: number;
  /**
   * Why it ended: nothing was ready (`empty`), `maxJobs` were done (`jobs`), the time was over (`deadline`), or the worker
   * was stopped (`stopped`).
   */
  readonly reason: "empty" | "jobs" | "deadline" | "stopped";
}

/** Runs what is ready, one call after the other. */
export interface RunOnce {
  /** Whether a call is under way. */
  readonly isRunning: boolean;
  /** Runs what is ready. */
  run(options?: RunOnceOptions): Promise<RunOnceReport>;
  /** Ends the call that is under way, as a worker is stopped. */
  stop(options?: StopOptions): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Which part of the time is for jobs that run to come to their end, and how much of it in ms at most. */
const endPart = 0.2;
const longestEndMs = 5000;

/** Creates what runs once. */
export function createRunOnce(
  { settings, events }: { readonly settings: WorkerSettings; readonly events: Events },
): RunOnce {
  const { clock } = settings;
  let present: Session | undefined;

  const runSession = async (options: RunOnceOptions): Promise<RunOnceReport> => {
    checkOptions("runOnce", options, { maxJobs: 1, deadlineMs: 1, quietMs: 1 });
    const { maxJobs, deadlineMs, quietMs = 500 } = options;
    if (maxJobs !== undefined) demandWhole("maxJobs", maxJobs, 1);
    if (deadlineMs !== undefined) checkNotNegative("deadlineMs", deadlineMs);
    checkNotNegative("quietMs", quietMs);
    const counts = { succeeded: 0, failed: 0, decided: 0, released: 0 };
    let reason: RunOnceReport["reason"] = "stopped";
    let disarmQuiet = () => {};
    const end = (why: RunOnceReport["reason"], timeoutMs: number) => {
      if (session.state !== "running") return;
      reason = why;
      void session.stop({ timeoutMs });
    };
    const endMs = deadlineMs === undefined
      ? Infinity
      : Math.min(deadlineMs * endPart, longestEndMs);
    const endAt = clock.monotonic() + (deadlineMs ?? Infinity);

    const listen = () => {
      disarmQuiet();
      disarmQuiet = clock.setTimer(() => {
        if (session.isEmpty && session.health().connected) end("empty", endMs);
        else listen();
      }, quietMs);
    };
    const session = createSession({
      settings: { ...settings, ...toLimits(settings, maxJobs) },
      events: {
        on: events.on,
        isHeard: events.isHeard,
        emit(name, make) {
          if (name in counts) counts[name as keyof typeof counts]++;
          events.emit(name, make);
        },
      },
      stirred: settings.leases === undefined ? listen : undefined,
      empty: settings.leases && (() => session.isEmpty && end("empty", endMs)),
      spent: () => end("jobs", endAt - clock.monotonic()),
    });
    present = session;
    const disarm = deadlineMs === undefined
      ? () => {}
      : clock.setTimer(() => end("deadline", endMs), deadlineMs - endMs);
    try {
      await session.run();
      return { ...counts, reason };
    } finally {
      disarm();
      disarmQuiet();
    }
  };

  return {
    get isRunning() {
      return present !== undefined;
    },
    async run(options = {}) {
      if (present !== undefined) {
        throw new Error("Cannot run once while that is under way: wait for its end");
      }
      try {
        return await runSession(options);
      } finally {
        present = undefined;
      }
    },
    async stop(options) {
      await present?.stop(options);
    },
    async kill() {
      await present?.kill();
    },
  };
}

/** Takes no more than is run; the worker's own limit holds for its own life. */
function toLimits(
  { concurrency, prefetch, isAutoPrefetch }: WorkerSettings,
  maxJobs: number | undefined,
): Pick<WorkerSettings, "concurrency" | "prefetch" | "isAutoPrefetch" | "maxJobs"> {
  const most = maxJobs ?? Infinity;
  return {
    concurrency: Math.min(concurrency, most),
    prefetch: Math.min(prefetch, most),
    isAutoPrefetch: isAutoPrefetch && maxJobs === undefined,
    maxJobs,
  };
}
