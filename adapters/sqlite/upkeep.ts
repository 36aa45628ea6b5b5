/**
 * What a driver does for the file that its database is: look that it is still there, copy it, make it smaller.
 *
 * @module
 */

import { closeSync, openSync, statSync } from "node:fs";
import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { copyFile } from "./copy.ts";

/** The log is merged into the file when it has this many pages; SQLite's own default. */
const checkpointPages = 1000;

/** Freed at once while the file is compacted, which takes a few ms. */
const compactPages = 200;

/** `auto_vacuum = INCREMENTAL`, as SQLite tells it. */
const incremental = 2;

/** Adds the upkeep of the file at `path`, an absolute one, to the driver that has it open. */
export function withUpkeep(driver: SyncDatabase, path: string, name: string): SyncDatabase {
  let opened: string | undefined;
  let descriptor: number | undefined;

  const check = () => {
    if (identify(path) === opened) return;
    throw new StoreError(`Database '${name}' is gone: its file was removed or replaced`);
  };
  const numberOf = (pragma: string) => Number(Object.values(driver.all(pragma, [])[0] ?? {})[0]);

  return {
    ...driver,
    open() {
      driver.open();
      opened ??= identify(path);
    },
    check,
    async copy(signal) {
      check();
      // Kept until the database is closed: closing any descriptor of a file takes from a process all its POSIX
      // locks on that file, SQLite's too.
      descriptor ??= openSync(path, "r");
      const busy = numberOf("PRAGMA wal_checkpoint(TRUNCATE)");
      if (busy !== 0) throw new StoreError(`Database '${name}' is busy`);
      driver.script("PRAGMA wal_autocheckpoint = 0");
      try {
        return await copyFile(descriptor, `${path}-copy`, signal);
      } catch (cause) {
        signal.throwIfAborted();
        throw new StoreError(`Cannot copy database '${name}': ${(cause as Error).message}`, {
          cause,
        });
      } finally {
        driver.script(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
      }
    },
    *compact() {
      // A database that was not made here, but from a dump perhaps: all at once, this one time.
      if (numberOf("PRAGMA auto_vacuum") !== incremental) {
        driver.script("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
      }
      const countFree = () => numberOf("PRAGMA freelist_count");
      // Ends also when more is freed meanwhile than is given back.
      for (let before = Infinity, free = countFree(); free > 0 && free < before;) {
        // For its rows, one for each page: Deno's script stops at the first.
        driver.all(`PRAGMA incremental_vacuum(${compactPages})`, []);
        yield;
        before = free;
        free = countFree();
      }
      driver.all("PRAGMA wal_checkpoint(TRUNCATE)", []);
    },
    close() {
      driver.close();
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Tells a file from another that came to the same path; undefined when none is there. */
function identify(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino}`;
}
