/**
 * A server on bare sockets, which can do what no server should: answers are bytes, and each path has a scene of its own.
 *
 * @module
 */

import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** A request as it came. */
export interface SeenRequest {
  readonly method: string;
  /** The target of the request line, as it came. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** All between the first line and the body, as it came. */
  readonly head: string;
  readonly body: Uint8Array;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** What happens to a request. */
export type Scene = (socket: Socket, request: SeenRequest) => void;

/** How a hostile server is opened. */
export interface HostileOptions {
  /** The scenes, by their path. What has none is a 404. */
  readonly scenes: Readonly<Record<string, Scene>>;
  /** Speaks TLS by this certificate. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** What happens to a connection before anything is read. */
  readonly onConnect?: (socket: Socket) => void;
}

/** A hostile server. */
export interface HostileServer {
  /** `http://127.0.0.1:…`, or `https://localhost:…` */
  readonly url: string;
  readonly port: number;
  /** What came, the first one first. */
  readonly seen: SeenRequest[];
  /** How many connections came. */
  readonly connections: number;
  /** How many connections are open. */
  readonly open: number;
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>;
  /** Resolves when so many requests have come. */
  arrived(requests: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a hostile server on the loopback. */
export async function openHostileServer(options: HostileOptions): Promise<HostileServer> {
  const { scenes, tls, onConnect } = options;
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let watchers: (() => void)[] = [];
  let connections = 0;
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const watcher = () => {
        if (!holds()) return;
        watchers = watchers.filter((other) => other !== watcher);
        resolve();
      };
      watchers.push(watcher);
      watcher();
    });

  const serve = (socket: Socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      changed();
    });
    onConnect?.(socket);
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes as Buffer]);
      for (;;) {
        const found = readRequest(rest);
        if (found === undefined) return;
        rest = rest.subarray(found.length);
        const request = { ...found.request, connection };
        seen.push(request);
        changed();
        const path = request.target.replace(/[?#].*$/s, "");
        const scene = scenes[path];
        if (scene === undefined) {
          socket.write("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        } else scene(socket, request);
      }
    });
  };

  const server = tls === undefined
    ? createServer(serve)
    : createTlsServer({ cert: tls.cert, key: tls.key, ALPNProtocols: ["http/1.1"] }, serve);
  // A client that does not trust the server ends the connection in the middle of the handshake.
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    seen,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    idle: () => until(() => sockets.size === 0),
    arrived: (requests) => until(() => seen.length >= requests),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The request at the beginning of some bytes; undefined if it has not come in full. */
function readRequest(
  bytes: Buffer,
): { request: Omit<SeenRequest, "connection">; length: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const [method = "", target = ""] = first!.split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const start = end + 4;
  // Deno sends bodies in chunks: those of tests come as one.
  if (headers["transfer-encoding"] === "chunked") {
    const last = bytes.indexOf("0\r\n\r\n", start);
    if (last < 0) return undefined;
    const line = bytes.indexOf("\r\n", start);
    const size = parseInt(bytes.toString("latin1", start, line), 16);
    const body = bytes.subarray(line + 2, line + 2 + size);
    return {
      request: { method, target, headers, head: lines.join("\r\n"), body },
      length: last + 5,
    };
  }
  const length = start + Number(headers["content-length"] ?? 0);
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(start, length);
  return { request: { method, target, headers, head: lines.join("\r\n"), body }, length };
}
