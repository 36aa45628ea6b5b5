/**
 * A port on Node: `node:http` listens, looks at the first bytes of each connection, and hands those that open
 * with the HTTP/2 preface to `node:http2`.
 *
 * @module
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { constants, createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import {
  type FetchHandler,
  type Listener,
  type ServeOptions,
  type Server,
  startServer,
} from "../server.ts";
import { createBridge } from "./bridge.ts";

/** No HTTP/1 method begins like the HTTP/2 preface, `PRI * HTTP/2.0`. */
const preface = "PRI";

/** A connection that says nothing is closed after this long, in ms. */
const silentTimeoutMs = 60_000;

/** Room for a query that lists 2,000 ids; Node's own limit is 16 KiB. */
const maxHeaderSize = 64 * 1024;

/** Longer than clients and proxies keep an idle connection, so that they close it and no call meets a closing door. */
const keepAliveTimeoutMs = 75_000;

/**
 * Serves a broker, or any fetch function, on a port.
 *
 * The head of a call (path, query, headers) may have 64 KiB and a minute; over HTTP/1.1 all of it has five.
 *
 * Throws {@linkcode NetworkError} when it cannot listen, `TypeError` or `RangeError` for an option out of range.
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
  return startServer(handler, options, listen);
}

async function listen(fetch: FetchHandler, host: string, port: number): Promise<Listener> {
  const sockets = new Set<Socket>();
  /** Connections that have not said which protocol they speak: nobody's yet, so nobody else would close them. */
  const silent = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const bridge = createBridge(fetch, () => {
    // A connection becomes idle only after its answer's last event.
    if (draining) setImmediate(() => http1.closeIdleConnections());
  });

  const http1 = createServer({ keepAliveTimeout: keepAliveTimeoutMs, maxHeaderSize }, bridge);
  const http2 = createHttp2Server(bridge);
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    if (draining) session.close();
  });
  http2.on("sessionError", () => {}); // The peer's doing; its streams tell their calls.

  const [greet] = http1.listeners("connection") as ((this: unknown, socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    silent.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      silent.delete(socket);
    });
    sniff(socket, (isHttp2) => {
      silent.delete(socket);
      if (isHttp2) {
        // HTTP/1's sockets stay half open. Here that would hide that a client which reads nothing is gone.
        socket.allowHalfOpen = false;
        return void http2.emit("connection", socket);
      }
      greet!.call(http1, socket);
      socket.resume();
    });
  });

  http1.listen(port, host);
  await once(http1, "listening");
  return {
    port: (http1.address() as AddressInfo).port,
    drain: () =>
      new Promise<void>((resolve) => {
        draining = true;
        http1.close(() => resolve());
        for (const session of sessions) session.close();
        for (const socket of silent) socket.destroy();
      }),
    drop() {
      for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads until it is clear which protocol is spoken, puts the bytes back and tells. */
function sniff(socket: Socket, tell: (isHttp2: boolean) => void): void {
  const chunks: Buffer[] = [];
  let seen = "";
  const forget = () => socket.destroy();
  const look = (chunk: Buffer) => {
    chunks.push(chunk);
    seen += chunk.toString("latin1", 0, preface.length);
    const isHttp2 = seen.startsWith(preface);
    if (!isHttp2 && preface.startsWith(seen)) return; // Too short to tell.
    socket.off("data", look);
    socket.off("error", forget);
    socket.off("timeout", forget);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(Buffer.concat(chunks));
    tell(isHttp2);
  };
  socket.setTimeout(silentTimeoutMs);
  socket.on("data", look);
  socket.on("error", forget);
  socket.on("timeout", forget);
}
