/**
 * Group commit: writes that arrive together share one transaction, and each caller gets its result only after the commit.
 *
 * It sets no timer: a write waits for other writes of the same turn of the event loop and no longer; on a database that
 * answers later, also for the commit that is under way.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { createTurns, pause, turnMs, type Turns } from "../async/turns.ts";
import { StoreError } from "../errors.ts";
import type { Change } from "./changes.ts";
import type { Database } from "./database.ts";
import { createExecutor } from "./executor.ts";
import type { BeforeCommit, Committed } from "./executor-port.ts";
import { migrate } from "./migrate.ts";
import { probeCommit } from "./probe.ts";
import type { Transition } from "./transition.ts";
import { UnusableStoreError } from "./unusable.ts";

/** Rows that the transitions of one transaction write at most, about; keeps a burst from holding the event loop. */
const groupSize = 2000;

/**
 * How long a group holds the event loop, in ms: how much a transition writes is not always known before. Longer than most groups
 * take, as each commit costs something.
 */
const groupMs = 20;

/** After a commit failed, a check succeeds only once the disk has room for this many bytes. */
const roomBytes = 1024 * 1024;

/** Where the broker's durable state lives. */
export interface Store {
  /** Whether other brokers may work on the same database. */
  readonly isShared: boolean;
  /**
   * Opens the database and brings its tables up to date.
   *
   * @throws {StoreError} If it cannot be used; it may be tried again.
   */
  open(): Promise<void>;
  /**
   * Runs a transition in the next group commit and resolves with its result once that is durable.
   * Called anew when the group that it was part of fails: the failure of one is not that of the others.
   *
   * @param transition Creates it.
   * @param size How many rows it writes, about. A large one is a transaction of its own. Calls wait for one that takes long, but
   * other work gets its turns.
   */
  write<Result>(transition: () => Transition<Result>, size?: number): Promise<Result>;
  /** Runs statements that change nothing, on what is committed. */
  read<Result>(transition: Transition<Result>): Promise<Result>;
  /**
   * Resolves when the database has taken a commit, and the file is where it was: a tiny commit, but a large one after
   * another failed, as a full disk may still have room for a tiny one. Calls that come together share one commit.
   *
   * @throws {StoreError} If it has not.
   */
  check(): Promise<void>;
  /** Commits what was asked for, then closes the database. Later writes are refused. */
  close(): Promise<void>;
}

/** What a store is made from. */
export interface StoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Writes what is kept about changes, in the same transaction; for all changes of a group at once. */
  readonly beforeCommit?: BeforeCommit;
  /**
   * More work that follows from the changes of a group, and that saves a commit when it is done in the same transaction:
   * gives the transition, if there is some now. Left out when the group fails and its writes are committed one by one.
   */
  readonly alongside?: (changes: readonly Change[]) => Transition<void> | undefined;
  /** Told that what was done alongside was not committed. Must not throw. */
  readonly abandoned?: () => void;
  /** Is given all changes of a group once they are durable, before the callers get their results. Must not throw. */
  readonly afterCommit?: (changes: readonly Change[]) => void;
}

