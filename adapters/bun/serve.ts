/**
 * A port on Bun: `Bun.serve` speaks HTTP/1.1, and HTTP/2 when asked to.
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

/** What is used of what `Bun.serve` gives. */
interface BunServer {
  readonly port: number;
  /** Sets the idle timeout, in seconds, of the connection that a request came on. */
  timeout(request: Request, seconds: number): void;
  stop(closeActiveConnections: boolean): Promise<void>;
}

/** Room for a query that lists 2,000 ids; Bun's own limit is 16 KiB. */
const maxHeaderSize = 64 * 1024;

/** A connection that has not sent a whole head after this long, in seconds, is closed. */
const silentTimeoutSeconds = 60;

/**
 * Serves a broker, or any fetch function, on a port.
 *
 * The head of a call (path, query, headers) may have 64 KiB, from then on in the whole process, and a minute. A call
 * that is sent before the last one of its connection was answered ends the connection, as Bun has it.
 *
 * Throws {@linkcode NetworkError} when it cannot listen, `TypeError` or `RangeError` for an option out of range.
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
  // Bun has one for the whole process, and this is its only door.
  const settable = http as { maxHeaderSize: number };
  settable.maxHeaderSize = Math.max(settable.maxHeaderSize, maxHeaderSize);
  const server = Bun.serve({
    hostname,
    port,
    http2: true,
    idleTimeout: silentTimeoutSeconds,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER, // The broker has a limit of its own, and words for it.
    development: false,
    reusePort: false, // On outside development else: two brokers would share the port, and neither know.
    fetch(request, server) {
      server.timeout(request, 0); // It would end a silent take stream, too.
      return fetch(request);
    },
  });
  return {
    port: server.port,
    drain: () => server.stop(false),
    drop: () => void server.stop(true),
  };
}
