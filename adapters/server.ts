/**
 * What `serve` takes and gives on every runtime, and the way a server stops.
 *
 * @module
 */

import { systemClock } from "../src/async/clock.ts";
import { NetworkError } from "../src/errors.ts";
import { guardLogger } from "../src/guard-logger.ts";
import type { Logger } from "../src/log.ts";
import { checkOptions, show } from "../src/options.ts";
import { directKey } from "../src/protocol/direct.ts";
import { createHosts, isLocalHost } from "./hosts.ts";

/** Answers requests, as a broker does: `broker.fetch`, or any function of this shape. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Where a server listens. */
export interface ServeOptions {
  /**
   * Name or address to listen on.
   *
   * @default {"127.0.0.1"} Only this machine can reach it.
   */
  readonly host?: string | undefined;
  /**
   * TCP port. 0 lets the system pick a free one.
   *
   * @default {7890}
   */
  readonly port?: number | undefined;
  /**
   * The names that it may be called by, besides those of this machine and addresses; `"*"` is any. A web page can point a
   * name of its own at a server that only this machine can reach, so that one refuses names that it does not know (403).
   *
   * @default {[]} Any name if other machines can reach it.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Whether a broker that does not ask who calls (`auth`) may listen where other machines can reach it. Whoever reaches it can
   * read, change and delete everything, so say so only where a network of your own, or a proxy, keeps others away.
   *
   * @default {false}
   */
  readonly allowAnyone?: boolean | undefined;
  /**
   * Told of handlers that throw, which clients see as a 500 without a body. Default: a line each on the console; `false` is
   * silence.
   */
  readonly logger?: Logger | false | undefined;
}

/** How long a server may take to stop. */
export interface StopServerOptions {
  /**
   * How long, in ms, calls under way may take to finish; then their connections are closed. 0 closes them at once.
   *
   * @default {10000}
   */
  readonly timeoutMs?: number | undefined;
}

/** A server that listens: HTTP/1.1, and HTTP/2 without TLS (with prior knowledge), on one port. */
export interface Server extends AsyncDisposable {
  /** `http://HOST:PORT`, with the port that was picked. */
  readonly url: string;
  /** The host as it was asked for. */
  readonly host: string;
  /** The port that was picked. */
  readonly port: number;
  /**
   * Refuses new calls, lets those under way finish, and closes what is left at the deadline.
   *
   * Only a broker ends its take streams: stop it at the same time, `Promise.all([server.stop(), broker.stop()])`.
   * Calling this again is fine; the earliest deadline of all calls counts.
   *
   * @param options How long it may take.
   * @returns Resolves when no connection is left.
   * @throws {RangeError} If `timeoutMs` is below 0.
   */
  stop(options?: StopServerOptions): Promise<void>;
}

/** What is needed of a runtime's own server. */
export interface Listener {
  /** The port that was picked. */
  readonly port: number;
  /**
   * Refuses new connections, closes idle ones and lets the calls under way finish; resolves when no connection is
   * left. Called once.
   */
  drain(): Promise<unknown>;
  /** Closes all connections, after which `drain` resolves. May be called several times, also after that. */
  closeAll(): void;
}

/**
 * Starts a server: checks the options, listens, and wraps the runtime's listener in a {@linkcode Server}.
 *
 * @param listen Starts the runtime's own server.
 * @throws {NetworkError} If it cannot listen.
 * @throws {TypeError} If `host` is empty, or other machines can reach it and the broker does not ask who calls.
 * @throws {RangeError} If `port` is none.
 */
export async function startServer(
  handler: FetchHandler | { readonly fetch: FetchHandler },
  options: ServeOptions,
  listen: (fetch: FetchHandler, host: string, port: number) => Listener | Promise<Listener>,
): Promise<Server> {
  checkOptions("serve", options, {
    host: 1,
    port: 1,
    allowedHosts: 1,
    allowAnyone: 1,
    logger: 1,
  });
  if (typeof handler !== "function" && typeof handler?.fetch !== "function") {
    throw new TypeError(`Cannot serve ${show(handler)}: expected a broker or a function`);
  }
  const { host = "127.0.0.1", port = 7890, allowedHosts = [], allowAnyone = false } = options;
  const logger = guardLogger(options.logger);
  if (typeof host !== "string" || host === "") {
    throw new TypeError(`Option 'host' is '${host}', expected a name or an address`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`Option 'port' is ${port}, expected an integer from 0 to 65535`);
  }
  const answers = typeof handler === "function" ? handler : handler.fetch;
  // Only a broker that lets in everybody offers clients of its own process a way without requests.
  if (directKey in answers && !isLocalHost(host) && !allowAnyone) {
    throw new TypeError(
      `Cannot serve a broker on '${host}' where anyone may do everything: give the broker an 'auth', or set 'allowAnyone'`,
    );
  }
  const hosts = createHosts(host, allowedHosts);
  let drained: Promise<unknown> | undefined;
  const fetch: FetchHandler = async (request) => {
    if (drained !== undefined) return new Response(null, { status: 503 });
    if (!hosts.allows(request.url)) return hostRefused();
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
    throw new NetworkError(`Cannot listen on ${toAuthority(host, port)}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const stop = async ({ timeoutMs = 10_000 }: StopServerOptions = {}) => {
    if (!(timeoutMs >= 0)) {
      throw new RangeError(`Option 'timeoutMs' is ${timeoutMs}, expected a number of 0 or more`);
    }
    drained ??= listener.drain();
    const disarm = systemClock.setTimer(() => listener.closeAll(), timeoutMs);
    try {
      await drained;
    } finally {
      disarm();
    }
  };
  return {
    url: `http://${toAuthority(host, listener.port)}`,
    host,
    port: listener.port,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function hostRefused(): Response {
  return Response.json({ error: "host is not allowed, see 'allowedHosts'" }, { status: 403 });
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
function toAuthority(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** What keeps it from listening, in the same words on every runtime. */
function reasonOf(cause: unknown): string {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (code === "EADDRINUSE") return "the port is in use";
  if (code === "EACCES") return "permission denied";
  return String(message);
}
