/**
 * Tells in the log that the broker is away, and that it is back: a line at once, and then at growing intervals, for as long
 * as it lasts. A connection that comes and goes counts as one outage.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { toSpanText } from "../async/span-text.ts";
import { isMillraceError, type ResponseError } from "../errors.ts";
import type { Logger } from "../log.ts";

/** What an outage is told by. */
export interface OutageOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the broker is; undefined if it is in the same process. */
  readonly url: string | undefined;
}

/** Whether the broker is away. */
export interface Outage {
  /** Why no connection could be had the last time; undefined while there is one. */
  readonly reason: string | undefined;
  /** No jobs can be taken; `retryInMs` is when that is tried again. */
  disconnected(
    event: { readonly error: unknown; readonly retryInMs: number; readonly isRefusal: boolean },
  ): void;
  /** Jobs can be taken, for the first time or again. */
  connected(fields: Readonly<Record<string, unknown>>): void;
  /** A call beside that has failed for the moment and will be made again; `what` follows from that. */
  failed(error: unknown, what: string): void;
  /** Such a call has succeeded. */
  over(): void;
}

/** The time from one line to the next, in ms: the first, how it grows, and its end. */
const firstPauseMs = 5000;
const growth = 3;
const longestPauseMs = 900_000;

/** A broker that was there for so long, in ms, may be away anew. */
const soundMs = 60_000;

/** So many calls in a row have to fail before that is told, if the connection itself is said to stand. */
const failuresInARow = 3;

/** Creates what tells of outages. */
export function createOutage({ clock, logger, url }: OutageOptions): Outage {
  const broker = url === undefined ? "Broker" : `Broker ${url}`;
  const stream = createTopic(clock);
  const calls = createTopic(clock);
  let reason: string | undefined;
  let failures = 0;
  let wasConnected = false;

  return {
    get reason() {
      return reason;
    },
    disconnected({ error, retryInMs, isRefusal }) {
      reason = `${broker} ${toFault(error)}`;
      logger.debug("Not connected, will try again", { error, retryInMs });
      const awayMs = stream.fail(isRefusal);
      if (awayMs === undefined) return;
      const since = awayMs > 0 ? `, for ${toSpanText(awayMs)} now` : "";
      logger[isRefusal ? "error" : "warn"](`${reason}${since}, again in ${toSpanText(retryInMs)}`);
    },
    connected(fields) {
      reason = undefined;
      failures = 0;
      calls.succeed();
      const awayMs = stream.succeed();
      const to = url === undefined ? "" : ` to ${url}`;
      if (awayMs === undefined) logger.info(`Connected${to}`, fields);
      else {
        const again = wasConnected ? " again" : "";
        logger.warn(`Connected${again}${to}, after ${toSpanText(awayMs)}`, fields);
      }
      wasConnected = true;
    },
    failed(error, what) {
      failures++;
      logger.debug("A call failed, will try again", { error });
      const isPassing = isMillraceError(error) && error.retryable;
      if (isPassing && (reason !== undefined || failures < failuresInARow)) return;
      if (calls.fail() === undefined) return;
      logger.warn(`${broker} ${toFault(error)}: ${what}`);
    },
    over() {
      if (failures === 0) return;
      failures = 0;
      const awayMs = calls.succeed();
      if (awayMs !== undefined) logger.warn(`${broker} does what it is asked for again`);
    },
  };
}

/** When something that fails again and again is told. */
function createTopic(clock: Clock) {
  let lines = 0;
  let refusals = 0;
  let toldAt = 0;
  let failingSince: number | undefined;
  let soundSince: number | undefined;
  let isTold = false;

  return {
    /** How long it has failed, in ms, if that is to be told now. */
    fail(isRefusal = false): number | undefined {
      const now = clock.monotonic();
      if (failingSince === undefined && soundSince !== undefined && now - soundSince >= soundMs) {
        lines = 0;
        refusals = 0;
      }
      // It may need a person, so it does not wait behind what needs none.
      const isNews = isRefusal && ++refusals === 1;
      if (isNews) failingSince = undefined;
      failingSince ??= now;
      const pauseMs = Math.min(firstPauseMs * growth ** (lines - 1), longestPauseMs);
      if (lines > 0 && !isNews && now - toldAt < pauseMs) return undefined;
      lines++;
      toldAt = now;
      isTold = true;
      return now - failingSince;
    },
    /** How long it had failed, in ms, if that was told. */
    succeed(): number | undefined {
      const now = clock.monotonic();
      const awayMs = now - (failingSince ?? now);
      if (failingSince !== undefined || soundSince === undefined) soundSince = now;
      failingSince = undefined;
      if (!isTold) return undefined;
      isTold = false;
      return awayMs;
    },
  };
}

/** What the runtimes say when nobody listens, when there is no such name, and when a connection ends too early. */
const faults: readonly (readonly [sign: RegExp, fault: string])[] = [
  [/ECONNREFUSED|ConnectionRefused|connection refused|Unable to connect/i, "refuses connections"],
  [/ENOTFOUND|EAI_AGAIN|getaddrinfo|dns error|failed to lookup/i, "has a name that is not known"],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|unreachable/i, "cannot be reached"],
  [
    /ECONNRESET|EPIPE|ConnectionClosed|UND_ERR_SOCKET|reset|closed|hang up|broke off|cut off/i,
    "broke the connection off",
  ],
];

/** What the broker does, by the error of a call; undefined is a stream that it ended. */
function toFault(error: unknown): string {
  if (error === undefined) return "ended the connection";
  if (!isMillraceError(error)) return `cannot be reached (${error})`;
  const { status } = error as Partial<ResponseError>;
  switch (error.code) {
    case "network": {
      const signs = signsOf(error);
      const fault = faults.find(([sign]) => sign.test(signs))?.[1];
      return fault ?? `cannot be reached (${error.message})`;
    }
    case "timeout":
      return `does not answer (${error.message})`;
    case "server":
      return `fails with ${status} (${error.message})`;
    case "protocol":
      return `does not speak the protocol (${error.message})`;
    default:
      return status === undefined
        ? `cannot be used (${error.message})`
        : `refuses this worker with ${status} (${error.message})`;
  }
}

/** The codes and messages of an error and its causes. */
function signsOf(error: unknown): string {
  const signs: unknown[] = [];
  let present: unknown = error;
  for (let depth = 0; depth < 5 && present instanceof Error; depth++) {
    signs.push((present as { readonly code?: unknown }).code, present.message);
    present = present.cause;
  }
  return signs.join(" ");
}
