/**
 * Copying a database file that its broker goes on writing to.
 *
 * In WAL mode, commits are appended to the log, and the file itself changes only at a checkpoint. So a checkpoint is
 * made, the next ones are put off, and the file can be read in peace: no transaction waits for it, and nothing has to
 * be locked. It is read into a file beside it first, at the disk's speed and not at that of whoever fetches the
 * copy, as the log grows until the reading is done.
 *
 * Rejected: `VACUUM INTO` holds the event loop for seconds; the online backup API is missing in Node 22.13, Deno and Bun;
 * another connection cannot read a database that is locked.
 *
 * @module
 */

import { fstatSync, readSync } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import type { DatabaseCopy } from "../../src/store/database.ts";

/** Read at once while the file is copied, which holds the event loop for well under a ms unless the disk is slow. */
const copyBytes = 256 * 1024;

/** Handed on at once. Compressing a piece may hold the event loop, so it is a small one. */
const pieceBytes = 64 * 1024;

/** Where SQLite puts its locks, for which Windows refuses to read it. No database keeps data there. */
const locks = { at: 2 ** 30, bytes: 512 };

/**
 * Copies the open file `descriptor`, which nobody changes meanwhile, by way of a file at `path` that is gone when this
 * process is, however it ends.
 */
export async function copyFile(
  descriptor: number,
  path: string,
  signal: AbortSignal,
): Promise<DatabaseCopy> {
  const copy = await open(path, "w+", 0o600);
  try {
    await unlink(path);
    const { size } = fstatSync(descriptor);
    const buffer = new Uint8Array(copyBytes);
    for (let at = 0; at < size;) {
      signal.throwIfAborted();
      if (at === locks.at) at += locks.bytes;
      const wanted = Math.min(copyBytes - at % copyBytes, size - at);
      // Not asynchronously: Deno would do that on a second descriptor, and close it, which ends SQLite's lock.
      const bytesRead = readSync(descriptor, buffer, 0, wanted, at);
      if (bytesRead === 0) throw new Error("the file is shorter than it was");
      at += (await copy.write(buffer, 0, bytesRead, at)).bytesWritten;
    }
    return { size, body: readFile(copy) };
  } catch (error) {
    await copy.close();
    throw error;
  }
}

function readFile(file: FileHandle): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      const { buffer, bytesRead } = await file.read(new Uint8Array(pieceBytes), 0, pieceBytes, at);
      at += bytesRead;
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      await file.close();
      controller.close();
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
