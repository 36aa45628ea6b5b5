/**
 * Sends one call of the protocol and gives its answer. Headers, bodies, deadline and retries are made here.
 *
 * @module
 */

import type { Codec } from "../protocol/codec.ts";
import { isMillraceError } from "../errors.ts";
import { extensionsHeader, extensionsVersion } from "../protocol/extensions.ts";
import { idempotencyHeader } from "../protocol/idempotency.ts";
import { enqueueRoutes, type Route, toPath } from "../protocol/routes.ts";
import { type Answer, decodeOrThrow, readAnswer } from "./answer.ts";
import { type CallOptions, withDeadline } from "./deadline.ts";
import type { ClientSettings } from "./options.ts";
import { createPort, toNetworkError } from "./port.ts";
import type { PortAnswer } from "./port-types.ts";
import { repeatKeyed } from "./repeat-keyed.ts";
import { retry } from "./retry.ts";
import { createServerClock, type ServerClock } from "./server-clock.ts";

/** One call. The row of the route table says whether it is sent again when it fails for the moment. */
export interface ClientCall {
  /** The row of the route table. */
  readonly route: Route;
  /** What stands in the places of the route's path. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** The parts of the query string, encoded. */
  readonly query?: readonly string[];
  /** The path with its query string, where a server gave it; instead of `params` and `query`. */
  readonly path?: string;
  /** The body, not yet encoded. */
  readonly body?: unknown;
  /** The body, encoded in the client's format; instead of `body`. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** What the call goes by when it is repeated; a route that repeats by key is sent once without. */
  readonly key?: string | undefined;
  /** A status of 400 or more that is an answer and no error. */
  readonly acceptStatus?: number;
  /**
   * Called before each try, with how many there were before. The answer that it gives, if it gives one, is that of the
   * call, and nothing is sent.
   */
  readonly before?:
    | ((retries: number, signal: AbortSignal) => Promise<Answer | undefined>)
    | undefined;
}

/** Sends calls. */
export interface Transport {
  /** What the client was made from. */
  readonly settings: ClientSettings;
  /** What its answers show of the server's clock. */
  readonly serverClock: ServerClock;
  /** The client's codec. */
  readonly codec: Codec;
  /**
   * Sends a call once; a failure is a `NetworkError` or the signal's reason.
   *
   * @param streamed Whether the answer is read as a stream.
   */
  exchange(
    call: ClientCall,
    headers: Record<string, string>,
    signal: AbortSignal,
    streamed: boolean,
  ): Promise<PortAnswer>;
  /** Sends a call within its deadline, again where its route allows that. */
  send(call: ClientCall, options: CallOptions | undefined): Promise<Answer>;
  /** Sends a call and reads the value of its answer. */
  call<Result>(
    call: ClientCall,
    options: CallOptions | undefined,
    read: (value: unknown) => Result,
  ): Promise<Result>;
}

/** Creates a transport. */
export function createTransport(settings: ClientSettings): Transport {
  const { base, token, clock } = settings;
  const { codecs } = settings;
  const [codec] = codecs;
  const { mediaType } = codec;
  const port = createPort(settings.fetch);
  const serverClock = createServerClock(clock);
  /** Whether the server is known to keep idempotency keys. */
  let keepsKeys = false;
  const learn = (answer: PortAnswer) => {
    keepsKeys ||= answer.header(extensionsHeader) === extensionsVersion;
  };

  const transport: Transport = {
    settings,
    serverClock,
    codec,

    async exchange(call, headers, signal, streamed) {
      if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
      const { route, params, query = [] } = call;
      const url = base + (call.path ?? withQuery(toPath(route, params), query));
      if (call.key !== undefined) headers[idempotencyHeader] = call.key;
      const asksForKeys = call.key !== undefined && !keepsKeys;
      const isLook = route.method === "GET" || query.length > 0;
      if (isLook || asksForKeys) headers[extensionsHeader] = extensionsVersion;
      let body = call.bytes;
      if (body !== undefined || call.body !== undefined) {
        headers["content-type"] = mediaType;
        body ??= codec.encode(call.body);
      }
      let answer: PortAnswer;
      const sentAt = clock.monotonic();
      try {
        answer = await port({ method: route.method, url, headers, body, signal, streamed });
      } catch (error) {
        throw signal.aborted ? error : toNetworkError(error, { method: route.method, url });
      }
      answer.asked = { method: route.method, url, id: params?.["id"] };
      serverClock.observe(answer, sentAt);
      if (asksForKeys) learn(answer);
      // Nobody waits for this answer any more: free its connection.
      if (signal.aborted) void answer.stream()?.cancel(signal.reason).catch(() => {});
      return answer;
    },

    send(call, options = {}) {
      const ask = (call: ClientCall, signal: AbortSignal) =>
        transport.exchange(call, { accept: mediaType }, signal, false);
      const attempt = async (signal: AbortSignal, retries: number): Promise<Answer> => {
        const received = await call.before?.(retries, signal);
        if (received !== undefined) return received;
        // A 404 to a later try says that an earlier one was received and its answer lost.
        const acceptsNotFound = retries > 0 && repeat === "until-received";
        return await readAnswer(
          await ask(call, signal),
          codecs,
          acceptsNotFound ? 404 : call.acceptStatus,
        );
      };
      const attemptKeyed = async (signal: AbortSignal): Promise<Answer> => {
        const since = clock.monotonic();
        // Written once: a payload may change while its call is under way, and another body would be refused.
        const bytes = call.bytes ?? codec.encode(call.body);
        const send = async () => await readAnswer(await ask({ ...call, bytes }, signal), codecs);
        try {
          return await send();
        } catch (failure) {
          const isPassing = isMillraceError(failure) && failure.retryable;
          if (!isPassing || settings.retry.limit <= 0) throw failure;
          const look = async () => {
            const answer = await ask({ route: enqueueRoutes.version }, signal);
            await readAnswer(answer, codecs);
            learn(answer);
          };
          const failed = { failure, since, send, look, keepsKeys: () => keepsKeys };
          return await repeatKeyed(failed, settings.retry, signal);
        }
      };
      const { repeat } = call.route;
      const { signal, timeoutMs = settings.timeoutMs } = options;
      return withDeadline(
        (signal) => {
          if (call.key !== undefined) return attemptKeyed(signal);
          return repeat === "never" || repeat === "keyed"
            ? attempt(signal, 0)
            : retry((retries) => attempt(signal, retries), settings.retry, signal);
        },
        { signal, timeoutMs },
        clock,
        () => `${call.route.method} ${base}${call.route.path}`,
      );
    },

    async call(call, options, read) {
      const { value } = await transport.send(call, options);
      return decodeOrThrow(() => read(value));
    },
  };
  return transport;
}

/** A path with a query string, if there is anything to query. */
export function withQuery(path: string, query: readonly string[]): string {
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
}

/** The reader of an answer that says nothing. */
export function ignoreBody(): void {}
