/**
 * What a database does for its file: checks that it is still there, copies it, makes it smaller.
 *
 * @module
 */

import { closeSync, openSync, statSync } from "node:fs";
import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { copyFile } from "./copy.ts";

/** The log is merged into the file when it has this many pages; SQLite's own default. */
const checkpointPages = 1000;

/** Freed in one piece while the file is compacted, which takes a few ms. */
const compactPages = 200;

/** The number that SQLite gives for `auto_vacuum = INCREMENTAL`. */
const incremental = 2;

/**
 * Adds the upkeep of its file to a database.
 *
 * @param file The absolute path of the file.
 * @param name What the database is called in messages.
 */
export function withUpkeep(database: SyncDatabase, file: string, name: string): SyncDatabase {
  let identity: string | undefined;
  let descriptor: number | undefined;

  const check = () => {
    database.all("SELECT 1", []); // Throws if the database is not open.
    if (identity !== undefined && identityOf(file) === identity) return;
    throw new StoreError(`Database '${name}' is gone: its file was removed or replaced`);
  };
  const readNumber = (pragma: string) =>
    Number(Object.values(database.all(pragma, [])[0] ?? {})[0]);

  return {
    ...database,
    open() {
      database.open();
      identity ??= identityOf(file);
    },
    check,
    async copy(signal) {
      check();
      // Kept until the database is closed: closing any descriptor of a file takes from a process all its POSIX
      // locks on that file, SQLite's too.
      descriptor ??= openSync(file, "r");
      const busy = readNumber("PRAGMA wal_checkpoint(TRUNCATE)");
      if (busy !== 0) throw new StoreError(`Database '${name}' is busy`);
      database.script("PRAGMA wal_autocheckpoint = 0");
      try {
        return await copyFile(descriptor, `${file}-copy`, signal);
      } catch (cause) {
        signal.throwIfAborted();
        throw new StoreError(`Cannot copy database '${name}': ${(cause as Error).message}`, {
          cause,
        });
      } finally {
        database.script(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
      }
    },
    *compact() {
      // A database that was not made here (from a dump, say): all in one piece, this one time.
      if (readNumber("PRAGMA auto_vacuum") !== incremental) {
        database.script("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
      }
      const countFree = () => readNumber("PRAGMA freelist_count");
      // Also ends when other work frees more than this gives back.
      for (let before = Infinity, free = countFree(); free > 0 && free < before;) {
        // Not by `script`: the pragma gives a row for each page, and Deno's script stops at the first.
        database.all(`PRAGMA incremental_vacuum(${compactPages})`, []);
        yield;
        before = free;
        free = countFree();
      }
      database.all("PRAGMA wal_checkpoint(TRUNCATE)", []);
    },
    close() {
      database.close();
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** What tells a file from another that came to the same path; undefined if there is none. */
function identityOf(file: string): string | undefined {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}
