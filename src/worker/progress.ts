/**
 * Tells the broker how far runs are: once a second at most, of each run the last that its handler has said. Nothing waits for
 * it, and what is not told when a run ends is not told any more.
 *
 * | The job                                | Is told by                                                                  |
 * | -------------------------------------- | --------------------------------------------------------------------------- |
 * | has a lease                            | a heartbeat                                                                 |
 * | came on a stream of a broker that asks | a statement (`statements.ts`), for all such jobs at once                    |
 * | came otherwise                         | nothing: the first time, a line in the log at debug level says so           |
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { Logger } from "../log.ts";
import { show } from "../options.ts";
import type { Job } from "../protocol/job.ts";
import type { JobProgress } from "../protocol/job-extra.ts";
import type { HeartbeatOptions } from "../protocol/lease-write.ts";
import type { RunProgress } from "../protocol/worker-statement.ts";

/** What is known of a run that is told of. */
export interface ToldRun {
  /** The lease of the job, if it has one. */
  readonly lease: { heartbeat(news: HeartbeatOptions): Promise<void> } | undefined;
  /** The job as it was delivered last, and how far the worker is with it. */
  readonly delivery: { readonly job: Job; readonly stage: string } | undefined;
  readonly log: Logger;
}

/** What states how far runs are, and whether the broker listens to that. */
export interface Listening {
  readonly withinMs: number | undefined;
  changed(): void;
}

/** What it needs. */
export interface ProgressOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells how far runs are. */
export interface ProgressTeller {
  /** A handler says how far its run is. */
  say(context: ToldRun, progress: JobProgress): void;
  /** What is to be stated now; it is taken out. */
  take(): readonly RunProgress[];
  /** Tells nothing more. */
  stop(): void;
}

/** So long it gathers what is said, in ms. */
const intervalMs = 1000;

/**
 * Creates it.
 *
 * @param statements What states what is taken out.
 */
export function createProgress(
  { clock, logger }: ProgressOptions,
  statements: () => Listening,
): ProgressTeller {
  let said = new Map<ToldRun, JobProgress>();
  let stated: RunProgress[] = [];
  let isResting = false;
  let isStopped = false;
  let wasUnheard = false;
  let disarm = () => {};

  const send = () => {
    isResting = false;
    if (said.size === 0 || isStopped) return;
    const all = said;
    said = new Map();
    for (const [context, progress] of all) tell(context, progress);
    if (stated.length > 0) statements().changed();
    isResting = true;
    disarm = clock.setTimer(send, intervalMs);
  };

  const tell = (context: ToldRun, progress: JobProgress) => {
    const { lease, delivery } = context;
    if (delivery?.stage !== "running") return;
    if (lease !== undefined) {
      lease.heartbeat({ progress }).catch((error) => {
        context.log.debug("Cannot tell the broker how far the job is", { error });
      });
      return;
    }
    const { id, deliveries } = delivery.job;
    if (deliveries !== undefined && statements().withinMs !== undefined) {
      stated.push({ id, delivery: deliveries, progress });
      return;
    }
    if (wasUnheard) return;
    wasUnheard = true;
    logger.debug(
      "This server cannot be told how far jobs are: only a Millrace broker that asks can",
    );
  };

  return {
    say(context, progress) {
      said.set(context, progress);
      // At the end of this turn: a handler may say more in it.
      if (isResting || isStopped) return;
      isResting = true;
      clock.defer(send);
    },
    take() {
      const taken = stated;
      stated = [];
      return taken;
    },
    stop() {
      isStopped = true;
      disarm();
    },
  };
}

/**
 * What a handler said, as it is sent.
 *
 * @throws {RangeError} If the value is not from 0 to 1.
 */
export function toProgress(value: number, message: string | undefined): JobProgress {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw new RangeError(`Cannot use progress ${show(value)}: expected a number from 0 to 1`);
  }
  if (message === undefined) return value;
  return { value, message: message.slice(0, longestMessage).toWellFormed() };
}

/** Characters of a message that are told. */
const longestMessage = 1000;
