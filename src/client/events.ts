/**
 * Listening to what happens to jobs. It is apart from the client, so that a program that only enqueues does not load it.
 *
 * @module
 */

import { backoffMs, type BackoffRange } from "../async/backoff.ts";
import { systemRandom } from "../async/clock.ts";
import { checkNotNegative } from "../async/duration.ts";
import { watchSilence } from "../async/silence.ts";
import { wait } from "../async/wait.ts";
import {
  askedDelayMs,
  isMillraceError,
  NetworkError,
  ProtocolError,
  TimeoutError,
} from "../errors.ts";
import { cursorHeader, type EventGap, type EventKind, type JobEvent } from "../protocol/events.ts";
import { readEventFrame, toEventParams } from "../protocol/events-read.ts";
import { createNdjsonDecoder } from "../protocol/frames-ndjson.ts";
import { eventRoutes } from "../protocol/routes.ts";
import { clientJson } from "../protocol/client-json.ts";
import { streamMediaTypes } from "../protocol/stream-format.ts";
import { decodeOrThrow, isOk, toError } from "./answer.ts";
import { abortBy, untilAborted } from "./deadline.ts";
import { explainMissing } from "./endpoint.ts";
import { type ClientOptions, toClientSettings } from "./options.ts";
import { createTransport } from "./transport.ts";

/** Which events to listen to, those that fit every member given; and from where on. */
export interface ListenOptions {
  /** Of this job, or of any of these, by their ids. */
  readonly id?: string | readonly string[] | undefined;
  /** Of jobs of this type, or of any of these. */
  readonly type?: string | readonly string[] | undefined;
  /** Of jobs in this queue, or in any of these, and of those that leave it. */
  readonly queue?: string | readonly string[] | undefined;
  /** Of jobs that have this tag, or any of these. */
  readonly tag?: string | readonly string[] | undefined;
  /** Of jobs that are tracked (`true`), or that are not (`false`). */
  readonly tracked?: boolean | undefined;
  /** Of jobs that this worker takes or had, or any of these, by what they call themselves. */
  readonly worker?: string | readonly string[] | undefined;
  /** Of this kind, or of any of these. */
  readonly kinds?: EventKind | readonly EventKind[] | undefined;
  /**
   * The cursor of an event: goes on behind it.
   *
   * @default {none: what happens from now on}
   */
  readonly after?: string | undefined;
  /** Ends the listening: the iteration throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A connection on which nothing arrives for so long is opened anew, in ms. The broker sends heartbeats, each 3 s unless its
   * operator says otherwise.
   *
   * @default {30000}
   */
  readonly idleTimeoutMs?: number | undefined;
  /** Called when a connection ends or cannot be opened, and will be opened again. Must not throw. */
  readonly disconnected?: ((event: ListenDisconnect) => void) | undefined;
}

/** A connection ended, and will be opened again. */
export interface ListenDisconnect {
  /** Why; undefined if the broker ended it. */
  readonly error: unknown;
  /** When the next attempt is made, in ms from now. */
  readonly retryInMs: number;
}

/**
 * Tells what happens to the jobs of one broker.
 */
export interface EventsClient {
  /**
   * Listens until the loop is left, or the signal is aborted. A connection that breaks is opened again, and goes on behind the
   * last event, so that none is lost and none comes twice. Where that cannot be, as the broker keeps events for some minutes
   * only, an event `gap` says so.
   *
   * @param options Which events, and from where on.
   * @returns The events, one by one. Its `next()` rejects with the reason of the signal, and with a `RefusedError` or
   * `NotFoundError` if the server does not let this client listen.
   */
  listen(options?: ListenOptions): AsyncIterableIterator<JobEvent | EventGap>;
}

/** Delays between attempts to connect. */
const reconnect: BackoffRange = { baseMs: 250, maxMs: 30_000 };

/**
 * Creates a client of the events of the broker at `url`, or of a broker in the same process (`fetch: broker.fetch`).
 *
 * It holds no connection until it listens.
 *
 * @param options Those of `createClient`.
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createEvents } from "@millrace/millrace/client";
 *
 * const events = createEvents({ url: "http://127.0.0.1:7890" });
 *
 * export async function watch(signal: AbortSignal) {
 *   for await (const event of events.listen({ queue: "mail", kinds: ["failed", "died"], signal })) {
 *     if (event.event === "gap") console.log("some events are lost");
 *     else console.log(`${event.type} ${event.id} ${event.event}`);
 *   }
 * }
 * ```
 */
