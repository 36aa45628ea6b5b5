/**
 * A server on Bun: `Bun.serve` speaks HTTP/1.1, and HTTP/2 when asked to.
 *
 * @module
 */

import http from "node:http";
import {
  type FetchHandler,
  type Listener,
  type ServeOptions,
  type Server,
  startServer,
} from "../server.ts";

/** What is used of the `Bun` namespace. */
interface BunRuntime {
  serve(options: {
    readonly hostname: string;
    readonly port: number;
    readonly http2: boolean;
    readonly idleTimeout: number;
    readonly maxRequestBodySize: number;
    readonly development: boolean;
    readonly reusePort: boolean;
    readonly fetch: (request: Request, server: BunServer) => ReturnType<FetchHandler>;
  }): BunServer;
}

/** What is used of the server that `Bun.serve` returns. */
interface BunServer {
  readonly port: number;
  /** Sets the idle timeout, in seconds, of the connection that a request came on. */
  timeout(request: Request, seconds: number): void;
  stop(closeActiveConnections: boolean): Promise<void>;
}

/** The largest head of a request, in bytes. A query that lists 2,000 ids fits; in Bun's own 16 KiB it would not. */
const maxHeaderSize = 64 * 1024;

/** A connection that has not sent a whole head after this long is closed. */
const headTimeoutSeconds = 60;

/**
 * Serves a broker, or any fetch function, on a port.
 *
 * The head of a request (path, query, headers) may have 64 KiB and may take a minute. Bun keeps the first limit for the
 * whole process, so it holds for other servers there too. Bun closes a connection on which a request comes before the
 * last one was answered.
 *
 * @param handler A broker, or what answers requests.
 * @param options Where to listen; by default `http://127.0.0.1:7890`.
 * @returns The server, which listens.
 * @throws {NetworkError} If it cannot listen, as when the port is in use.
 * @throws {TypeError} If `host` is empty.
 * @throws {RangeError} If `port` is no integer from 0 to 65535.
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
  return startServer(handler, options, listen);
}

function listen(fetch: FetchHandler, hostname: string, port: number): Listener {
  const { Bun } = globalThis as unknown as { readonly Bun: BunRuntime };
  // Bun has one limit for the whole process, and can be told no other way.
  const settable = http as { maxHeaderSize: number };
  settable.maxHeaderSize = Math.max(settable.maxHeaderSize, maxHeaderSize);
  const server = Bun.serve({
    hostname,
    port,
    http2: true,
    idleTimeout: headTimeoutSeconds,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER, // The broker has a limit and an answer of its own.
    development: false,
    reusePort: false, // By default, two brokers could share the port without noticing.
    fetch(request, server) {
      server.timeout(request, 0); // Else a take stream that sends nothing would be closed.
      return fetch(request);
    },
  });
  return {
    port: server.port,
    drain: () => server.stop(false),
    closeAll: () => void server.stop(true),
  };
}
