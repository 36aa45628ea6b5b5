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
import { clientCertificate } from "./client-certificate.ts";
import { createHosts, isLocalHost } from "./hosts.ts";
import { usualCalls } from "./node-http/limits.ts";
import {
  checkSocketPath,
  clearSocketPath,
  removeSocketFile,
  withOwnerOnly,
} from "./socket-file.ts";
import { checkTls, type TlsOptions } from "./tls.ts";

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
   * A unix socket to listen on, in place of a host and a port: the path of a file that is made, and removed when the server
   * stops. Only programs of the same user can connect, until you change the mode of the file. Not on Windows.
   *
   * @default {none}
   */
  readonly socketPath?: string | undefined;
  /**
   * Speaks TLS (`https:`), with this certificate; by ALPN, client and server agree on HTTP/2 or HTTP/1.1. With `clientCa`, clients
   * need a certificate too. A certificate is read once: for a renewed one, start the server anew.
   *
   * @default {no TLS}
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * The names that it may be called by, besides those of this machine and addresses; `"*"` is any. A web page can point a
   * name of its own at a server that only this machine can reach, so that one refuses names that it does not know (403).
   *
   * @default {[]} Any name if other machines can reach it.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Whether a broker that does not ask who calls (`auth`) may listen where other machines can reach it, without `tls.clientCa`. Whoever reaches it can
   * read, change and delete everything, so say so only where a network of your own, or a proxy, keeps others away.
   *
   * @default {false}
   */
  readonly allowAnyone?: boolean | undefined;
  /**
   * Connections that may be open at once, on Node and with `tls.clientCa`; one more is closed. Deno's and Bun's own servers know
   * no such limit: there it is what the process may open (`ulimit -n`).
   *
   * @default {10000}
   */
  readonly maxConnections?: number | undefined;
  /**
   * Calls that one connection may have under way, on Node and with `tls.clientCa`. Over HTTP/2 a client waits with those beyond. Over
   * HTTP/1.1 they are answered one by one, and what comes beyond ends the connection, as soon as those before are answered.
   * Deno's own server has 200 over HTTP/2; Bun's closes a connection of HTTP/1.1 with a second one.
   *
   * @default {200}
   */
  readonly maxCallsPerConnection?: number | undefined;
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

/**
 * A server that listens: HTTP/1.1 and HTTP/2, on one port. Without TLS, HTTP/2 needs a client that knows beforehand (prior
 * knowledge).
 */
export interface Server extends AsyncDisposable {
  /** `http://HOST:PORT`, with the port that was picked; `https:` with TLS; `unix:PATH` of a unix socket. */
  readonly url: string;
  /** The host as it was asked for; empty for a unix socket. */
  readonly host: string;
  /** The port that was picked; 0 for a unix socket. */
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

/** Where and how to listen, checked. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** In place of both. */
  readonly socketPath?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly maxConnections: number;
  readonly maxCallsPerConnection: number;
}

/** What is needed of a runtime's own server. */
export interface Listener {
  /** The port that was picked; 0 for a unix socket. */
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
 * @throws {RangeError} If `port` is none, or a limit is no integer of 1 or more.
 */
export async function startServer(
  handler: FetchHandler | { readonly fetch: FetchHandler },
  options: ServeOptions,
  listen: (fetch: FetchHandler, place: Place) => Listener | Promise<Listener>,
): Promise<Server> {
  checkOptions("serve", options, {
    host: 1,
    port: 1,
    socketPath: 1,
    tls: 1,
    allowedHosts: 1,
    allowAnyone: 1,
    maxConnections: 1,
    maxCallsPerConnection: 1,
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
  const { socketPath, tls, maxConnections = 10_000, maxCallsPerConnection = usualCalls } = options;
  checkCount("maxConnections", maxConnections);
  checkCount("maxCallsPerConnection", maxCallsPerConnection);
  if (socketPath !== undefined) {
    checkSocketPath(socketPath);
    if (options.host !== undefined || options.port !== undefined) {
      throw new TypeError("Option 'socketPath' is given with 'host' or 'port', expected one place");
    }
  }
  if (tls !== undefined) checkTls(tls);
  const answers = typeof handler === "function" ? handler : handler.fetch;
  // Only a broker that lets in everybody offers clients of its own process a way without requests.
  const isLocal = socketPath !== undefined || isLocalHost(host);
  if (directKey in answers && !isLocal && !allowAnyone && tls?.clientCa === undefined) {
    throw new TypeError(
      `Cannot serve a broker on '${host}' where anyone may do everything: give the broker an 'auth', ask for certificates with 'tls.clientCa', or set 'allowAnyone'`,
    );
  }
  // No browser can be made to call a unix socket.
  const hosts = createHosts(host, socketPath === undefined ? allowedHosts : ["*"]);
  const clientNames = tls?.clientNames && new Set(tls.clientNames);
  let drained: Promise<unknown> | undefined;
  const fetch: FetchHandler = async (request) => {
    if (drained !== undefined) return new Response(null, { status: 503 });
    if (!hosts.allows(request.url)) return hostRefused();
    if (clientNames !== undefined && !isNamed(request, clientNames)) return clientRefused();
    try {
      return await (typeof handler === "function" ? handler(request) : handler.fetch(request));
    } catch (error) {
      logger.error(`Cannot answer ${request.method} ${request.url}`, { error });
      return new Response(null, { status: 500 });
    }
  };
  const place: Place = { host, port, socketPath, tls, maxConnections, maxCallsPerConnection };
  let listener: Listener;
  try {
    if (socketPath === undefined) listener = await listen(fetch, place);
    else {
      await clearSocketPath(socketPath);
      listener = await withOwnerOnly(socketPath, () => listen(fetch, place));
    }
  } catch (cause) {
    const where = socketPath ?? toAuthority(host, port);
    throw new NetworkError(`Cannot listen on ${where}: ${reasonOf(cause)}`, { cause });
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
    if (socketPath !== undefined) await removeSocketFile(socketPath);
  };
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: socketPath === undefined
      ? `${scheme}://${toAuthority(host, listener.port)}`
      : `unix:${socketPath}`,
    host: socketPath === undefined ? host : "",
    port: listener.port,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function checkCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new RangeError(`Option '${name}' is ${count}, expected an integer of 1 or more`);
}

function hostRefused(): Response {
  return Response.json({ error: "host is not allowed, see 'allowedHosts'" }, { status: 403 });
}

function clientRefused(): Response {
  return Response.json({ error: "client is not allowed, see 'tls.clientNames'" }, { status: 403 });
}

/** Whether the certificate of a request has one of some names. */
function isNamed(request: Request, names: ReadonlySet<string>): boolean {
  return clientCertificate(request)?.names.some((name) => names.has(name)) ?? false;
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
