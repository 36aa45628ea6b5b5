/**
 * Sends one call of the protocol and gives its answer. Paths, bodies, deadline and retries are made here, headers in
 * `sender.ts`.
 *
 * @module
 */

import type { Codec } from "../protocol/codec.ts";
import { type Route, toPath } from "../protocol/routes.ts";
import { type Answer, decodeOrThrow, readAnswer } from "./answer.ts";
import { type CallOptions, withDeadline } from "./deadline.ts";
import type { ClientSettings } from "./options.ts";
import type { PortAnswer } from "./port-types.ts";
import { retry } from "./retry.ts";
import { createSender } from "./sender.ts";
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
  const { clock, codecs, base } = settings;
  const [codec] = codecs;
  const serverClock = createServerClock(clock);
  const sender = createSender(settings, serverClock.observe);
  // Written once: a payload may change while its call is under way, and another body would be refused.
  const toOutgoing = ({ route, params, query = [], path, body, bytes, key }: ClientCall) => ({
    route,
    path: path ?? withQuery(toPath(route, params), query),
    bytes: bytes ?? (body === undefined ? undefined : codec.encode(body)),
    key,
    id: params?.["id"],
  });

  const transport: Transport = {
    settings,
    serverClock,
    codec,

    exchange: async (call, headers, signal, streamed) =>
      await sender.exchange(toOutgoing(call), headers, signal, streamed),

    async send(call, options = {}) {
      const { repeat } = call.route;
      if (repeat === "keyed") return await sender.enqueue(toOutgoing(call), options);
      const attempt = async (signal: AbortSignal, retries: number): Promise<Answer> => {
        const received = await call.before?.(retries, signal);
        if (received !== undefined) return received;
        const headers = { accept: codec.mediaType };
        const answer = await transport.exchange(call, headers, signal, false);
        // A 404 to a later try says that an earlier one was received and its answer lost.
        const acceptsNotFound = retries > 0 && repeat === "until-received";
        return await readAnswer(answer, codecs, acceptsNotFound ? 404 : call.acceptStatus);
      };
      const { signal, timeoutMs = settings.timeoutMs } = options;
      return await withDeadline(
        (signal) =>
          repeat === "never"
            ? attempt(signal, 0)
            : retry((retries) => attempt(signal, retries), settings.retry, signal),
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
