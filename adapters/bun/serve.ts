/**
 * A port on Bun: `Bun.serve` speaks HTTP/1.1, and HTTP/2 when asked to.
 *
 * @module
 */

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
    readonly fetch: FetchHandler;
  }): {
    readonly port: number;
    stop(closeActiveConnections: boolean): Promise<void>;
  };
}

/**
 * Serves a broker, or any fetch function, on a port.
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
  const server = Bun.serve({
    hostname,
    port,
    http2: true,
    idleTimeout: 0, // Ten seconds else, in the middle of a silent take stream too.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER, // The broker has a limit of its own, and words for it.
    development: false,
    reusePort: false, // On outside development else: two brokers would share the port, and neither know.
    fetch,
  });
  return {
    port: server.port,
    drain: () => server.stop(false),
    drop: () => void server.stop(true),
  };
}
