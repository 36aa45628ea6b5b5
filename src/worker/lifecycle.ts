/**
 * The life of a worker, from its creation to its end. A worker that was stopped is not started again.
 *
 * | from     | on                                | to       | what happens
 * |----------|-----------------------------------|----------|----------------------------------------------------
 * | idle     | start(), run()                    | running  | the take stream is opened, and reopened from now on
 * | idle     | stop(), kill()                    | stopped  | nothing
 * | running  | stop()                            | draining | waiting jobs go back, new ones are not taken
 * | running  | kill(), fail(): refused at first  | stopped  | end, as below
 * | draining | all done, and the broker knows    | stopped  | end
 * | draining | the deadline, kill()              | stopped  | end
 *
 * The end: running jobs are aborted, reports are dropped, and last of all the stream is closed. Closing makes the
 * broker deliver what is not reported to others, so it must not come before the running jobs are done and reported.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { checkNotNegative } from "../async/duration.ts";
import type { StopOptions } from "../async/stoppable.ts";

/** The states of a worker. */
export type WorkerState = "idle" | "running" | "draining" | "stopped";

/** What happens when the state changes. */
export interface LifecycleOptions {
  readonly clock: Clock;
  /** Opens the stream. */
  open(): void;
  /** Takes no more jobs; resolves when all are done and reported. Never rejects. */
  drain(): Promise<void>;
  /** Ends everything; resolves when the stream is closed. Never rejects. */
  end(): Promise<void>;
}

/** Moves a worker from state to state. */
export interface Lifecycle {
  /** The present state. */
  readonly state: WorkerState;
  /** Resolves when `ready` was called or the worker is stopped; rejects with the error of `fail`. */
  start(): Promise<void>;
  /** Starts, and resolves when the worker is stopped. */
  run(): Promise<void>;
  /** Drains, then ends; both before the deadline, which is that of the first call that has one. */
  stop(options?: StopOptions): Promise<void>;
  /** Ends at once. */
  kill(): Promise<void>;
  /** Call when the first stream is open. */
  ready(): void;
  /** Call when no stream will ever be open. */
  fail(error: unknown): void;
}

const next: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  idle: ["running", "stopped"],
  running: ["draining", "stopped"],
  draining: ["stopped"],
  stopped: [],
};

/** Within the 30 s that most hosts give. */
const stopTimeoutMs = 25_000;

/** Creates the life of a worker. */
export function createLifecycle({ clock, open, drain, end }: LifecycleOptions): Lifecycle {
  let state: WorkerState = "idle";
  let started: PromiseWithResolvers<void> | undefined;
  const ended = Promise.withResolvers<void>();
  let disarm = () => {};
  let hasDeadline = false;

  /** The only place where the state changes; false if it may not change so. */
  const move = (to: WorkerState): boolean => {
    if (!next[state].includes(to)) return false;
    state = to;
    return true;
  };

  const finish = () => {
    const wasIdle = state === "idle";
    if (!move("stopped")) return;
    disarm();
    if (wasIdle) return ended.resolve();
    void end().then(() => {
      started?.resolve();
      ended.resolve();
    });
  };

  const lifecycle: Lifecycle = {
    get state() {
      return state;
    },
    start() {
      if (started !== undefined && state !== "stopped") return started.promise;
      if (!move("running")) {
        return Promise.reject(new Error("Cannot start a stopped worker: create a new one"));
      }
      started = Promise.withResolvers();
      open();
      return started.promise;
    },
    async run() {
      await lifecycle.start();
      await ended.promise;
    },
    async stop({ timeoutMs = stopTimeoutMs } = {}) {
      checkNotNegative("timeoutMs", timeoutMs);
      if (move("draining")) void drain().then(finish);
      else if (state === "idle") finish();
      if (state === "draining" && !hasDeadline && timeoutMs < Infinity) {
        hasDeadline = true;
        disarm = clock.setTimer(finish, timeoutMs);
      }
      await ended.promise;
    },
    kill() {
      finish();
      return ended.promise;
    },
    ready: () => started?.resolve(),
    fail(error) {
      started?.reject(error);
      finish();
    },
  };
  return lifecycle;
}