interface Write {
  readonly transition: () => Transition<unknown>;
  readonly size: number;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Creates a store on a database that is not open yet. */
export function createStore(
  { database, clock, beforeCommit, alongside, abandoned, afterCommit }: StoreOptions,
): Store {
  const executor = createExecutor(database);
  const waiting: Write[] = [];
  let checking: Promise<void> | undefined;
  let committing: Promise<void> | undefined;
  let doubtful = false;
  let deferred = false;
  let closed = false;
  /** The long commit that is under way on a database that answers at once: nobody else may use it meanwhile. */
  let long: Promise<void> | undefined;

  const succeed = (group: readonly Write[], { results, changes }: Committed) => {
    if (changes.length > 0) afterCommit?.(changes);
    for (const [index, result] of results.entries()) group[index]!.resolve(result as never);
    if (results.length < group.length) waiting.unshift(...group.slice(results.length));
  };

  /** Whether something was done alongside the group that is being committed. */
  let wasAccompanied = false;

  function* accompany(changes: readonly Change[]): Transition<void> {
    const more = alongside?.(changes);
    if (more !== undefined) {
      wasAccompanied = true;
      yield* more;
    }
    if (beforeCommit !== undefined) yield* beforeCommit(changes);
  }

  const lastStep = alongside === undefined ? beforeCommit : accompany;

  const fail = (group: readonly Write[], error: unknown): void | Promise<void> => {
    if (error instanceof StoreError) doubtful = true;
    if (wasAccompanied) abandoned?.();
    if (error instanceof UnusableStoreError) {
      // None of them is to blame. Each by itself would wait as long again, and be done twice if this commit was one after all.
      for (const write of group) write.reject(error);
      return;
    }
    if (group.length === 1 && !wasAccompanied) return group[0]!.reject(error);
    return commitAlone(group);
  };

  /** Commits one by one what failed together. */
  const commitAlone = (group: readonly Write[]): void | Promise<void> => {
    for (const [index, write] of group.entries()) {
      const committed = commit([write], beforeCommit);
      if (committed !== undefined) {
        return committed.then(() => commitAlone(group.slice(index + 1)));
      }
    }
  };

  /** Gives a promise only if the database answers later, or if it takes long. */
  const commit = (
    group: readonly Write[],
    lastStep: BeforeCommit | undefined,
    turns = createTurns(clock, groupMs),
  ): void | Promise<void> => {
    let committed: Committed | Promise<Committed>;
    wasAccompanied = false;
    try {
      committed = executor.commit(group.map(({ transition }) => transition), lastStep, turns);
    } catch (error) {
      return fail(group, error);
    }
    if (!(committed instanceof Promise)) return succeed(group, committed);
    return committed.then(
      (committed) => succeed(group, committed),
      (error) => fail(group, error),
    );
  };

  /** Takes the writes of the next transaction out of those that wait. */
  const nextGroup = (): Write[] => {
    let size = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || size + waiting[count]!.size <= groupSize)) {
      size += waiting[count++]!.size;
    }
    return waiting.splice(0, count);
  };

  const flush = () => {
    deferred = false;
    if (committing !== undefined) return; // It flushes when it is through.
    const group = nextGroup();
    if (group.length === 0) return;
    const isLarge = group[0]!.size > groupSize;
    const turns = createTurns(clock, isLarge ? turnMs : groupMs);
    const done = commit(group, lastStep, turns);
    /** Lets the reads that waited come first, and what waits at the sockets: deferred work may come before that. */
    const goOnLater = () => {
      deferred = true;
      void turns.pause().then(flush);
    };
    if (done !== undefined) {
      if (!executor.isShared) long = done;
      committing = done.finally(() => {
        long = undefined;
        committing = undefined;
        if (executor.isShared) flush();
        else goOnLater();
      });
    } else if (waiting.length > 0 && turns.isOver()) goOnLater();
    else if (waiting.length > 0) defer();
  };

  const defer = () => {
    if (deferred) return;
    deferred = true;
    clock.defer(flush);
  };

  const write = <Result>(
    transition: () => Transition<Result>,
    size = 1,
    isFirst = false,
  ): Promise<Result> => {
    if (closed) return Promise.reject(new StoreError("Cannot write: the store is closed"));
    defer();
    return new Promise((resolve, reject) => {
      const one = { transition, size, resolve, reject };
      if (isFirst) waiting.unshift(one);
      else waiting.push(one);
    });
  };

  /** The turn of the event loop in which something was read, if it is not over. */
  let readTurn: Turns | undefined;
  /** Reads that wait for a turn, as those before them took so long: many that come together would hold the event loop together. */
  const waitingReads: (() => void)[] = [];
  let isReading = false;

  const mayRead = (): boolean => {
    if (executor.isShared) return true;
    if (readTurn !== undefined) return !readTurn.isOver();
    readTurn = createTurns(clock);
    clock.defer(() => readTurn = undefined);
    return true;
  };

  const readWaiting = async () => {
    if (isReading) return;
    isReading = true;
    while (waitingReads.length > 0) {
      await pause(clock);
      while (waitingReads.length > 0 && mayRead()) waitingReads.shift()!();
    }
    isReading = false;
  };

  const readNow = <Result>(transition: Transition<Result>): Promise<Result> =>
    long === undefined
      ? new Promise((resolve) => resolve(executor.read(transition)))
      : long.then(() => readNow(transition));

  return {
    isShared: executor.isShared,
    async open() {
      await executor.open();
      await executor.alone(() => migrate(executor));
    },
    write: (transition, size) => write(transition, size),
    read<Result>(transition: Transition<Result>): Promise<Result> {
      if (waitingReads.length === 0 && mayRead()) return readNow(transition);
      return new Promise((resolve) => {
        waitingReads.push(() => resolve(readNow(transition)));
        void readWaiting();
      });
    },
    check(): Promise<void> {
      // Its statements are carried out, so the database works; its end is not waited for.
      if (long !== undefined) return Promise.resolve();
      return checking ??= (async () => {
        executor.check();
        const doubted = doubtful;
        // However much waits: what is asked for is whether the database takes commits, and not how many.
        await write(() => probeCommit(doubted ? roomBytes : 0), 1, true);
        if (doubted) doubtful = false;
      })().finally(() => void (checking = undefined));
    },
    async close(): Promise<void> {
      if (closed) return;
      closed = true;
      while (waiting.length > 0 || committing !== undefined) {
        flush();
        await committing;
      }
      await executor.close();
    },
  };
}
