/**
 * The write-ahead log of an open database, as a file that somebody else may cut.
 *
 * SQLite knows by heart where in its log each page is, and does not look whether the file was cut meanwhile. What it appends
 * then lies behind a hole, which it would read as pages full of zeros, and would move these to the database, at the latest
 * when it closes it. Where the log ends before the hole it reads an error, and the database stays as it was.
 *
 * @module
 */

import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";

/** Looks after a log. */
export interface LogFile {
  /** Whether what was in the log is not there any more. Once it is, that stays so. */
  isCut(): boolean;
  /** SQLite has emptied the log. */
  wasEmptied(): void;
  close(): void;
}

/** Bytes at the beginning of a log, and before each page in it. */
const head = 32;
const pageHead = 24;

/**
 * Opens a log.
 *
 * @param logBytes SQLite itself leaves so many bytes at least when it cuts the log.
 * @throws What the file system does.
 */
export function openLogFile(path: string, logBytes: number): LogFile {
  const file = openSync(path, "r+");
  /** Where a page was that has to be there still; 0 if none has. */
  let knownAt = 0;
  let cut = false;
  const bytes = new DataView(new ArrayBuffer(4));

  /** A number, or 0 behind the end and in a hole. */
  const readNumber = (at: number): number => {
    bytes.setUint32(0, 0);
    readSync(file, bytes, 0, 4, at);
    return bytes.getUint32(0);
  };
  const readStep = () => pageHead + readNumber(8);

  /** Lets the log end before its first hole: what is before that is there after the next start, if it is whole. */
  const endAtHole = () => {
    const { size } = fstatSync(file);
    const step = readStep();
    let end = 0;
    if (step > pageHead) {
      end = head;
      while (end < size && readNumber(end) !== 0) end += step;
      if (end > head && end < size) end -= step; // It may be half of one.
    }
    if (end < size) ftruncateSync(file, end);
  };

  return {
    isCut() {
      // A page begins with its number, from 1 on.
      if (!cut && knownAt > 0 && readNumber(knownAt) === 0) {
        cut = true;
        endAtHole();
      }
      if (cut) return true;
      const step = readStep();
      const pages = Math.floor((Math.min(fstatSync(file).size, logBytes) - head) / step);
      knownAt = pages > 0 && step > pageHead ? head + (pages - 1) * step : 0;
      return false;
    },
    wasEmptied: () => void (knownAt = 0),
    close: () => closeSync(file),
  };
}
