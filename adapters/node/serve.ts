/**
 * A server on Node: `node:http` listens, reads the first bytes of each connection, and hands those that begin with the
 * HTTP/2 preface to `node:http2`.
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

/** How the HTTP/2 preface, `PRI * HTTP/2.0`, begins. No HTTP/1 method begins so. */
const preface = "PRI";

/** A connection that has not shown its protocol after this long is closed. */
const detectTimeoutMs = 60_000;

/** The largest head of a request, in bytes. A query that lists 2,000 ids fits; in Node's own 16 KiB it would not. */
const maxHeaderSize = 64 * 1024;

/** Calls that one connection of HTTP/2 may have under way; a client that sends more has to wait. */
const maxConcurrentStreams = 200;

/**
 * How long an idle connection is kept. Clients and proxies keep theirs for less: so they close it, and never send a
 * request on a connection that the server is closing.
 */
const keepAliveTimeoutMs = 75_000;

/**
 * Serves a broker, or any fetch function, on a port.
 *
 * The head of a request (path, query, headers) may have 64 KiB and may take a minute. A whole HTTP/1.1 request may take
 * five.
 *
 * @param handler A broker, or what answers requests.
 * @param options Where to listen; by default `http://127.0.0.1:7890`.
 * @returns The server, which listens.
 * @throws {NetworkError} If it cannot listen, as when the port is in use.
 * @throws {TypeError} If `host` is empty.
 * @throws {RangeError} If `port` is no integer from 0 to 65535.
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
  /** Connections that have not shown their protocol. Neither server has them yet, so neither would close them. */
  const undetected = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const bridge = createBridge(fetch, () => {
    // A connection becomes idle only after the last event of its response.
    if (draining) setImmediate(() => http1.closeIdleConnections());
  });

  const http1 = createServer({ keepAliveTimeout: keepAliveTimeoutMs, maxHeaderSize }, bridge);
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams } }, bridge);
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    if (draining) session.close();
  });
  http2.on("sessionError", () => {}); // The client's fault; each call on it hears of that from its stream.

  const [serveHttp1] = http1.listeners("connection") as ((this: unknown, socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    undetected.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      undetected.delete(socket);
    });
    detectProtocol(socket, (isHttp2) => {
      undetected.delete(socket);
      if (isHttp2) {
        // The sockets of an HTTP/1 server stay half open, which would hide that a client that reads nothing is gone.
        socket.allowHalfOpen = false;
        return void http2.emit("connection", socket);
      }
      serveHttp1!.call(http1, socket);
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
        for (const socket of undetected) socket.destroy();
      }),
    closeAll() {
      for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads until the protocol is clear, puts the bytes back into the socket and calls `onDetected`. */
function detectProtocol(socket: Socket, onDetected: (isHttp2: boolean) => void): void {
  const chunks: Buffer[] = [];
  let start = "";
  const close = () => socket.destroy();
  const read = (chunk: Buffer) => {
    chunks.push(chunk);
    start += chunk.toString("latin1", 0, preface.length);
    const isHttp2 = start.startsWith(preface);
    if (!isHttp2 && preface.startsWith(start)) return; // Too short to decide.
    socket.off("data", read);
    socket.off("error", close);
    socket.off("timeout", close);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(Buffer.concat(chunks));
    onDetected(isHttp2);
  };
  socket.setTimeout(detectTimeoutMs);
  socket.on("data", read);
  socket.on("error", close);
  socket.on("timeout", close);
}
