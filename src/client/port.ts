/**
 * The one place where a call leaves the client: to a broker in the same process by its exchange, on Node to the
 * dispatcher under its `fetch`, and everywhere else to `fetch`.
 *
 * @module
 */

import { isMillraceError, NetworkError } from "../errors.ts";
import { exchangeOf } from "../protocol/exchange.ts";
import type { Fetch } from "./options.ts";

/** The bytes of a body, in the type that `fetch` takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A call as it leaves. */
export interface PortCall {
  readonly method: string;
  readonly url: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes | undefined;
  readonly signal: AbortSignal;
  /** Whether the answer is wanted as soon as its head is there, and read as a stream. */
  readonly streamed: boolean;
}

/** What comes back. The body is read once, by one of the two. */
export interface PortAnswer {
  readonly status: number;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | null;
  /** The whole body; empty if there is none. Rejects if it is cut off. */
  bytes(): Promise<Bytes>;
  /** The body as it comes; null if there is none. */
  stream(): ReadableStream<Bytes> | null;
}

/** Sends a call once. Rejects if there is no answer. */
export type Port = (call: PortCall) => Promise<PortAnswer>;

/** Chooses the port of a client. A `fetch` that was given always wins. */
export function createPort(fetch: Fetch | undefined): Port {
  const exchange = exchangeOf(fetch);
  if (exchange !== undefined) {
    // Loaded here and not before: a program that calls over the network does not pay for it.
    return async (call) => {
      const { exchangeCall } = exchangePort ??= await import("./exchange-call.ts");
      return await exchangeCall(exchange, call);
    };
  }
  if (fetch === undefined) return isNode ? callOnNode : fetchCall;
  return async (call) => toAnswer(await fetch(new Request(call.url, toInit(call))));
}

/** The error for a call that got no answer. */
export function toNetworkError(error: unknown, url: string): Error {
  if (isMillraceError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NetworkError(`Cannot reach ${url}: ${message}`, { cause: error });
}

let exchangePort: typeof import("./exchange-call.ts") | undefined;
let dispatcherPort: typeof import("./dispatcher.ts") | undefined;

const isNode = globalThis.navigator?.userAgent?.startsWith("Node.js/") ?? false;

/** Who put another function in its place (a test, a tracer) wants the calls to go there. */
const platformFetch = globalThis.fetch;

/** Loaded on Node alone: an edge function does not pay for it. */
const callOnNode: Port = async (call) =>
  globalThis.fetch === platformFetch
    ? await (dispatcherPort ??= await import("./dispatcher.ts")).callOnNode(call, fetchCall)
    : await fetchCall(call);

/** Without a `Request`, and looked up anew for each call. */
const fetchCall: Port = async (call) => toAnswer(await globalThis.fetch(call.url, toInit(call)));

function toInit({ method, headers, body, signal }: PortCall): RequestInit {
  return body === undefined ? { method, headers, signal } : { method, headers, signal, body };
}

function toAnswer(response: Response): PortAnswer {
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    stream: () => response.body,
  };
}
