/**
 * What `serve` takes and gives on every runtime, and the way a server stops.
 *
 * @module
 */

import { systemClock } from "../src/async/clock.ts";
import { NetworkError } from "../src/errors.ts";
import { type Logger, silentLogger } from "../src/log.ts";

/** Answers requests, as a broker does: `broker.fetch`, or any function of this shape. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Where a server listens. */
export interface ServeOptions {
  /** Name or address to listen on; default `127.0.0.1`, which only this machine can reach. */
  readonly host?: string | undefined;
  /** TCP port; default 7890. 0 lets the system pick a free one. */
  readonly port?: number | undefined;
  /** Told of handlers that throw, which clients see as a bare 500; default says nothing. */
  readonly logger?: Logger | undefined;
}

/** How long a server may take to stop. */
export interface StopServerOptions {
  /** Calls that are not answered after this many ms are dropped; default 10,000. 0 drops at once. */
  readonly timeoutMs?: number | undefined;
}

/** A server that listens. HTTP/1.1, and HTTP/2 without TLS with prior knowledge, on one port. */
export interface Server extends AsyncDisposable {
  /** `http://HOST:PORT`, with the port that was picked. */
  readonly url: string;
  /** The host as it was asked for. */
  readonly host: string;
  /** The port that was picked. */
  readonly port: number;
  /**
   * Refuses new calls, lets those under way finish, then drops what is left at the deadline. A take
   * stream ends when its broker is closed, so close that meanwhile. May be called again with a
   * shorter deadline.
   */
  stop(options?: StopServerOptions): Promise<void>;
}

/** What a runtime's server is reduced to. */
export interface Listener {
  /** The port that was picked. */
  readonly port: number;
  /** Lets the calls under way finish and closes idle connections; resolves when none is left. */
  drain(): Promise<unknown>;
  /** Drops all connections, after which `drain` resolves. */
  drop(): void;
}

/** Starts a server: checks the options, listens, and dresses the runtime's listener as a {@linkcode Server}. */
export async function startServer(
  handler: FetchHandler | { readonly fetch: FetchHandler },
  options: ServeOptions,
  listen: (fetch: FetchHandler, host: string, port: number) => Listener | Promise<Listener>,
): Promise<Server> {
  const { host = "127.0.0.1", port = 7890, logger = silentLogger } = options;
  if (typeof host !== "string" || host === "") {
    throw new TypeError(`Option 'host' is '${host}', expected a name or an address`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`Option 'port' is ${port}, expected an integer from 0 to 65535`);
  }
  let drained: Promise<unknown> | undefined;
  const fetch: FetchHandler = async (request) => {
    if (drained !== undefined) return new Response(null, { status: 503 });
    try {
      return await (typeof handler === "function" ? handler(request) : handler.fetch(request));
    } catch (error) {
      logger.error(`Cannot answer ${request.method} ${request.url}`, { error });
      return new Response(null, { status: 500 });
    }
  };
  let listener: Listener;
  try {
    listener = await listen(fetch, host, port);
  } catch (cause) {
    throw new NetworkError(`Cannot listen on ${origin(host, port)}: ${reason(cause)}`, { cause });
  }
  const stop = async ({ timeoutMs = 10_000 }: StopServerOptions = {}) => {
    drained ??= listener.drain();
    const disarm = systemClock.setTimer(() => listener.drop(), timeoutMs);
    await drained;
    disarm();
  };
  return {
    url: `http://${origin(host, listener.port)}`,
    host,
    port: listener.port,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** An IPv6 address stands in brackets before a port. */
function origin(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The runtimes word it differently, and by code or by text. */
function reason(cause: unknown): string {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code === "EADDRINUSE") return "the port is in use";
  if (code === "EACCES") return "permission denied";
  return String(message);
}
