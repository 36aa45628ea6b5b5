/**
 * Opens take streams and keeps them, over one way or another. What comes on them is read and thrown away.
 *
 * @module
 */

import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

/** What carries the streams. */
export const ways = ["http1", "http2", "tls"] as const;

export type Way = typeof ways[number];

/** Holds streams. */
export interface Holder {
  /** Opens so many more; resolves when a first byte has come on each. */
  open(streams: number): Promise<void>;
  /** Throws if fewer are open. */
  demandAllOpen(streams: number): void;
  closeAll(): void;
}

/** Calls on one connection of HTTP/2. Our servers allow 100 or more. */
const callsAConnection = 100;

/** So many are opened at a time: a server has a queue of connections that it has not accepted, and it is no longer. */
const atATime = 50;

const path = "/jobs/take?queue=bench&prefetch=10";

/** Creates a holder without streams. */
export function createHolder(url: URL, way: Way, ca: string): Holder {
  const open = new Set<Duplex>();
  const sessions = new Set<ClientHttp2Session>();
  const hold = (stream: Duplex) =>
    new Promise<void>((resolve, reject) => {
      open.add(stream);
      stream.once("data", () => resolve());
      stream.on("error", reject);
      stream.on("close", () => {
        open.delete(stream);
        reject(new Error("The server closed a stream"));
      });
    });
  const place = { host: url.hostname, port: Number(url.port) };
  const openOne = async () => {
    const socket = way === "tls" ? connectTls({ ...place, ca }) : connect(place);
    const held = hold(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await held;
  };
  const openSession = async (calls: number) => {
    const session = connectHttp2(url.href);
    sessions.add(session);
    session.on("error", () => {});
    await Promise.all(
      Array.from({ length: calls }, () => hold(session.request({ ":path": path }))),
    );
  };

  return {
    async open(streams) {
      for (let opened = 0; opened < streams;) {
        const step = Math.min(way === "http2" ? callsAConnection : atATime, streams - opened);
        if (way === "http2") await openSession(step);
        else await Promise.all(Array.from({ length: step }, openOne));
        opened += step;
      }
    },
    demandAllOpen(streams) {
      if (open.size < streams) throw new Error(`${open.size} of ${streams} streams are open`);
    },
    closeAll() {
      for (const stream of open) stream.destroy();
      for (const session of sessions) session.destroy();
      sessions.clear();
    },
  };
}
