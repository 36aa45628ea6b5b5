/**
 * A server on Deno: `Deno.serve` speaks HTTP/1.1 and HTTP/2 by itself.
 *
 * @module
 */

import { systemClock } from "../../src/async/clock.ts";
import { guardLogger } from "../../src/guard-logger.ts";
import type { Logger } from "../../src/log.ts";
import {
  type FetchHandler,
  type Listener,
  type Place,
  type ServeOptions,
  type Server,
  startServer,
} from "../server.ts";

/** What answers the calls of `Deno.serve`. */
type DenoHandler = (
  request: Request,
  info: { readonly completed: Promise<void> },
) => Response | Promise<Response>;

/** What is used of a server of Deno. */
interface DenoServer {
  readonly addr: { readonly port?: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** Where `Deno.serve` listens, and its certificate. */
type DenoPlace =
  & ({ readonly hostname: string; readonly port: number } | { readonly path: string })
  & { readonly cert?: string; readonly key?: string };

/** What is used of the `Deno` namespace. */
interface DenoRuntime {
  serve(
    options: DenoPlace & {
      readonly signal: AbortSignal;
      readonly onListen: () => void;
    },
    handler: DenoHandler,
  ): DenoServer;
}

/** How long to wait after connections could not be accepted, in ms. */
const acceptAgainMs = 200;

/**
 * Serves a broker, or any fetch function, on a port or a unix socket, with or without TLS.
 *
 * The head of a request (path, query, headers) may have 64 KiB over HTTP/1.1 and 16 KiB over HTTP/2: Deno's own limits.
 * Deno waits for a head without end, and reads on into memory what a client sends behind a call that is under way: a server that
 * the internet can reach should have a proxy in front of it. With
 * `tls.clientCa`, `node:tls` serves instead of Deno's own server, at some of its speed, and waits a minute.
 *
 * When a client goes away, the body of its response is cancelled. The signal of its request is never aborted, as Deno
 * would also abort it when all went well.
 *
 * @param handler A broker, or what answers requests.
 * @param options Where to listen; by default `http://127.0.0.1:7890`.
 * @returns The server, which listens.
 * @throws {NetworkError} If it cannot listen, as when the port is in use.
 * @throws {TypeError} If `host` or `socketPath` is empty, or a certificate of `tls` cannot be used.
 * @throws {RangeError} If `port` is no integer from 0 to 65535, or a limit is none of 1 or more.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/millrace/deno";
 *
 * const server = await serve(() => new Response("hello"), { port: 0 });
 * console.log(server.url);
 * await server.stop();
 * ```
 */
export function serve(
  handler: FetchHandler | { readonly fetch: FetchHandler },
  options: ServeOptions = {},
): Promise<Server> {
  const logger = guardLogger(options.logger);
  return startServer(handler, options, (fetch, place) => {
    if (place.tls?.clientCa === undefined) return listen(fetch, place, logger);
    // Deno.serve asks no client for a certificate.
    return import("../node-http/listen-secure.ts").then(({ listenSecure }) =>
      listenSecure(fetch, place, place.tls!)
    );
  });
}

function listen(fetch: FetchHandler, place: Place, logger: Logger): Listener {
  const { Deno } = globalThis as unknown as { readonly Deno: DenoRuntime };
  const closing = new AbortController();
  const { signal } = closing;
  // Calls are counted here, as nothing can shorten Deno's own graceful shutdown once it has begun.
  let calls = 0;
  let draining = false;
  const endIdle = () => {
    if (place.tls === undefined) void server.shutdown();
    // Deno would wait for ever for a connection that never ends its handshake, and nobody has a call under way.
    else closing.abort();
  };
  const endCall = () => {
    calls--;
    if (draining && calls === 0) endIdle();
  };
  const handle: DenoHandler = (request, info) => {
    calls++;
    info.completed.then(endCall, endCall);
    // Deno aborts its own signal also when all went well, and prints a warning if somebody listens to it.
    Object.defineProperty(request, "signal", { value: new AbortController().signal });
    return fetch(request);
  };
  const finished = Promise.withResolvers<void>();
  /** Deno's server ends when it cannot accept a connection, as when the process may open no more files. */
  const listenAgain = (error: unknown) => {
    if (draining) return finished.resolve();
    logger.error("Cannot accept connections, trying again", { error });
    const tryAgain = () => {
      if (draining) return finished.resolve();
      try {
        server = start(toDenoPlace({ ...place, port: server.addr.port ?? 0 }));
      } catch {
        systemClock.setTimer(tryAgain, acceptAgainMs);
      }
    };
    systemClock.setTimer(tryAgain, acceptAgainMs);
  };
  const start = (denoPlace: DenoPlace): DenoServer => {
    const started = Deno.serve({ ...denoPlace, signal, onListen() {} }, handle);
    started.finished.then(() => finished.resolve(), listenAgain);
    return started;
  };
  let server = start(toDenoPlace(place));
  return {
    port: server.addr.port ?? 0,
    drain() {
      draining = true;
      if (calls === 0) endIdle();
      return finished.promise;
    },
    closeAll() {
      if (calls > 0) closing.abort();
    },
  };
}

function toDenoPlace({ host, port, socketPath, tls }: Place): DenoPlace {
  return {
    ...socketPath === undefined ? { hostname: host, port } : { path: socketPath },
    ...tls !== undefined && { cert: tls.cert, key: tls.key },
  };
}
