/**
 * Sends one call of the protocol and gives its answer: headers, bodies, deadline and retries.
 *
 * @module
 */

import { isMillraceError } from "../errors.ts";
import type { Codec } from "../protocol/codec.ts";
import { type Answer, readAnswer, toNetworkError, understand } from "./answer.ts";
import { loadCodec } from "./codecs.ts";
import { type CallOptions, withDeadline } from "./deadline.ts";
import type { ClientSettings } from "./options.ts";
import { retry } from "./retry.ts";

/** One call. */
export interface Call {
  /** The HTTP method. */
  readonly method: string;
  /** The path with its query string. */
  readonly path: string;
  /** The body, not yet encoded. */
  readonly body?: unknown;
  /** The body, encoded in the client's format; instead of `body`. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Whether it is safe to repeat; default no. */
  readonly repeatable?: boolean;
  /** A status of 400 or more that is an answer and no error, after so many retries. */
  readonly alsoGood?: (retries: number) => number | undefined;
}

/** Sends calls. */
export interface Transport {
  /** What the client was made from. */
  readonly settings: ClientSettings;
  /** The client's codec. */
  codec(): Codec | Promise<Codec>;
  /** The request for a call. */
  toRequest(call: Call, headers: Record<string, string>, signal: AbortSignal): Promise<Request>;
  /** Sends a request once; a failure is a `NetworkError` or the signal's reason. */
  fetch(request: Request, signal: AbortSignal): Promise<Response>;
  /** Sends a call within its deadline, again where that is safe. */
  send(call: Call, options: CallOptions | undefined): Promise<Answer>;
  /** Sends a call and reads the value of its answer. */
  call<Result>(
    call: Call,
    options: CallOptions | undefined,
    read: (value: unknown) => Result,
  ): Promise<Result>;
}

/** Creates a transport. */
export function createTransport(settings: ClientSettings): Transport {
  const { base, format, token, clock } = settings;
  const mediaType = `application/${format}`;

  const transport: Transport = {
    settings,
    codec: () => loadCodec(format),

    async toRequest(call, headers, signal) {
      if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
      const init: RequestInit = { method: call.method, headers, signal };
      if (call.body !== undefined || call.bytes !== undefined) {
        headers["content-type"] = mediaType;
        init.body = call.bytes ?? (await transport.codec()).encode(call.body);
      }
      return new Request(base + call.path, init);
    },

    async fetch(request, signal) {
      let response: Response;
      try {
        response = await settings.fetch(request);
      } catch (error) {
        if (signal.aborted || isMillraceError(error)) throw error;
        throw toNetworkError(error, request.url);
      }
      // Too late to be of use: the caller has gone, and the connection is wanted back.
      if (signal.aborted) void response.body?.cancel(signal.reason).catch(() => {});
      return response;
    },

    send(call, options = {}) {
      const attempt = async (signal: AbortSignal, retries: number): Promise<Answer> => {
        const request = await transport.toRequest(call, { accept: mediaType }, signal);
        const response = await transport.fetch(request, signal);
        return await readAnswer(response, call.alsoGood?.(retries));
      };
      const { signal, timeoutMs = settings.timeoutMs } = options;
      return withDeadline(
        (signal) =>
          call.repeatable
            ? retry((retries) => attempt(signal, retries), settings.retry, signal)
            : attempt(signal, 0),
        { signal, timeoutMs },
        clock,
      );
    },

    async call(call, options, read) {
      const { value } = await transport.send(call, options);
      return understand(() => read(value));
    },
  };
  return transport;
}

/** A path with a query string, if there is anything to query. */
export function withParams(path: string, params: readonly string[]): string {
  return params.length === 0 ? path : `${path}?${params.join("&")}`;
}
