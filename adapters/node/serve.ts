/**
 * A server on Node, by `node:http`, `node:http2` and `node:tls`.
 *
 * @module
 */

import { listenPlain } from "../node-http/listen-plain.ts";
import { type FetchHandler, type ServeOptions, type Server, startServer } from "../server.ts";

/**
 * Serves a broker, or any fetch function, on a port or a unix socket, with or without TLS.
 *
 * The head of a request (path, query, headers) may have 64 KiB and may take a minute. A whole HTTP/1.1 request may take
 * five.
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
 * import { serve } from "@millrace/millrace/node";
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
  return startServer(handler, options, async (fetch, place) => {
    if (place.tls === undefined) return await listenPlain(fetch, place);
    const { listenSecure } = await import("../node-http/listen-secure.ts");
    return await listenSecure(fetch, place, place.tls);
  });
}
