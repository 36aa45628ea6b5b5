/**
 * Keeps a take stream open: it is opened again when it breaks, when it ends, and when nothing arrives on it.
 *
 * A connection that is open although nothing arrives looks well, so silence has to be measured. It is counted in
 * ticks of a timer and not by the wall clock. So it is not mistaken for silence when somebody sets the clock, or when
 * the event loop was blocked for a minute and the bytes wait in the socket.
 *
 * @module
 */

import { backoffMs, type BackoffRange } from "../async/backoff.ts";
import type { Clock, Random } from "../async/clock.ts";
import { wait } from "../async/wait.ts";
import type { TakeFrame, TakeStream } from "../client/take-stream.ts";
import { askedDelayMs, isMillraceError, TimeoutError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Ask, type CancelNotice, stopControl } from "../protocol/frames-control.ts";
import type { Job } from "../protocol/job.ts";
import type { DisconnectedEvent } from "./events.ts";
import type { Outage } from "./outage.ts";
import { createPauses } from "./pauses.ts";

/** What an intake needs. */
export interface IntakeOptions {
  /** Opens a stream; the signal ends the stream too. */
  take(signal: AbortSignal): Promise<TakeStream>;
  /** A stream on which nothing arrives for so long is dropped, in ms. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Gets told of connections that are lost. */
  readonly outage: Outage;
  /** The event loop was held for at least so long, in ms. */
  late(lateMs: number): void;
  /** Jobs have come. */
  received(jobs: readonly Job[]): void;
  /** A stream is open until the signal is aborted. */
  connected(stream: TakeStream, signal: AbortSignal): void;
  /** The broker asks what the worker has. */
  asked(ask: Ask): void;
  /** The broker says that these are not the worker's any more, as they came before. */
  lost(ids: readonly string[]): void;
  /** The broker says that these are to be cancelled. */
  cancelled(notices: readonly CancelNotice[]): void;
  /** Somebody has the broker tell the worker to stop. */
  stop(): void;
  /** A stream ended, or could not be opened. The broker delivers its unfinished jobs again. */
  disconnected(event: DisconnectedEvent): void;
  /** The broker refused the very first stream: it is not asked again. */
  refused(error: unknown): void;
}

/** Keeps a take stream open. */
export interface Intake {
  /** Whether a stream is open. */
  readonly isConnected: boolean;
  /** Whether nothing at all arrived for the idle timeout. */
  readonly isSilent: boolean;
  /** When anything last arrived, in ms since the epoch. */
  readonly lastHeardAt: number | undefined;
  /** Why no jobs can be taken, if waiting alone will not help; undefined again when a stream is open. */
  readonly problem: unknown;
  /** Opens the first stream. Call once. */
  open(): void;
  /** The broker has answered something else: if it refused a stream, it is asked again at once. */
  tryNow(): void;
  /** Passes on no more jobs and opens no more streams. The open one stays open, and with it the jobs stay here. */
  stopTaking(): void;
  /** Ends the open stream and opens another one: the broker delivers all jobs again. */
  renew(): void;
  /** Closes the stream: the broker delivers its unfinished jobs to others. */
  close(): Promise<void>;
}

/** Delays between attempts to connect. */
const reconnect: BackoffRange = { baseMs: 250, maxMs: 30_000 };

/** How exactly silence is measured: it is noticed after the idle timeout, at most this part of it late. */
const ticksPerTimeout = 4;

