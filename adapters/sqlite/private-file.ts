/**
 * Makes files that only the user of this process may read, and that were not there before.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Read and written by their owner only: a database holds the payloads of all jobs. */
const ownerOnly = 0o600;

/**
 * Makes an empty file unless something is there. Whatever is there keeps its mode. What goes wrong is left to whoever opens
 * the file next and can say more.
 */
export function ensurePrivateFile(path: string): void {
  try {
    // "x" makes the file or fails: it neither follows a symbolic link nor opens what another process made meanwhile.
    closeSync(openSync(path, "wx", ownerOnly));
  } catch {
    // See above.
  }
}

/**
 * Makes a file with a name that nobody can guess, beside `path`, and opens it for reading and writing. Nobody can have
 * put a file or a symbolic link in its place before.
 */
export async function openPrivateFile(
  path: string,
  suffix: string,
): Promise<{ readonly path: string; readonly file: FileHandle }> {
  const unique = `${path}-${crypto.randomUUID()}${suffix}`;
  return { path: unique, file: await open(unique, "wx+", ownerOnly) };
}
