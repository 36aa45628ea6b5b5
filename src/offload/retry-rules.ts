/**
 * Whether a request is sent again, and when.
 *
 * | What came                                      | What follows                                                       |
 * | ---------------------------------------------- | ------------------------------------------------------------------ |
 * | a status or a failure that is not in the lists | it is delivered                                                    |
 * | one that is, with tries left                   | it is sent again, when the server asks for it or after the backoff |
 * | the same, but the wait would go beyond the deadline | it is delivered                                               |
 *
 * How often it was sent is read from the failures of its job: each try leaves one there, and each lost worker another.
 *
 * @module
 */

import { backoffMs } from "../async/backoff.ts";
import type { Random } from "../async/clock.ts";
import type { Client } from "../client/client.ts";
import type { Job } from "../protocol/job.ts";
import type { ExchangeOutcome } from "./exchange/ports.ts";
import type { RetryRecord } from "./records.ts";

/** The defaults of version 1 of the record: those of another version may be others. */
const defaults = {
  statuses: [408, 425, 429, 500, 502, 503, 504],
  kinds: ["timeout", "connection"],
  baseMs: 1000,
  maxMs: 3_600_000,
} as const;

/** That a request is sent again: the error in the record of its job. */
export class HttpRetry extends Error {
  /** The literal name of this class, by which the record is known again. */
  override readonly name = "HttpRetry";

  /** Takes what is told of it. It is no defect: where it was thrown would only fill the log. */
  constructor(message: string) {
    super(message);
    this.stack = `${this.name}: ${message}`;
  }
}

/** What went before a try. */
export interface Tries {
  /** How often the request was answered, or failed, and was to be sent again. */
  readonly retries: number;
  /** How often a worker was lost that had it. */
  readonly losses: number;
  /** Why the broker did not take what came of it, if that happened. */
  readonly refusal: string | undefined;
  /** How long ago the first try began, by the broker's clock, in ms. */
  readonly sinceFirstMs: number;
}

/** What a broker calls the end of a lease that nobody renewed. */
const lost = "LeaseLost";

/** What a broker or a client says of a job that cannot be stored as it is. */
const refusals: readonly (string | undefined)[] = ["RefusedError", "PayloadError"];

/** Nothing went before. */
export const noTries: Tries = { retries: 0, losses: 0, refusal: undefined, sinceFirstMs: 0 };

/**
 * Reads what went before. Only a job that has failed before costs a call.
 *
 * @param client Lists the failures of the job.
 * @throws {MillraceError} If they cannot be had.
 */
export async function readTries(
  job: Job,
  { client, signal }: {
    readonly client: Pick<Client, "errors"> | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Tries> {
  if (job.attempts === 0 || client === undefined) {
    return { ...noTries, retries: job.attempts };
  }
  let retries = 0;
  let losses = 0;
  let refusal: string | undefined;
  let firstAt = job.dequeuedAt ?? 0;
  const errors = client.errors(job.id, { limit: 100 }, { signal });
  for await (const { errorType, dequeuedAt, message } of errors) {
    if (errorType === "HttpRetry") retries++;
    if (errorType === lost) losses++;
    if (refusals.includes(errorType)) refusal = message;
    firstAt = Math.min(firstAt, dequeuedAt);
  }
  return { retries, losses, refusal, sinceFirstMs: (job.dequeuedAt ?? firstAt) - firstAt };
}

/**
 * How long to wait before a request is sent again, in ms; undefined if what came is delivered.
 *
 * @param outcome What came.
 * @param retry What the request says of that.
 * @param terms What went before, how long this try took, the time for dates of servers, and chance.
 */
export function retryDelay(
  outcome: ExchangeOutcome,
  retry: RetryRecord | undefined,
  terms: {
    readonly tries: Tries;
    readonly tookMs: number;
    readonly now: number;
    readonly random: Random;
  },
): number | undefined {
  if (retry === undefined || outcome.kind === "stopped") return undefined;
  const { tries: { retries, sinceFirstMs }, tookMs, now, random } = terms;
  if (retries >= retry.limit) return undefined;
  const statuses: readonly number[] = retry.statuses ?? defaults.statuses;
  const kinds: readonly string[] = retry.kinds ?? defaults.kinds;
  const isFit = outcome.kind === "response"
    ? statuses.includes(outcome.status)
    : kinds.includes(outcome.failure.kind);
  if (!isFit) return undefined;
  const asked = outcome.kind === "response" ? retryAfterMs(outcome.headers, now) : undefined;
  const { baseMs = defaults.baseMs, maxMs = defaults.maxMs } = retry;
  const delayMs = asked ?? backoffMs(retries + 1, { baseMs, maxMs }, random);
  const { deadlineMs = Infinity } = retry;
  return sinceFirstMs + tookMs + delayMs > deadlineMs ? undefined : delayMs;
}

/** Years are no wait. */
const longestMs = 7 * 86_400_000;

/** A date of HTTP has words and a time. Engines read dates out of other things too, such as `1.5`, and those have long passed. */
const httpDate = /^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i;

/** What a server asks for by `retry-after`: seconds, or a date; nothing if it is neither. */
function retryAfterMs(
  headers: readonly (readonly [string, string])[],
  now: number,
): number | undefined {
  const text = headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1].trim();
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text)
    ? Number(text) * 1000
    : httpDate.test(text)
    ? Date.parse(text) - now
    : NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestMs);
}
