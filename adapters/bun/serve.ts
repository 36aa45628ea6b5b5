/**
 * A server on Bun: `Bun.serve` speaks HTTP/1.1, and HTTP/2 when asked to.
 *
 * @module
 */

import http from "node:http";
import {
  type FetchHandler,
  type Listener,
  type Place,
  type ServeOptions,
  type Server,
  startServer,
} from "../server.ts";

/** Where `Bun.serve` listens, and its certificate. */
type BunPlace =
  & ({ readonly hostname: string; readonly port: number } | { readonly unix: string })
  & { readonly tls?: { readonly cert: string; readonly key: string } };

/** What is used of the `Bun` namespace. */
interface BunRuntime {
  serve(
    options: BunPlace & {
      readonly http2: boolean;
      readonly idleTimeout: number;
      readonly maxRequestBodySize: number;
      readonly development: boolean;
      readonly reusePort: boolean;
      readonly fetch: (request: Request, server: BunServer) => ReturnType<FetchHandler>;
    },
  ): BunServer;
}

/** What is used of the server that `Bun.serve` returns. */
interface BunServer {
  /** None of a unix socket. */
  readonly port?: number | undefined;
  /** Sets the idle timeout, in seconds, of the connection that a request came on. */
  timeout(request: Request, seconds: number): void;
  stop(closeActiveConnections: boolean): Promise<void>;
}

/** The largest head of a request, in bytes. A query that lists 2,000 ids fits; in Bun's own 16 KiB it would not. */
const maxHeaderSize = 64 * 1024;

/** How long an idle connection is kept. Clients and proxies keep theirs for less. */
const keepAliveSeconds = 75;

/** The types of a broker's answers that are there whole; its streams have others. */
const wholeTypes: ReadonlySet<string> = new Set(["application/json", "application/msgpack"]);

/** A connection that has not sent a whole head after this long is closed. */
const headTimeoutSeconds = 60;

/**
 * Serves a broker, or any fetch function, on a port or a unix socket, with or without TLS.
 *
 * With `tls.clientCa`, `node:tls` serves instead of Bun's own server, which does not tell whose certificate it was.
 *
 * The head of a request (path, query, headers) may have 64 KiB and may take a minute. Bun keeps the first limit for the
 * whole process, so it holds for other servers there too. Bun closes a connection on which a request comes before the
 * last one was answered.
 *
 * @param handler A broker, or what answers requests.
 * @param options Where to listen; by default `http://127.0.0.1:7890`.
 * @returns The server, which listens.
 * @throws {NetworkError} If it cannot listen, as when the port is in use.
 * @throws {TypeError} If `host` or `socketPath` is empty, or a certificate of `tls` cannot be used.
 * @throws {RangeError} If `port` is no integer from 0 to 65535, or a limit is none of 1 or more.
 *
 * @example
 * ```ts ignore
 * import { serve } from "@millrace/millrace/bun";
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
  return startServer(handler, options, (fetch, place) => {
    if (place.tls?.clientCa === undefined) return listen(fetch, place);
    // Bun.serve asks clients for certificates, but does not tell which ones they have.
    return import("../node-http/listen-secure.ts").then(({ listenSecure }) =>
      listenSecure(fetch, place, place.tls!)
    );
  });
}

function listen(fetch: FetchHandler, { host, port, socketPath, tls }: Place): Listener {
  const { Bun } = globalThis as unknown as { readonly Bun: BunRuntime };
  // Bun has one limit for the whole process, and can be told no other way.
  const settable = http as { maxHeaderSize: number };
  settable.maxHeaderSize = Math.max(settable.maxHeaderSize, maxHeaderSize);
  const fetchWhole: FetchHandler = (request) => {
    if (!request.url.startsWith("/")) return fetch(request);
    // There is no host, as HTTP/1.0 allows, or one that Bun takes for none: browsers know names that it does not.
    const name = request.headers.get("host") ?? "";
    return name === ""
      ? fetch(new Request(`http://localhost${request.url}`, request))
      : Response.json({ error: `host '${name}' cannot be used` }, { status: 400 });
  };
  const server = Bun.serve({
    ...socketPath === undefined ? { hostname: host, port } : { unix: socketPath },
    ...tls !== undefined && { tls: { cert: tls.cert, key: tls.key } },
    http2: true,
    idleTimeout: headTimeoutSeconds,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER, // The broker has a limit and an answer of its own.
    development: false,
    reusePort: false, // By default, two brokers could share the port without noticing.
    async fetch(request, server) {
      server.timeout(request, 0); // Else a take stream that sends nothing would be closed.
      const response = await fetchWhole(request);
      // What is no stream is sent at once, and what comes then is the wait for another head.
      const isWhole = response.status === 204 ||
        wholeTypes.has(response.headers.get("content-type") ?? "");
      if (isWhole) server.timeout(request, keepAliveSeconds);
      return response;
    },
  });
  return {
    port: server.port ?? 0,
    drain: () => server.stop(false),
    closeAll: () => void server.stop(true),
  };
}
