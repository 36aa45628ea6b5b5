/**
 * Copying and compacting the database while the broker works on it, one at a time: compacting moves what a copy reads.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { StoreError } from "../errors.ts";
import type { Database, DatabaseCopy } from "./database.ts";

/** The operations of an operator. */
export interface Upkeep {
  /**
   * Copies the database with every change that was answered before the call. Rejects with {@linkcode StoreError},
   * or with the reason of `signal`.
   */
  copy(signal: AbortSignal): Promise<DatabaseCopy>;
  /** Gives the space of deleted jobs back to the file system; resolves when that is done. */
  compact(): Promise<void>;
  /** Ends what is running, and refuses more. Await it before the database is closed. */
  stop(): Promise<void>;
}

/** Creates the upkeep of a database. */
export function createUpkeep(database: Database, clock: Clock): Upkeep {
  const file = database.dialect === "sqlite" ? database : undefined;
  const stopping = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(() => {
      stopping.signal.throwIfAborted();
      return work();
    });
    last = result.catch(() => {});
    return result;
  };

  return {
    copy: (signal) =>
      inTurn(() => {
        if (file === undefined) {
          throw new StoreError("Cannot copy a database of PostgreSQL: expected its own pg_dump");
        }
        if (file.copy === undefined) throw new StoreError("This database cannot be copied");
        return file.copy(AbortSignal.any([signal, stopping.signal]));
      }),
    compact: () =>
      inTurn(async () => {
        for (const _ of file?.compact?.() ?? []) {
          // Not deferred: Deno reads nothing from its sockets while one piece of deferred work follows another.
          await new Promise<void>((resolve) => clock.setTimer(resolve, 1));
          stopping.signal.throwIfAborted();
        }
      }),
    async stop() {
      stopping.abort(new StoreError("Cannot go on: the broker is being closed"));
      await last;
    },
  };
}
