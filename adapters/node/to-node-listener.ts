/**
 * A broker, or any fetch function, for servers and frameworks that have Node's request and response objects.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { guardLogger } from "../../src/guard-logger.ts";
import type { Logger } from "../../src/log.ts";
import { checkOptions, show } from "../../src/options.ts";
import { createBridge } from "../node-http/bridge.ts";
import type { FetchHandler } from "../server.ts";

/** What is used of a request of `node:http` or `node:http2`. */
export interface NodeRequest {
  /** The method. */
  readonly method?: string | undefined;
  /** The path, with its query string. */
  readonly url?: string | undefined;
  /** The headers, by names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether all of its body was read. */
  readonly readableEnded: boolean;
}

/** What is used of a response of `node:http` or `node:http2`. */
export interface NodeResponse {
  /** The status. */
  statusCode: number;
  /** Sets a header. */
  setHeader(name: string, value: string): unknown;
  /** Sends the last of the body. */
  end(text?: string): unknown;
}

/** Answers one request of `node:http` or `node:http2`. */
export type NodeListener = (incoming: NodeRequest, outgoing: NodeResponse) => void;

/** What {@linkcode toNodeListener} may be told. */
export interface NodeListenerOptions {
  /** Told of handlers that throw, and of bodies that were read before; by default a line each on the console. */
  readonly logger?: Logger | false | undefined;
}

/**
 * Converts a broker into a listener for `request` events of `node:http`, as Express and Fastify take it.
 *
 * The body of a request must not have been read: mount the broker before what parses bodies, or apart from it.
 *
 * @param handler A broker, or what answers requests.
 * @param options The logger.
 * @returns The listener.
 * @throws {TypeError} If `handler` is neither a broker nor a function.
 *
 * @example Beside pages of a server of `node:http`
 * ```ts
 * import { createServer } from "node:http";
 * import { createBroker } from "@millrace/millrace/broker";
 * import { openSqlite, toNodeListener } from "@millrace/millrace/node";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:"), basePath: "/millrace" });
 * const answer = toNodeListener(broker);
 * const server = createServer((request, response) => {
 *   if (request.url!.startsWith("/millrace/")) answer(request, response);
 *   else response.end("a page");
 * });
 * server.close();
 * ```
 */
export function toNodeListener(
  handler: FetchHandler | { readonly fetch: FetchHandler },
  options: NodeListenerOptions = {},
): NodeListener {
  checkOptions("toNodeListener", options, { logger: 1 });
  if (typeof handler !== "function" && typeof handler?.fetch !== "function") {
    throw new TypeError(`Cannot serve ${show(handler)}: expected a broker or a function`);
  }
  const logger = guardLogger(options.logger);
  const bridge = createBridge(async (request) => {
    try {
      return await (typeof handler === "function" ? handler(request) : handler.fetch(request));
    } catch (error) {
      logger.error(`Cannot answer ${request.method} ${request.url}`, { error });
      return new Response(null, { status: 500 });
    }
  }, { isSecure: ({ socket }) => (socket as Partial<TLSSocket>).encrypted === true });
  return (incoming, outgoing) => {
    // Its end has passed, so that a reader would wait for ever.
    if (!hasBody(incoming) || !incoming.readableEnded) {
      return bridge(incoming as IncomingMessage, outgoing as ServerResponse);
    }
    logger.error(`Cannot answer ${incoming.method} ${incoming.url}: its body was read before`);
    outgoing.statusCode = 500;
    outgoing.setHeader("content-type", "application/json");
    outgoing.end('{"error":"the body was read before the broker got the request"}');
  };
}

function hasBody({ method, headers }: NodeRequest): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const length = headers["content-length"];
  return length === undefined ? headers["transfer-encoding"] !== undefined : length !== "0";
}
