/**
 * Listens by `node:tls`: HTTP/2 and HTTP/1.1, as client and server agree by ALPN. It runs on Node, and on Deno and Bun where
 * their own servers can show no certificate of a client.
 *
 * @module
 */

import { once } from "node:events";
import { constants, createSecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../client-certificate.ts";
import type { FetchHandler, Listener, Place } from "../server.ts";
import type { TlsOptions } from "../tls.ts";
import type { Incoming } from "./body.ts";
import { createBridge } from "./bridge.ts";
import { createHeadWatch, endIdleSession } from "./end-idle.ts";
import { headTimeoutMs, keepAliveTimeoutMs, maxHeaderSize } from "./limits.ts";
import { toClientCertificate } from "./to-client-certificate.ts";

/** A connection that has not ended its handshake after this long is closed. */
const handshakeTimeoutMs = 30_000;

/** Listens on a port, or on a unix socket, with TLS. */
export async function listenSecure(
  fetch: FetchHandler,
  place: Place,
  { cert, key, clientCa }: TlsOptions,
): Promise<Listener> {
  /** Connections of TCP: those in their handshake are among them. */
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const { maxConnections, maxCallsPerConnection: maxCalls } = place;
  const bridge = createBridge(fetch, {
    maxCalls,
    onEnd() {
      // A connection becomes idle only after the last event of its response.
      if (draining) setImmediate(() => closeIdle.call(server));
    },
    isSecure: () => true,
    certificateOf: createReader(),
  });
  const server = createSecureServer(
    {
      cert,
      key,
      allowHTTP1: true,
      minVersion: "TLSv1.2",
      handshakeTimeout: handshakeTimeoutMs,
      settings: { maxConcurrentStreams: maxCalls },
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize,
      ...clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true },
    } as Parameters<typeof createSecureServer>[0],
    bridge,
  );
  // Deno takes it only so.
  (server as { keepAliveTimeout?: number }).keepAliveTimeout = keepAliveTimeoutMs;
  const { closeIdleConnections: closeIdle = () => {} } = server as {
    closeIdleConnections?(): void;
  };
  /** The far ends of connections that have ended their handshake, which alone says of which socket it was. */
  const established = new Set<string>();
  server.on("connection", (socket: Socket) => {
    if (sockets.size >= maxConnections) return void socket.destroy();
    const far = farEnd(socket);
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      established.delete(far);
    });
  });
  // Bun waits for ever for a head.
  const heads = createHeadWatch();
  server.on("secureConnection", (socket) => {
    established.add(farEnd(socket));
    if (socket.alpnProtocol !== "h2") heads.begin(socket, headTimeoutMs);
  });
  server.on("request", ({ httpVersionMajor, socket }, response) => {
    if (httpVersionMajor > 1) return;
    heads.came(socket);
    response.on("close", () => heads.next(socket, keepAliveTimeoutMs));
  });
  server.on("session", (session) => {
    sessions.add(session);
    endIdleSession(session, keepAliveTimeoutMs);
    session.on("close", () => sessions.delete(session));
    if (draining) session.close();
  });
  server.on("sessionError", () => {}); // The client's fault; each call on it hears of that from its stream.
  server.on("tlsClientError", (_error, socket) => socket.destroy());

  if (place.socketPath === undefined) server.listen(place.port, place.host);
  else server.listen(place.socketPath);
  await once(server, "listening");
  return {
    port: place.socketPath === undefined ? (server.address() as AddressInfo).port : 0,
    drain: () =>
      new Promise<void>((resolve) => {
        draining = true;
        server.close(() => resolve());
        for (const session of sessions) session.close();
        closeIdle.call(server);
        for (const socket of sockets) {
          if (!established.has(farEnd(socket))) socket.destroy();
        }
      }),
    closeAll() {
      for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function farEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Reads the certificate of a connection, once for all its calls. */
function createReader(): (incoming: Incoming) => ClientCertificate | undefined {
  const read = new WeakMap<object, ClientCertificate>();
  return ({ socket }) => {
    const tls = socket as TLSSocket;
    if (typeof tls?.getPeerCertificate !== "function" || !tls.authorized) return undefined;
    const known = read.get(tls);
    if (known !== undefined) return known;
    const certificate = toClientCertificate(tls.getPeerCertificate());
    if (certificate !== undefined) read.set(tls, certificate);
    return certificate;
  };
}
