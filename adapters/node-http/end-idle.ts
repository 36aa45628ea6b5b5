/**
 * Ends connections that keep a place and ask for nothing, where the runtime does not.
 *
 * Who sends the head of a request byte by byte, and never its end, has asked for nothing either.
 *
 * @module
 */

import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { systemClock } from "../../src/async/clock.ts";

/** How long a session may take to close, in ms. */
const lastWordsMs = 5000;

/** Ends a session of HTTP/2 that has no stream for so long; pings do not count. */
export function endIdleSession(session: ServerHttp2Session, timeoutMs: number): void {
  let streams = 0;
  let idleSince = systemClock.monotonic();
  session.on("stream", (stream) => {
    streams++;
    stream.on("close", () => {
      if (--streams === 0) idleSince = systemClock.monotonic();
    });
  });
  // The timer is not set anew for each stream, as there may be thousands in a second.
  const look = () => {
    const left = streams > 0 ? timeoutMs : idleSince + timeoutMs - systemClock.monotonic();
    if (left > 0) disarm = systemClock.setTimer(look, left);
    else {
      session.close();
      // Half a head is no stream yet, and keeps a session from closing nevertheless.
      disarm = systemClock.setTimer(() => session.destroy(), lastWordsMs);
    }
  };
  let disarm = systemClock.setTimer(look, timeoutMs);
  session.on("close", () => disarm());
}

/** Waits for heads on connections of HTTP/1.1. */
export interface HeadWatch {
  /** Waits for the first head of a connection, and for others of which it is told; closes it if none has come after so long. */
  begin(socket: Socket, timeoutMs: number): void;
  /** A head has come. */
  came(socket: Socket): void;
  /** It was answered, and the next may come. */
  next(socket: Socket, timeoutMs: number): void;
}

/** Creates a watch of connections. */
export function createHeadWatch(): HeadWatch {
  const timers = new Map<Socket, () => void>();
  const came = (socket: Socket) => {
    timers.get(socket)?.();
    timers.delete(socket);
  };
  const next = (socket: Socket, timeoutMs: number) => {
    came(socket);
    if (socket.destroyed) return;
    timers.set(socket, systemClock.setTimer(() => void socket.destroy(), timeoutMs));
  };
  return {
    begin(socket, timeoutMs) {
      next(socket, timeoutMs);
      socket.on("close", () => came(socket));
    },
    came,
    next,
  };
}