/** Creates an intake. */
export function createIntake(options: IntakeOptions): Intake {
  const { clock, random, logger, outage, idleTimeoutMs } = options;
  const closing = new AbortController();
  /** After a refusal. Others are short, and where streams break off at once they must not become shorter. */
  const pauses = createPauses(clock);
  /** Ends the present connection only. */
  let connection = new AbortController();
  let isConnected = false;
  let wasConnected = false;
  let isStopping = false;
  let silentTicks = 0;
  let lastHeardAt: number | undefined;
  let problem: unknown;
  /** Connections in a row that failed or did not last. */
  let failures = 0;
  let listening: Promise<void> | undefined;
  let stopTicking = () => {};

  const heard = () => {
    silentTicks = 0;
    lastHeardAt = clock.now();
  };

  const tick = () => {
    silentTicks++;
    if (isConnected && silentTicks >= ticksPerTimeout) {
      connection.abort(new TimeoutError(`Heard nothing for ${idleTimeoutMs} ms`));
    }
    tickLater();
  };

  const tickLater = () => {
    const afterMs = idleTimeoutMs / ticksPerTimeout;
    const dueAt = clock.monotonic() + afterMs;
    stopTicking = clock.setTimer(() => {
      options.late(clock.monotonic() - dueAt);
      tick();
    }, afterMs);
  };

  const listen = async () => {
    while (!isStopping) {
      connection = new AbortController();
      let error: unknown;
      let delays = clock;
      try {
        error = await readStream(await options.take(connection.signal));
      } catch (refusal) {
        if (closing.signal.aborted) return;
        error = refusal;
        const isPassing = isMillraceError(refusal) && refusal.retryable;
        if (!isPassing && !wasConnected) return options.refused(refusal);
        if (!isPassing) {
          // Asks seldom from now on and logs an error: a proxy may recover, a wrong token will not. What is no answer of
          // a broker at all, such as a page of a proxy, is no refusal.
          if (!isMillraceError(refusal) || refusal.code !== "protocol") failures = Infinity;
          problem = refusal;
          delays = pauses.clock;
        }
      }
      if (isStopping) return;
      const askedMs = askedDelayMs(error);
      const retryInMs = Math.max(backoffMs(++failures, reconnect, random), askedMs);
      outage.disconnected({ error, retryInMs, isRefusal: delays !== clock });
      options.disconnected({ error, retryInMs });
      await wait(retryInMs, askedMs > 0 ? clock : delays, closing.signal).catch(() => {});
    }
  };

  const receive = (frame: TakeFrame) => {
    switch (frame.kind) {
      case "jobs":
        failures = 0;
        return isStopping ? undefined : options.received(frame.jobs);
      case "ask":
        return options.asked(frame.ask);
      case "lost":
        return options.lost(frame.ids);
      case "cancel":
        return options.cancelled(frame.notices);
      case "control":
        if (frame.name === stopControl) return options.stop();
        return logger.info("Passed over a control frame of an unknown kind", { kind: frame.name });
    }
  };

  /** Reads a stream to its end and gives the error that ended it, or undefined. */
  const readStream = async (stream: TakeStream): Promise<unknown> => {
    const openedAt = clock.monotonic();
    isConnected = wasConnected = true;
    problem = undefined;
    heard();
    options.connected(stream, connection.signal);
    try {
      for await (const frame of stream.frames()) {
        heard();
        receive(frame);
      }
      return undefined;
    } catch (error) {
      if (connection.signal.aborted) return connection.signal.reason;
      // The same job may arrive again and again: a worker that gets no further must not look healthy.
      if (isMillraceError(error) && error.code === "protocol") problem = error;
      return error;
    } finally {
      isConnected = false;
      connection.abort();
      // A stream that lasted is a success even without jobs; one that was only opened is not.
      if (clock.monotonic() - openedAt >= idleTimeoutMs / ticksPerTimeout) failures = 0;
      await stream.close();
    }
  };

  return {
    get isConnected() {
      return isConnected;
    },
    get isSilent() {
      return silentTicks >= ticksPerTimeout;
    },
    get lastHeardAt() {
      return lastHeardAt;
    },
    get problem() {
      return problem;
    },
    open() {
      tickLater();
      listening = listen();
    },
    tryNow: pauses.end,
    stopTaking() {
      isStopping = true;
    },
    renew() {
      if (isConnected) connection.abort(new Error("Opening another stream gives back all jobs"));
    },
    async close() {
      isStopping = true;
      stopTicking();
      closing.abort();
      connection.abort(closing.signal.reason);
      await listening;
    },
  };
}
