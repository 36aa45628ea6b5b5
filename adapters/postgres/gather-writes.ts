/**
 * Statements that go out together: a write to a socket costs as much as all else that is done for a small statement.
 *
 * @module
 */

import process from "node:process";
import type { PgClient } from "./pool.ts";

/**
 * A client that sends what it is asked in one turn as one piece, in the order in which it is asked. Nothing waits for longer than until
 * all that can go on has gone on. Gives the client itself where it does not send a query before the one before is answered.
 */
export function gatherWrites(client: PgClient): PgClient {
  const stream = client.connection?.stream;
  if (client.pipeline !== true || stream?.cork === undefined || stream.uncork === undefined) {
    return client;
  }
  let isOpen = false;
  const close = () => {
    isOpen = false;
    stream.uncork!();
  };
  const open = () => {
    if (isOpen) return;
    isOpen = true;
    stream.cork!();
    // From within a microtask, the next tick comes after all of them.
    queueMicrotask(() => process.nextTick(close));
  };
  return {
    pipeline: true,
    query(query) {
      open();
      return client.query(query);
    },
    release: (error) => client.release(error),
    on: (event, listener) => client.on(event, listener),
    off: (event, listener) => client.off(event, listener),
  };
}
