/**
 * What a database does for its file: checks that it is still there, copies it, makes it smaller.
 *
 * @module
 */

import { closeSync, fstatSync, openSync } from "node:fs";
import { StoreError } from "../../src/errors.ts";
import type { OpenTransaction, SyncDatabase } from "../../src/store/database.ts";
import { copyFile } from "./copy.ts";
import { createFileGuard } from "./file-guard.ts";

/**
 * The log is merged into the file when it has this many pages of 4 KiB: just below 16 MiB. That is four times SQLite's
 * own default: a page of an index that many commits change is then written to the file, and the disk waited for, a quarter
 * as often.
 */
export const checkpointPages = 4000;

/** The log is cut back to this after a large transaction or a backup made it longer: SQLite keeps all else. */
export const logBytes: number = 16 * 1024 * 1024;

/**
 * Pages freed in one piece while the file is compacted, at most; a power of two. To free a page, SQLite searches the list of
 * all free ones: that takes 1 ms when 10 GB are free and were freed in no order, and almost nothing else. So a piece is
 * halved when it took long, and is so short at most that a sudden change is no harm.
 */
const compactPages = 32;

/** A piece that takes longer is followed by a smaller one, in ms. */
const pieceMs = 20;

/**
 * As `checkpointPages`, while the file is compacted. The pages that this changes lie all over the file, so that merging
 * 4,000 of them takes 100 ms.
 */
const compactCheckpointPages = 500;

/** A file of this many bytes is rebuilt in about 50 ms. */
const rebuildBytes = 16 * 1024 * 1024;

/** The number that SQLite gives for `auto_vacuum = INCREMENTAL`. */
const incremental = 2;

/**
 * Adds the upkeep of its file to a database.
 *
 * @param file The absolute path of the file.
 * @param name What the database is called in messages.
 */
export function withUpkeep(database: SyncDatabase, file: string, name: string): SyncDatabase {
  let descriptor: number | undefined;
  const guard = createFileGuard({
    file,
    name,
    logBytes,
    saveLog() {
      try {
        database.all("PRAGMA wal_checkpoint", []);
      } catch {
        // That the log is gone is what matters, and is said.
      }
    },
  });

  /** Whether a transaction is open, maybe over many turns. Nothing of a copy or a compaction may become part of it. */
  let isOpen = false;
  let closed: PromiseWithResolvers<void> | undefined;
  const end = () => {
    isOpen = false;
    closed?.resolve();
    closed = undefined;
  };

  const begin = (): OpenTransaction => {
    guard.checkOften();
    const transaction = database.begin!();
    isOpen = true;
    return {
      commit() {
        guard.checkOften();
        transaction.commit();
        end();
      },
      rollback() {
        transaction.rollback();
        end();
      },
    };
  };

  const check = () => {
    database.all("SELECT 1", []); // Throws if the database is not open.
    guard.check();
  };
  const openDatabaseFile = () => {
    const opened = openSync(file, "r");
    if (guard.isDatabase(fstatSync(opened, { bigint: true }))) return opened;
    closeSync(opened); // Another file, that was put in its place just now.
    throw new StoreError(`Cannot copy database '${name}': its file was replaced`);
  };
  const setCheckpoint = (pages: number) => database.script(`PRAGMA wal_autocheckpoint = ${pages}`);
  const readNumber = (pragma: string) =>
    Number(Object.values(database.all(pragma, [])[0] ?? {})[0]);
  /** Moves the log to the file, and gives 0 if nobody was in the way. */
  const emptyLog = () => {
    guard.check();
    guard.logEmptied();
    return readNumber("PRAGMA wal_checkpoint(TRUNCATE)");
  };

  return {
    ...database,
    open() {
      database.open();
      guard.remember();
    },
    transaction(body) {
      guard.checkOften();
      return database.transaction(body);
    },
    ...database.begin !== undefined && { begin },
    check,
    async copy(signal) {
      check();
      while (isOpen) await (closed ??= Promise.withResolvers()).promise;
      signal.throwIfAborted();
      // Kept until the database is closed: closing any descriptor of a file takes from a process all its POSIX
      // locks on that file, SQLite's too.
      descriptor ??= openDatabaseFile();
      if (emptyLog() !== 0) throw new StoreError(`Database '${name}' is busy`);
      setCheckpoint(0);
      try {
        return await copyFile(descriptor, file, signal);
      } catch (cause) {
        signal.throwIfAborted();
        throw new StoreError(`Cannot copy database '${name}': ${(cause as Error).message}`, {
          cause,
        });
      } finally {
        setCheckpoint(checkpointPages);
      }
    },
    *compact({ mayBlock = false } = {}) {
      while (isOpen) yield;
      // A database that was not made here (from a dump, say): all in one piece, this one time.
      if (readNumber("PRAGMA auto_vacuum") !== incremental) {
        const size = readNumber("PRAGMA page_count") * readNumber("PRAGMA page_size");
        if (size > rebuildBytes && !mayBlock) {
          throw new StoreError(
            `Database '${name}' was made without 'auto_vacuum = INCREMENTAL', and with ${size} bytes it is too large ` +
              "to be rebuilt while the broker works: stop it and run 'millrace compact --data FILE' once",
          );
        }
        database.script("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
      }
      const countFree = () => readNumber("PRAGMA freelist_count");
      let pages = compactPages;
      setCheckpoint(compactCheckpointPages);
      try {
        // Also ends when other work frees more than this gives back.
        for (let before = Infinity, free = countFree(); free > 0 && free < before;) {
          guard.checkOften();
          const startedAt = performance.now();
          // Not by `script`: the pragma gives a row for each page, and Deno's script stops at the first.
          database.all(`PRAGMA incremental_vacuum(${pages})`, []);
          const tookMs = performance.now() - startedAt;
          if (tookMs > pieceMs) pages = Math.max(1, pages / 2);
          else if (tookMs < pieceMs / 4) pages = Math.min(compactPages, pages * 2);
          do yield; while (isOpen);
          before = free;
          free = countFree();
        }
        emptyLog();
      } finally {
        setCheckpoint(checkpointPages);
      }
    },
    close() {
      try {
        guard.check(); // SQLite is about to move what is left of the log to the file.
      } catch {
        // Who closes it does not write any more.
      }
      guard.forget();
      database.close();
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
