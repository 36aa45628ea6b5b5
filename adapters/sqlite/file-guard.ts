/**
 * Notices that the files of an open database were removed or replaced, or that its log was cut. SQLite does not: it goes on
 * writing to what has no name any more, or behind a hole, and all of that is lost when the process ends.
 *
 * @module
 */

import { realpathSync, statSync } from "node:fs";
import { UnusableStoreError } from "../../src/store/unusable.ts";
import { type LogFile, openLogFile } from "./log-file.ts";

/**
 * How often commits look for the files at most, in ms. Looking takes 3 µs on Node and Bun and 12 µs on Deno, too much for
 * each commit. So what is committed in this time after the files went away may be lost.
 */
const lookEveryMs = 10;

/** Watches over the files of one database. */
export interface FileGuard {
  /** Remembers the files that are there now, unless it did so before. Call when the database is open. */
  remember(): void;
  /** SQLite has emptied the log. */
  logEmptied(): void;
  /** Watches no more, as the files are about to be closed. */
  forget(): void;
  /**
   * Looks for the files.
   *
   * @throws {UnusableStoreError} If they are not those that are open. The same instance until that changes.
   */
  check(): void;
  /**
   * As `check`, but looks only now and then, though each time while something is wrong. Call before each commit.
   *
   * @throws {UnusableStoreError} As `check`.
   */
  checkOften(): void;
  /** Whether an open file of this description is the database. */
  isDatabase(file: FileIdentity): boolean;
}

/** What tells a file from another that came to the same path. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** What a guard is made from. */
export interface FileGuardOptions {
  /** The absolute path of the database. */
  readonly file: string;
  /** What the database is called in messages. */
  readonly name: string;
  /** Called once when the log is gone. It is still open, so what it holds can be moved to the file. */
  readonly saveLog: () => void;
  /** SQLite leaves so many bytes of the log at least, unless it empties it. */
  readonly logBytes: number;
  /** The time in ms, from any start. */
  readonly now?: () => number;
}

/** Creates a guard that does not know the files yet. */
export function createFileGuard(
  { file, name, saveLog, logBytes, now = () => performance.now() }: FileGuardOptions,
): FileGuard {
  let database: FileIdentity | undefined;
  let log: FileIdentity | undefined;
  let logPath = "";
  let logFile: LogFile | undefined;
  let problem: UnusableStoreError | undefined;
  let nextLookAt = -Infinity;

  const report = (what: string): UnusableStoreError => {
    const message = `Database '${name}' ${what}`;
    if (problem?.message !== message) problem = new UnusableStoreError(message);
    return problem;
  };

  const check = () => {
    nextLookAt = now() + lookEveryMs;
    if (!isSame(identityOf(file), database)) {
      throw report("is gone: its file was removed or replaced");
    }
    if (log !== undefined && !isSame(identityOf(logPath), log)) {
      const isNews = problem === undefined;
      const error = report(
        "has lost its log: the file was removed or replaced, restart the broker",
      );
      if (isNews) saveLog();
      throw error;
    }
    if (logFile?.isCut()) throw report("has lost its log: the file was cut, restart the broker");
    problem = undefined;
  };

  return {
    remember() {
      if (database !== undefined) return;
      database = identityOf(file);
      try {
        // SQLite puts the log beside the file itself, wherever a symbolic link to it stands.
        logPath = `${realpathSync(file)}-wal`;
        log = identityOf(logPath);
        if (log !== undefined) logFile = openLogFile(logPath, logBytes);
      } catch {
        // Not watched: on Deno, reading may be allowed for the database alone.
      }
    },
    logEmptied: () => logFile?.wasEmptied(),
    forget() {
      database = undefined;
      logFile?.close();
      logFile = undefined;
    },
    check,
    checkOften() {
      if (database === undefined) return; // Not open: whoever is called next says so.
      if (problem !== undefined || now() >= nextLookAt) check();
    },
    isDatabase: (file) => isSame(file, database),
  };
}

function isSame(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

/** Undefined if there is no such file, or if it cannot be looked at. */
function identityOf(file: string): FileIdentity | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
