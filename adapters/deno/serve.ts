/**
 * A port on Deno: `Deno.serve` speaks HTTP/1.1 and HTTP/2 by itself.
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

/** What is used of the `Deno` namespace. */
interface DenoRuntime {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly signal: AbortSignal;
      readonly onListen: () => void;
    },
    handler: (
      request: Request,
      info: { readonly completed: Promise<void> },
    ) => Response | Promise<Response>,
  ): {
    readonly addr: { readonly port: number };
    readonly finished: Promise<void>;
    shutdown(): Promise<void>;
  };
}

/**
 * Serves a broker, or any fetch function, on a port.
 *
 * The head of a call (path, query, headers) may have 64 KiB over HTTP/1.1 and 16 KiB over HTTP/2, as Deno has it. Deno
 * waits for it without end: what the world can reach should have a proxy in front.
 *
 * A handler hears that its client is gone when the body of its answer is cancelled. The request's signal is
 * never aborted: Deno's own means something else.
 *
 * Throws {@linkcode NetworkError} when it cannot listen, `TypeError` or `RangeError` for an option out of range.
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
  return startServer(handler, options, listen);
}

function listen(fetch: FetchHandler, hostname: string, port: number): Listener {
  const { Deno } = globalThis as unknown as { readonly Deno: DenoRuntime };
  const dropping = new AbortController();
  const { signal } = dropping;
  // Counted by hand: once Deno's own graceful shutdown has begun, nothing can cut it short.
  let calls = 0;
  let draining = false;
  const settle = () => {
    calls--;
    if (draining && calls === 0) void server.shutdown();
  };
  const server = Deno.serve({ hostname, port, signal, onListen() {} }, (request, info) => {
    calls++;
    info.completed.then(settle, settle);
    // Deno's own is aborted when all went well, too, and warns whoever listens to it on stderr.
    Object.defineProperty(request, "signal", { value: new AbortController().signal });
    return fetch(request);
  });
  return {
    port: server.addr.port,
    drain() {
      draining = true;
      if (calls === 0) void server.shutdown();
      return server.finished;
    },
    drop() {
      if (calls > 0) dropping.abort();
    },
  };
}
