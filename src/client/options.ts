/**
 * What a client is made from, checked and with its defaults.
 *
 * @module
 */

import { type Clock, type Random, systemRandom, toClock } from "../async/clock.ts";
import { checkNotNegative, type Duration, spanMs } from "../async/duration.ts";
import { checkOptions, show } from "../options.ts";
import type { Codec } from "../protocol/codec.ts";
import { type AttachDirect, directKey } from "../protocol/direct.ts";
import { clientJson } from "../protocol/client-json.ts";
import { isWireFormat, type WireFormat } from "./format.ts";
import { type RetryOptions, type RetryPolicy, toRetryPolicy } from "./retry.ts";

/** Sends a request and gives the response: the platform's `fetch`, or that of a broker in the same process. */
export type Fetch = (request: Request) => Promise<Response>;

/** What a client is made from: a `url`, a `fetch`, or both. */
export interface ClientOptions {
  /** Where the broker is, such as `http://127.0.0.1:7890`; a path is kept as a prefix. Needed without `fetch`. */
  readonly url?: string | URL | undefined;
  /**
   * Sends the requests. Give `broker.fetch` to stay in one process.
   *
   * @default {globalThis.fetch}
   */
  readonly fetch?: Fetch | undefined;
  /** Sent with every request as `authorization: Bearer …`. */
  readonly token?: string | undefined;
  /**
   * How bodies are written: `"json"`, or the `msgpack` of `@millrace/millrace/msgpack`.
   *
   * @default {"json"}
   */
  readonly format?: "json" | WireFormat | undefined;
  /**
   * How long a call may take in all, repeated tries included, in ms. For a take stream it is only the opening.
   *
   * @default {30000}
   */
  readonly timeoutMs?: number | undefined;
  /** The same, in ms or as text (`"30s"`); in the place of `timeoutMs`. */
  readonly timeout?: Duration | undefined;
  /** How reads, acknowledgements and single enqueues are repeated when they fail for the moment. */
  readonly retry?: RetryOptions | undefined;
  /**
   * The time and the timers.
   *
   * @default {the platform's}
   */
  readonly clock?: Clock | undefined;
  /**
   * Where random numbers come from, for the delays of retries.
   *
   * @default {Math.random}
   */
  readonly random?: Random | undefined;
}

/** The options with their defaults. */
export interface ClientSettings {
  /** What every path is put behind; has no slash at its end. */
  readonly base: string;
  /** What was given; undefined for the platform's. */
  readonly fetch: Fetch | undefined;
  readonly token: string | undefined;
  /** What was handed over; undefined for JSON. */
  readonly format: WireFormat | undefined;
  /** What reads answers. The first also writes. */
  readonly codecs: readonly [Codec, ...Codec[]];
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  /** Replaces calls by some that need no protocol, if the broker is in the same process. */
  readonly attach: AttachDirect | undefined;
}

/** Stands in where only `fetch` is given: a broker in the same process looks at the path only. */
const placeholderUrl = "http://localhost";

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} If an option is missing or of a wrong kind.
 * @throws {RangeError} If a number is out of range.
 */
export function toClientSettings(options: ClientOptions): ClientSettings {
  return toSettings("createClient", options, clientJson);
}

/**
 * The same of any function that makes a client.
 *
 * @param of The function, by its name.
 * @param options Those of a client.
 * @param json Reads JSON.
 */
export function toSettings(of: string, options: ClientOptions, json: Codec): ClientSettings {
  checkOptions(of, options, {
    url: 1,
    fetch: 1,
    token: 1,
    format: 1,
    timeout: 1,
    timeoutMs: 1,
    retry: 1,
    clock: 1,
    random: 1,
  });
  const { url, token, format = "json" } = options;
  const timeoutMs = spanMs("timeout", options.timeout, options.timeoutMs) ?? 30_000;
  const clock = toClock(options.clock);
  if (url === undefined && options.fetch === undefined) {
    throw new TypeError("Cannot create a client without 'url' and 'fetch': give one of them");
  }
  if (options.fetch !== undefined && typeof options.fetch !== "function") {
    throw new TypeError(`Cannot use 'fetch' ${show(options.fetch)}: expected a function`);
  }
  if (format !== "json" && !isWireFormat(format)) {
    throw new TypeError(
      `Cannot use 'format' ${
        JSON.stringify(format)
      }: expected 'json', or the 'msgpack' that '@millrace/millrace/msgpack' exports`,
    );
  }
  checkNotNegative("timeoutMs", timeoutMs);
  return {
    base: toBase(url ?? placeholderUrl),
    fetch: options.fetch,
    token,
    format: format === "json" ? undefined : format,
    codecs: format === "json" ? [json] : [format.codec, json],
    timeoutMs,
    retry: toRetryPolicy(options.retry ?? {}, clock, options.random ?? systemRandom),
    clock,
    // Its answers are those of JSON: in the other format, a payload may come back different.
    attach: format === "json"
      ? (options.fetch as { readonly [directKey]?: AttachDirect } | undefined)?.[directKey]
      : undefined,
  };
}

function toBase(url: string | URL): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new TypeError(
      `Cannot use 'url' ${
        JSON.stringify(String(url))
      }: expected one such as 'http://127.0.0.1:7890'`,
    );
  }
  return parsed.origin + parsed.pathname.replace(/\/+$/, "");
}
