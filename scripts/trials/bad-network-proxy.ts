/**
 * A TCP proxy that misbehaves as it is told: bytes wait, come late, are changed or cut off, and connections are answered with
 * pages of a proxy that has no broker.
 *
 * What a silent network holds comes through when it is there again, as the kernels would send it once more; the ends of
 * connections too.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

/** How the proxy behaves; nothing of it is a proxy that passes on everything. */
export interface Weather {
  /** Holds what goes to the broker. */
  readonly holdUp?: boolean;
  /** Holds what comes from the broker. */
  readonly holdDown?: boolean;
  /** Each piece comes so much later, in ms. */
  readonly delayMs?: number;
  /** A connection is cut after some bytes, this many in the mean, in the middle of a piece. */
  readonly cutAfterBytes?: number;
  /** Each piece is passed on in parts of so many bytes. */
  readonly crumbBytes?: number;
  /** How many of the pieces from the broker have a wrong byte, from 0 to 1. */
  readonly corrupt?: number;
  /** Each request is answered with a page of this status. */
  readonly refuse?: number;
  /** Nobody listens. */
  readonly closed?: boolean;
}

/** A proxy that listens. */
export interface Proxy {
  readonly url: string;
  /** Behaves so from now on. Open connections are cut if new ones would not be passed on. */
  set(weather: Weather): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that wait in one direction of a connection before no more are read, as a kernel's buffers would. */
const mostHeld = 1024 * 1024;

const page = "<html><head><title>Gateway</title></head><body><h1>Not now</h1></body></html>";

/** Starts a proxy before the port of a broker on this machine. */
export async function startProxy(brokerPort: number): Promise<Proxy> {
  let weather: Weather = {};
  let changed = Promise.withResolvers<void>();
  const open = new Set<Socket>();

  /** Passes on one direction, piece by piece in their order. */
  const pipe = (from: Socket, to: Socket, direction: "up" | "down") => {
    const isHeld = () => direction === "up" ? weather.holdUp : weather.holdDown;
    let last = Promise.resolve();
    let held = 0;
    let passed = 0;
    let cutAt = 0;
    let isCutShort = false;
    const write = async (piece: Buffer) => {
      const { crumbBytes = Infinity } = weather;
      let rest = piece;
      for (; rest.length > crumbBytes; rest = rest.subarray(crumbBytes)) {
        to.write(rest.subarray(0, crumbBytes));
        await turn();
      }
      to.write(rest);
    };
    const send = async (whole: Buffer, dueAt: number) => {
      let piece = whole;
      if (isHeld() && !isCutShort && !to.destroyed) {
        // It went silent in the middle of a piece.
        isCutShort = true;
        const half = piece.length >> 1;
        to.write(piece.subarray(0, half));
        piece = piece.subarray(half);
      }
      while (isHeld()) await changed.promise;
      isCutShort = false;
      const restMs = dueAt - performance.now();
      if (restMs > 0) await sleep(restMs);
      held -= whole.length;
      if (held < mostHeld) from.resume();
      if (to.destroyed) return;
      const { cutAfterBytes, corrupt = 0 } = weather;
      if (cutAfterBytes !== undefined) {
        cutAt ||= passed - cutAfterBytes * Math.log(1 - Math.random());
        passed += piece.length;
        if (passed > cutAt) {
          to.write(piece.subarray(0, Math.floor(Math.random() * piece.length)));
          from.destroy();
          return void to.destroySoon();
        }
      }
      if (direction === "down" && Math.random() < corrupt) {
        piece = Buffer.from(piece);
        piece[Math.floor(Math.random() * piece.length)] = Math.floor(Math.random() * 256);
      }
      await write(piece);
    };
    const finish = async () => {
      while (isHeld()) await changed.promise;
      to.end();
    };
    from.on("data", (piece: Buffer) => {
      held += piece.length;
      if (held >= mostHeld) from.pause();
      const dueAt = performance.now() + (weather.delayMs ?? 0);
      last = last.then(() => send(piece, dueAt));
    });
    from.on("end", () => void (last = last.then(finish)));
    from.on("close", () => void (last = last.then(finish).then(() => void to.destroySoon())));
    from.on("error", () => {});
  };

  const refuse = (socket: Socket, status: number) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      const head = `HTTP/1.1 ${status} Refused\r\ncontent-type: text/html\r\n` +
        `content-length: ${page.length}\r\nconnection: close\r\n\r\n`;
      socket.end(head + page);
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    if (weather.refuse !== undefined) return refuse(socket, weather.refuse);
    const upstream = connect({
      host: "127.0.0.1",
      port: brokerPort,
      allowHalfOpen: true,
      noDelay: true,
    });
    open.add(upstream);
    upstream.on("close", () => open.delete(upstream));
    pipe(socket, upstream, "up");
    pipe(upstream, socket, "down");
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const cutAll = () => {
    for (const socket of open) socket.destroy();
  };
  await listen(0);
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async set(next) {
      const before = weather;
      weather = next;
      changed.resolve();
      changed = Promise.withResolvers();
      if (next.closed) server.close();
      if (next.closed || next.refuse !== undefined || before.refuse !== undefined) cutAll();
      if (before.closed && !next.closed) await listen(port);
    },
    async close() {
      weather = {};
      changed.resolve();
      server.close();
      cutAll();
      await once(server, "close").catch(() => {});
    },
  };
}
