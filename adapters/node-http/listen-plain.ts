/**
 * Listens by `node:http`, without TLS: reads the first bytes of each connection, and hands those that begin with the HTTP/2
 * preface to `node:http2`.
 *
 * @module
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { constants, createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { FetchHandler, Listener, Place } from "../server.ts";
import { createBridge } from "./bridge.ts";
import { endIdleSession } from "./end-idle.ts";
import { headTimeoutMs, keepAliveTimeoutMs, maxHeaderSize } from "./limits.ts";

/** How the HTTP/2 preface, `PRI * HTTP/2.0`, begins. No HTTP/1 method begins so. */
const preface = "PRI";

/** Listens on a port, or on a unix socket. */
export async function listenPlain(fetch: FetchHandler, place: Place): Promise<Listener> {
  const sockets = new Set<Socket>();
  /** Connections that have not shown their protocol. Neither server has them yet, so neither would close them. */
  const undetected = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const { maxConnections, maxCallsPerConnection: maxCalls } = place;
  const bridge = createBridge(fetch, {
    maxCalls,
    onEnd() {
      // A connection becomes idle only after the last event of its response.
      if (draining) setImmediate(() => http1.closeIdleConnections());
    },
  });

  const http1 = createServer({ keepAliveTimeout: keepAliveTimeoutMs, maxHeaderSize }, bridge);
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: maxCalls } }, bridge);
  http2.on("session", (session) => {
    sessions.add(session);
    endIdleSession(session, keepAliveTimeoutMs);
    session.on("close", () => sessions.delete(session));
    if (draining) session.close();
  });
  http2.on("sessionError", () => {}); // The client's fault; each call on it hears of that from its stream.

  const [serveHttp1] = http1.listeners("connection") as ((this: unknown, socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    if (sockets.size >= maxConnections) return void socket.destroy();
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

  if (place.socketPath === undefined) http1.listen(place.port, place.host);
  else http1.listen(place.socketPath);
  await once(http1, "listening");
  return {
    port: place.socketPath === undefined ? (http1.address() as AddressInfo).port : 0,
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
    socket.off("end", close);
    socket.off("error", close);
    socket.off("timeout", close);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(Buffer.concat(chunks));
    onDetected(isHttp2);
  };
  socket.setTimeout(headTimeoutMs);
  socket.on("data", read);
  socket.on("end", close); // Half open, it would stay: nobody reads it later.
  socket.on("error", close);
  socket.on("timeout", close);
}
