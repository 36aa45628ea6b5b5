/**
 * Copies a database file while its broker goes on writing.
 *
 * In WAL mode, commits are appended to the log, and the file itself changes only at a checkpoint. So a checkpoint is
 * made, later ones are turned off, and the file stays as it is while it is read: no transaction waits, and nothing has
 * to be locked. The log grows until the reading is done. Therefore the file is first copied to another beside it, at
 * the speed of the disk and not of the client that downloads the copy.
 *
 * Rejected: `VACUUM INTO` holds the event loop for seconds; the online backup API is missing in Node 22.13, Deno and Bun;
 * another connection cannot read a database that is locked.
 *
 * @module
 */

import { fstatSync, readSync } from "node:fs";
import { type FileHandle, unlink } from "node:fs/promises";
import type { DatabaseCopy } from "../../src/store/database.ts";
import { openPrivateFile } from "./private-file.ts";

/** Read in one piece. That blocks the event loop, for well under a ms unless the disk is slow. */
const readBytes = 256 * 1024;

/** A chunk of the copy's body. It is small, as compressing it may block the event loop. */
const chunkBytes = 64 * 1024;

/** Where SQLite keeps its locks. Windows refuses to read these bytes; no database has data there. */
const locks = { at: 2 ** 30, bytes: 512 };

/**
 * Copies an open file.
 *
 * @param descriptor The file, which nobody changes meanwhile.
 * @param path What the copy is kept beside until it is read. It is unlinked at once, so it is gone when this process
 * ends, however that happens.
 * @throws The reason of `signal`, or what the disk does.
 */
export async function copyFile(
  descriptor: number,
  path: string,
  signal: AbortSignal,
): Promise<DatabaseCopy> {
  const { path: copyPath, file: copy } = await openPrivateFile(path, "-copy");
  try {
    await unlink(copyPath);
    const { size } = fstatSync(descriptor);
    const buffer = new Uint8Array(readBytes);
    for (let at = 0; at < size;) {
      signal.throwIfAborted();
      if (at === locks.at) at += locks.bytes;
      const wanted = Math.min(readBytes - at % readBytes, size - at);
      // Not asynchronously: Deno would open and close a second descriptor for that, which ends SQLite's lock.
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
      const { buffer, bytesRead } = await file.read(new Uint8Array(chunkBytes), 0, chunkBytes, at);
      at += bytesRead;
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
      await file.close();
      controller.close();
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}
