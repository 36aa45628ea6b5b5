/**
 * Asks for jobs, call after call, while there is room for them: an intake without a stream. A call waits at the broker when
 * nothing is ready, so an idle worker makes one call in twenty seconds.
 *
 * With an order over the queues, each queue is asked on its own until one has jobs. When none has, one call waits for all
 * of them, and what it brings is the one thing that comes in the broker's order.
 *
 * @module
 */

import { backoffMs, type BackoffRange } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import { askedDelayMs, isMillraceError } from "../errors.ts";
import type { Job } from "../protocol/job.ts";
import type { DisconnectedEvent } from "./events.ts";
import type { Intake } from "./intake.ts";
import type { Outage } from "./outage.ts";
import { createPauses } from "./pauses.ts";
import type { QueueOrder } from "./queue-order.ts";

/** What is asked for. */
export interface PullRequest {
  /** Undefined is all. */
  readonly queues: readonly string[] | undefined;
  readonly count: number;
  /** How long the call may wait at the broker, in ms. */
  readonly waitMs: number;
}

/** What a puller needs. */
export interface PullerOptions {
  /** Asks for jobs. */
  take(request: PullRequest, signal: AbortSignal): Promise<readonly Job[]>;
  readonly queues: readonly string[] | undefined;
  readonly order: QueueOrder | undefined;
  /** For how many more jobs there is room now. */
  room(): number;
  readonly clock: Clock;
  readonly random: Random;
  /** Gets told of calls that fail. */
  readonly outage: Outage;
  /** Jobs have come. */
  received(jobs: readonly Job[]): void;
  /** The broker has answered, for the first time or after a failure. */
  connected(): void;
  /** A call failed. */
  disconnected(event: DisconnectedEvent): void;
  /** The broker refused the very first call: it is not asked again. */
  refused(error: unknown): void;
  /** Nothing is ready. If it is given, no call waits at the broker; the next one is made when there is news here. */
  readonly empty: (() => void) | undefined;
}

/** An intake that asks. */
export interface Puller extends Intake {
  /** There is another room than before: looks at it at once, and ends a call that waits at the broker. */
  interrupt(): void;
}

/** How long a call waits at the broker, in ms. */
const longPollMs = 20_000;
/** The least time between two calls that bring nothing, in ms. */
const leastPauseMs = 500;
/** The most jobs that are asked for with one call. */
const mostAtOnce = 500;
/** Delays between calls that fail. */
const again: BackoffRange = { baseMs: 250, maxMs: 30_000 };

/** Creates a puller. */
export function createPuller(options: PullerOptions): Puller {
  const { queues, order, room, clock, random, outage, empty } = options;
  const closing = new AbortController();
  const pauses = createPauses(clock);
  let call = new AbortController();
  let news = Promise.withResolvers<void>();
  let isConnected = false;
  let wasConnected = false;
  let isStopping = false;
  let lastHeardAt: number | undefined;
  let problem: unknown;
  let failures = 0;
  let pulling: Promise<void> | undefined;

  const wake = () => {
    news.resolve();
    pauses.end();
  };

  const heard = () => {
    failures = 0;
    problem = undefined;
    lastHeardAt = clock.now();
    if (isConnected) return;
    isConnected = wasConnected = true;
    options.connected();
  };

  const ask = async (request: PullRequest): Promise<readonly Job[]> => {
    const jobs = await options.take(request, call.signal);
    heard();
    if (jobs.length > 0) options.received(jobs);
    return jobs;
  };

  /** Asks queue by queue; whether there were any jobs. */
  const askInOrder = async (order: QueueOrder, count: number): Promise<boolean> => {
    const most = Math.min(count, order.atOnce ?? count);
    const asked = order.next();
    for (const queue of asked) {
      const jobs = await ask({ queues: [queue], count: most, waitMs: 0 });
      if (jobs.length > 0) {
        order.asked(queue);
        return true;
      }
      if (isStopping) return true;
    }
    const last = asked.at(-1);
    if (last !== undefined) order.asked(last);
    return false;
  };

  const pullOnce = async (count: number): Promise<void> => {
    // The first call tells that the broker can be reached, and does not wait.
    const waitMs = isConnected && empty === undefined ? longPollMs : 0;
    if (order !== undefined && await askInOrder(order, count)) return;
    if (order === undefined || empty === undefined) {
      const askedAt = clock.monotonic();
      const jobs = await ask({ queues, count: order === undefined ? count : 1, waitMs });
      if (jobs.length === 1) order?.asked(jobs[0]!.queue);
      if (jobs.length > 0) return;
      // A broker that does not wait is not asked all the time.
      const restMs = waitMs === 0 ? 0 : leastPauseMs - (clock.monotonic() - askedAt);
      if (restMs > 0) await wait(restMs, pauses.clock, closing.signal).catch(() => {});
    }
    if (empty === undefined) return;
    empty();
    await news.promise;
  };

  const failed = async (error: unknown) => {
    isConnected = false;
    const isPassing = isMillraceError(error) && error.retryable;
    if (!isPassing && !wasConnected) {
      isStopping = true;
      return options.refused(error);
    }
    if (!isPassing) {
      failures = Infinity;
      problem = error;
    }
    const askedMs = askedDelayMs(error);
    const retryInMs = Math.max(backoffMs(++failures, again, random), askedMs);
    outage.disconnected({ error, retryInMs, isRefusal: !isPassing });
    options.disconnected({ error, retryInMs });
    const delays = !isPassing && askedMs === 0 ? pauses.clock : clock;
    await wait(retryInMs, delays, closing.signal).catch(() => {});
  };

  const pull = async () => {
    while (!isStopping) {
      call = new AbortController();
      news = Promise.withResolvers();
      const count = Math.min(room(), mostAtOnce);
      if (count < 1) {
        await news.promise;
        continue;
      }
      try {
        await pullOnce(count);
      } catch (error) {
        if (!call.signal.aborted) await failed(error);
      }
    }
  };

  return {
    get isConnected() {
      return isConnected;
    },
    isSilent: false,
    get lastHeardAt() {
      return lastHeardAt;
    },
    get problem() {
      return problem;
    },
    open() {
      pulling = pull();
    },
    tryNow: wake,
    interrupt() {
      call.abort();
      wake();
    },
    stopTaking() {
      isStopping = true;
      call.abort();
      wake();
    },
    renew() {},
    async close() {
      isStopping = true;
      closing.abort();
      call.abort();
      wake();
      await pulling;
    },
  };
}