export function createEvents(options: ClientOptions): EventsClient {
  const transport = createTransport(toClientSettings(options));
  const { clock } = transport.settings;
  const random = options.random ?? systemRandom;
  const route = eventRoutes.events;

  /** Opens a stream. */
  const open = async (
    params: readonly string[],
    cursor: string | undefined,
    signal: AbortSignal,
  ) => {
    const query = cursor === undefined ? params : [...params, `after=${cursor}`];
    const headers = { accept: streamMediaTypes.ndjson };
    const answer = await transport.exchange({ route, query }, headers, signal, true);
    if (!isOk(answer.status)) {
      throw explainMissing(await toError(answer, transport.settings.codecs), route);
    }
    const body = answer.stream();
    const type = answer.header("content-type") ?? "";
    if (body !== null && type.startsWith(streamMediaTypes.ndjson)) {
      return { body, cursor: answer.header(cursorHeader) ?? cursor };
    }
    void body?.cancel().catch(() => {});
    throw new ProtocolError(
      `Cannot listen to an answer of type '${type}': expected ${streamMediaTypes.ndjson}`,
    );
  };

  async function* listen(
    params: readonly string[],
    { after, signal: given, idleTimeoutMs = 30_000, disconnected }: ListenOptions,
  ): AsyncGenerator<JobEvent | EventGap, void> {
    let cursor = after;
    let failures = 0;

    /** Reads one connection to its end. */
    async function* connect(
      controller: AbortController,
    ): AsyncGenerator<JobEvent | EventGap, void> {
      const { signal } = controller;
      const openedAt = clock.monotonic();
      const silence = watchSilence(clock, idleTimeoutMs, () => {
        silence.heard();
        controller.abort(new TimeoutError(`Heard nothing for ${idleTimeoutMs} ms`));
      });
      let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
      try {
        const opened = await untilAborted((signal) => open(params, cursor, signal), signal);
        cursor = opened.cursor;
        const own = reader = opened.body.getReader();
        // A body that was made by hand does not end by itself when its request is aborted.
        signal.addEventListener("abort", () => void own.cancel(signal.reason).catch(() => {}));
        const decoder = createNdjsonDecoder();
        for (;;) {
          const { done, value } = await own.read();
          signal.throwIfAborted();
          if (done) return decoder.end();
          silence.heard();
          for (const bytes of decoder.push(value)) {
            const frame = decodeOrThrow(() => readEventFrame(clientJson.decode(bytes)));
            cursor = frame.cursor;
            if (frame.event === undefined) continue;
            failures = 0;
            yield frame.event;
          }
        }
      } finally {
        silence.stop();
        // A stream that lasted is a success even without events; one that was only opened is not.
        if (clock.monotonic() - openedAt >= idleTimeoutMs / 4) failures = 0;
        // Cancelling tells a broker in the same process, aborting frees a connection. Neither does both everywhere.
        const cancelled = reader?.cancel().catch(() => {});
        controller.abort();
        await cancelled;
      }
    }

    for (;;) {
      const controller = new AbortController();
      const unfollow = abortBy(controller, given, Infinity, clock);
      let error: unknown;
      try {
        yield* connect(controller);
      } catch (cause) {
        given?.throwIfAborted();
        const failure = controller.signal.reason instanceof TimeoutError
          ? controller.signal.reason
          : cause;
        if (isMillraceError(failure) && !failure.retryable) throw failure;
        error = isMillraceError(failure)
          ? failure
          : new NetworkError("Stream of events broke off", { cause: failure });
      } finally {
        unfollow();
      }
      const retryInMs = Math.max(backoffMs(++failures, reconnect, random), askedDelayMs(error));
      disconnected?.({ error, retryInMs });
      await wait(retryInMs, clock, given ?? new AbortController().signal);
    }
  }

  return {
    listen(options = {}) {
      checkNotNegative("idleTimeoutMs", options.idleTimeoutMs ?? 0);
      const { kinds, ...filter } = options;
      return listen(toEventParams({ ...filter, kind: kinds }), options);
    },
  };
}
