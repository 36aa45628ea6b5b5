/**
 * Tells the broker what came of jobs: successes in batches, failures one by one.
 *
 * Successes are sent at once; they gather only while a request is under way, and go together with the next one. So a
 * slow broker gets larger batches. There is no timer: the broker delivers a next job only when one is reported.
 *
 * A report is repeated until the broker itself has answered it. What a proxy before it says is no answer: a job whose
 * report was dropped would stay in flight for as long as the worker lives, and take a place from others.
 *
 * @module
 */

import type { Clock, Random } from "../async/clock.ts";
import { createPool } from "../async/pool.ts";
import type { Client } from "../client/client.ts";
import { retry, type RetryPolicy } from "../client/retry.ts";
import { isMillraceError, mayPass, type NotFoundError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Failure } from "../protocol/failure.ts";

/** What an acker needs. */
export interface AckerOptions {
  readonly client: Pick<Client, "successMany" | "failure">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the requests that are under way, and drops what waits. */
  readonly signal: AbortSignal;
  /** The broker has confirmed these successes; those in `notFound` were not in flight. */
  acked(ids: readonly string[], notFound: readonly string[]): void;
  /** The broker refused the report of these successes. */
  dropped(ids: readonly string[]): void;
}

/** A failure that is being reported. */
interface FailureReport {
  readonly id: string;
  readonly failure: Failure;
  readonly done: (found: boolean) => void;
}

/** Reports what came of jobs; each report is sent until the broker confirms or refuses it. */
export interface Acker {
  /** The last refusal of a report, by the broker or by a proxy; undefined again when a report is confirmed. */
  readonly problem: unknown;
  /** Reports a success. */
  succeed(id: string): void;
  /** Reports a failure. Calls `done` when it is confirmed or refused, with false if the job was not in flight. */
  fail(id: string, failure: Failure, done: (found: boolean) => void): void;
  /** Resolves when there is nothing left to report. */
  idle(): Promise<void>;
}

/** The most ids that go with one request. */
const longestBatch = 1000;
/** The most failures that are under way at a time. */
const mostFailures = 8;

/** Creates an acker. */
export function createAcker(options: AckerOptions): Acker {
  const { client, clock, random, logger, signal, acked, dropped } = options;
  const policy: RetryPolicy = {
    limit: Infinity,
    baseDelayMs: 250,
    maxDelayMs: 30_000,
    clock,
    random,
    isPassing: mayPass,
  };
  let problem: unknown;
  let waiting: string[] = [];
  let sending: Promise<void> | undefined;

  /**
   * Sends a report until it is confirmed, and gives the answer. A report that is refused is logged and dropped, because
   * it would block the others for ever; the result is undefined then.
   */
  const persist = async <Result>(
    ids: readonly string[],
    report: () => Promise<Result>,
  ): Promise<Result | undefined> => {
    try {
      const result = await retry(() => report().catch(warn), policy, signal);
      problem = undefined;
      return result;
    } catch (error) {
      if (signal.aborted) return undefined;
      problem = error;
      logger.error("Broker refused a report; its jobs stay in flight until the worker stops", {
        ids,
        error,
      });
      return undefined;
    }
  };

  const warn = (error: unknown): never => {
    if (!signal.aborted && isMillraceError(error) && mayPass(error)) {
      logger.warn("Cannot report to the broker, will try again", { error });
      // A short break of the network is no reason to be unhealthy; a proxy that refuses may need a person.
      if (!error.retryable) problem = error;
    }
    throw error;
  };

  const sendSuccesses = async () => {
    // Lets handlers that are about to return do so first; else each first batch would have a single id.
    await new Promise<void>((resolve) => clock.defer(resolve));
    while (waiting.length > 0 && !signal.aborted) {
      const ids = waiting.slice(0, longestBatch);
      waiting = waiting.slice(longestBatch);
      const report = await persist(ids, () => client.successMany(ids, { signal }));
      if (report === undefined) dropped(ids);
      else acked(ids, report.notFound);
    }
    sending = undefined;
  };

  const failures = createPool<FailureReport>(mostFailures, async ({ id, failure, done }) => {
    const found = await persist(
      [id],
      () => client.failure(id, failure, { signal }).then(() => true, asNotFound),
    );
    done(found ?? true);
  });

  return {
    get problem() {
      return problem;
    },
    succeed(id) {
      waiting.push(id);
      sending ??= sendSuccesses();
    },
    fail: (id, failure, done) => failures.add({ id, failure, done }),
    async idle() {
      while (sending !== undefined || failures.running > 0) {
        await sending;
        await failures.idle();
      }
    },
  };
}

function asNotFound(error: unknown): false {
  const isOfBroker = isMillraceError(error) && error.code === "not_found" &&
    (error as NotFoundError).fromBroker;
  if (isOfBroker) return false;
  throw error;
}
