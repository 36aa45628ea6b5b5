/**
 * Group commit: writes that arrive together share one transaction, and each caller hears of its own only
 * after the commit.
 *
 * No timer stands in front of it: a write waits for what is already on its way in the same turn of the
 * event loop, and no longer.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { StoreError } from "../errors.ts";
import { touch } from "./check.ts";
import type { SyncDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { runSync, type Transition } from "./transition.ts";

/** Transitions in one transaction at most; keeps a burst from holding the event loop. */
const groupLimit = 1000;

/** A disk that had no room for a commit must have some for this many bytes before it counts as mended. */
const roomBytes = 1024 * 1024;

/** Where the broker's durable state lives. */
export interface Store {
  /**
   * Runs a transition in the next group commit and resolves with its result once that is durable.
   * Called anew when the group that it was part of fails: the failure of one is not that of the others.
   */
  write<Result>(transition: () => Transition<Result>): Promise<Result>;
  /** Runs statements that change nothing, on what is committed. */
  read<Result>(transition: Transition<Result>): Promise<Result>;
  /**
   * Resolves when the database has taken a commit, and the file is where it was: a tiny commit, but a large one after
   * another failed, as a full disk may still have room for a tiny one. Rejects with {@linkcode StoreError}. Calls that
   * come together share one commit.
   */
  check(): Promise<void>;
  /** Commits what was asked for, then closes the database. Later writes are refused. */
  close(): Promise<void>;
}

interface Write {
  readonly transition: () => Transition<unknown>;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens a store on a database, bringing its tables up to date. Throws {@linkcode StoreError}. */
export function createStore(driver: SyncDatabase, clock: Clock): Store {
  migrate(driver);
  const waiting: Write[] = [];
  let checking: Promise<void> | undefined;
  let doubtful = false;
  let deferred = false;
  let closed = false;

  const commit = (group: readonly Write[]) => {
    let results: unknown[];
    try {
      results = driver.transaction(() => group.map((write) => runSync(driver, write.transition())));
    } catch (error) {
      if (error instanceof StoreError) doubtful = true;
      if (group.length === 1) group[0]!.reject(error);
      else for (const write of group) commit([write]);
      return;
    }
    for (const [index, write] of group.entries()) write.resolve(results[index] as never);
  };

  const flush = () => {
    deferred = false;
    const group = waiting.splice(0, groupLimit);
    if (waiting.length > 0) defer();
    if (group.length > 0) commit(group);
  };

  const defer = () => {
    if (deferred) return;
    deferred = true;
    clock.defer(flush);
  };

  const write = <Result>(transition: () => Transition<Result>): Promise<Result> => {
    if (closed) return Promise.reject(new StoreError("Cannot write: the store is closed"));
    defer();
    return new Promise((resolve, reject) => waiting.push({ transition, resolve, reject }));
  };

  return {
    write,
    read<Result>(transition: Transition<Result>): Promise<Result> {
      return new Promise((resolve) => resolve(runSync(driver, transition)));
    },
    check(): Promise<void> {
      return checking ??= (async () => {
        driver.check?.();
        const doubted = doubtful;
        await write(() => touch(doubted ? roomBytes : 0));
        if (doubted) doubtful = false;
      })().finally(() => void (checking = undefined));
    },
    close(): Promise<void> {
      if (!closed) {
        closed = true;
        while (waiting.length > 0) flush();
        driver.close();
      }
      return Promise.resolve();
    },
  };
}
