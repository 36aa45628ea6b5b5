/**
 * Keeps a number of worker processes alive: each that ends is replaced by a fresh one.
 *
 * @module
 */

import process from "node:process";
import { backoffMs, type BackoffRange } from "../../src/async/backoff.ts";
import { systemClock, systemRandom } from "../../src/async/clock.ts";
import { checkNotNegative } from "../../src/async/duration.ts";
import { wait } from "../../src/async/wait.ts";
import { guardLogger } from "../../src/guard-logger.ts";
import type { Logger } from "../../src/log.ts";
import type { SteerTarget } from "../steering.ts";
import type { ForkCommand } from "./messages.ts";
import { type ProcessEnd, spawn, type Spawned, type SpawnOptions } from "./spawn.ts";

/** What {@linkcode runForked} keeps alive. */
export interface RunForkedOptions extends SpawnOptions {
  /**
   * How many processes; an integer of 1 or more.
   *
   * @default {1}
   */
  readonly processes?: number | undefined;
  /**
   * Each process is started after a random time up to this, in ms, so that they do not all ask at one instant.
   *
   * @default {0 for one process, 1000 for several}
   */
  readonly startDelayMs?: number | undefined;
  /**
   * Told which process began and how it ended. What the processes themselves log goes where they log it: the output of
   * this process, unless they say otherwise. Default: what ended badly, on the console; `false` is silence.
   */
  readonly logger?: Logger | false | undefined;
}

/** Processes that are kept alive. */
export interface Forked extends SteerTarget {
  /** The ids of the processes that live, by their places. */
  readonly pids: readonly number[];
  /** Resolves when it was stopped or killed, and all processes have ended. */
  readonly done: Promise<void>;
  /**
   * Tells all processes to stop, and starts no more. Those that live after the deadline are killed.
   *
   * @param options The deadline, in ms; default 25,000.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void>;
  /** Kills all processes at once, and starts no more. */
  kill(): Promise<void>;
  /** Kills all processes at once; fresh ones take their places. Their jobs go to others. */
  killJobs(): void;
  /** Tells all processes, also later ones, to begin no more jobs. */
  pause(): void;
  /** Tells them to go on. */
  resume(): void;
}

/** A process that ended sooner after its start than this, in ms, may do so again: its place waits, longer each time. */
const shortLifeMs = 10_000;
const restart: BackoffRange = { baseMs: 1000, maxMs: 30_000 };

/** A process that does not stop in time gets this much more, in ms, before it is killed. */
const extraMs = 1000;

/** Within the 30 s that most hosts give. */
const stopTimeoutMs = 25_000;

/**
 * Starts processes that run a worker each, and keeps them alive: one that ends, for whatever reason (a crash, its
 * `maxJobs`, too much memory, a handler that did not end), is replaced in its place. The program of a process creates a
 * worker and calls `runInFork` with it. Steer all of them with `steerOnSignals(forked)`.
 *
 * @param options The program, and how many processes.
 * @throws {RangeError} If a number is out of range.
 */
export function runForked(options: RunForkedOptions): Forked {
  const { processes = 1, startDelayMs = processes === 1 ? 0 : 1000, ...spawnOptions } = options;
  const logger = guardLogger(options.logger);
  if (!Number.isInteger(processes) || processes < 1) {
    throw new RangeError(`Cannot use 'processes' ${processes}: expected an integer of 1 or more`);
  }
  checkNotNegative("startDelayMs", startDelayMs);
  const living = new Map<number, Spawned>();
  const ending = new AbortController();
  let isPaused = false;

  const sendAll = (command: ForkCommand) => {
    for (const child of living.values()) child.send(command);
  };
  const killAll = () => {
    for (const child of living.values()) child.kill();
  };

  const live = async (place: number): Promise<ProcessEnd> => {
    const child = spawn({
      ...spawnOptions,
      env: { ...spawnOptions.env, MILLRACE_PLACE: String(place) },
    }, () => {
      // It says that it listens: what was said before it did is lost on some runtimes.
      if (isPaused) child.send({ millrace: "pause" } satisfies ForkCommand);
    });
    living.set(place, child);
    logger.info("Process began", { place, pid: child.pid });
    const end = await child.ended;
    living.delete(place);
    const isBad = end.code !== 0 && !ending.signal.aborted;
    logger[isBad ? "warn" : "info"]("Process ended", { place, pid: child.pid, ...end });
    return end;
  };

  const keepAlive = async (place: number) => {
    const { signal } = ending;
    let failures = 0;
    while (!signal.aborted) {
      const delayMs = failures > 0
        ? backoffMs(failures, restart, systemRandom)
        : systemRandom() * startDelayMs;
      await wait(delayMs, systemClock, signal).catch(() => {});
      if (signal.aborted) return;
      const beganAt = systemClock.monotonic();
      const { code } = await live(place);
      const wasShort = systemClock.monotonic() - beganAt < shortLifeMs;
      failures = wasShort && code !== 0 ? failures + 1 : 0;
    }
  };

  const places = Array.from({ length: processes }, (_, place) => keepAlive(place));
  const done = Promise.all(places).then(() => {});

  return {
    get pids() {
      return [...living.values()].flatMap(({ pid }) => pid ?? []);
    },
    done,
    async stop({ timeoutMs = stopTimeoutMs } = {}) {
      checkNotNegative("timeoutMs", timeoutMs);
      ending.abort();
      sendAll({ millrace: "stop", timeoutMs: timeoutMs === Infinity ? undefined : timeoutMs });
      const disarm = timeoutMs === Infinity
        ? () => {}
        : systemClock.setTimer(killAll, timeoutMs + extraMs);
      await done;
      disarm();
    },
    async kill() {
      ending.abort();
      killAll();
      await done;
    },
    killJobs: killAll,
    pause() {
      isPaused = true;
      sendAll({ millrace: "pause" });
    },
    resume() {
      isPaused = false;
      sendAll({ millrace: "resume" });
    },
  };
}

/** The place of this process among those of its parent, from 0; undefined if `runForked` did not start it. */
export function forkPlace(): number | undefined {
  const place = process.env["MILLRACE_PLACE"];
  return place === undefined ? undefined : Number(place);
}
