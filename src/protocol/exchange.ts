/**
 * One call and its answer without the classes of the platform: making a `Request` and a `Response` costs more than a
 * whole small call of the broker.
 *
 * A broker's `fetch` carries its exchange under {@linkcode exchangeKey}. Who calls the broker in the same process (a
 * client, a server's bridge) looks for it there and uses it in the place of `fetch`. Every other `fetch` has none.
 *
 * @module
 */

/** A call. A `Request` is one. */
export interface ExchangeRequest {
  /** The HTTP method, in capitals. */
  readonly method: string;
  /** The URL, or its path with the query string. */
  readonly url: string;
  /** The headers; names are in any case. */
  readonly headers: { get(name: string): string | null };
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** The body as it comes; null if there is none. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Reads the whole body. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** An answer. */
export interface ExchangeAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body: a text, bytes, a stream of bytes, or null for none. */
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** Answers calls. It never rejects. */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeAnswer>;

/** Where a fetch function carries its exchange. */
export const exchangeKey: unique symbol = Symbol.for("millrace.exchange") as typeof exchangeKey;

/** The exchange that a fetch function carries; undefined if it carries none. */
export function exchangeOf(fetch: unknown): Exchange | undefined {
  return (fetch as { readonly [exchangeKey]?: Exchange } | undefined)?.[exchangeKey];
}
