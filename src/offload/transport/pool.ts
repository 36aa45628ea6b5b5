/**
 * Connections that wait to be used again. A server that closes one just as a request leaves makes that request fail, so they
 * wait for less time than servers do. No timer looks after them, as that would keep a process running: those that are too old
 * are closed when the next one comes or goes, and by their servers.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Connection } from "./sockets.ts";

/** Connections that wait. */
export interface ConnectionPool {
  /**
   * A connection to an origin that is as good as new.
   *
   * @param origin The origin.
   */
  take(origin: string): Connection | undefined;
  /**
   * Keeps a connection for the next request, or closes it.
   *
   * @param origin Where it leads.
   * @param connection The connection.
   * @param hintMs How long the server keeps it, in ms, if it says so.
   */
  give(origin: string, connection: Connection, hintMs: number | undefined): void;
  /** Closes all of them; others are closed as they come. */
  close(): void;
}

interface Waiting {
  readonly connection: Connection;
  readonly origin: string;
  readonly until: number;
}

/** The server's span, less the time that a request is under way. */
const marginMs = 1_000;
const mostOfAll = 256;

/** Begins without any. */
export function createPool(clock: Clock, keepAliveMs: number): ConnectionPool {
  let waiting: Waiting[] = [];
  let isClosed = false;

  /** Closes those that are of no use any more, and the oldest ones of too many. */
  const sweep = () => {
    const now = clock.monotonic();
    const excess = isClosed ? waiting.length : waiting.length - mostOfAll;
    waiting = waiting.filter(({ connection, until }, at) => {
      const isGood = at >= excess && until > now && connection.isQuiet;
      if (!isGood) connection.destroy();
      return isGood;
    });
  };

  return {
    take(origin) {
      sweep();
      const at = waiting.findLastIndex((one) => one.origin === origin);
      if (at < 0) return undefined;
      const [{ connection }] = waiting.splice(at, 1) as [Waiting];
      connection.keep(true);
      return connection;
    },
    give(origin, connection, hintMs = Infinity) {
      const spanMs = Math.min(keepAliveMs, hintMs - marginMs);
      connection.keep(false);
      waiting.push({ connection, origin, until: clock.monotonic() + spanMs });
      void connection.closed.then(sweep);
      sweep();
    },
    close() {
      isClosed = true;
      sweep();
    },
  };
}
