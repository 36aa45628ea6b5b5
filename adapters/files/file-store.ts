/**
 * A payload store in a directory: each payload is a file.
 *
 * @module
 */

import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock, toClock } from "../../src/async/clock.ts";
import { checkPayloadKey, type PayloadStore } from "../../src/offload/payloads/payload-store.ts";
import { isPayloadKey } from "../../src/protocol/stored-payload.ts";
import { cutParts } from "../../src/offload/payloads/cut-parts.ts";
import { checkStoreName } from "../../src/offload/payloads/store-options.ts";
import { checkOptions, type Names, show } from "../../src/options.ts";

/** Where payloads lie. */
export interface FileStoreOptions {
  /**
   * The directory, which is made if it is not there. All programs that put and get have to see the same one. Its files can be
   * read by the user of the program alone.
   */
  readonly directory: string;
  /**
   * The name that stands in references.
   *
   * @default {"file"}
   */
  readonly name?: string | undefined;
  /**
   * Tells what is too old.
   *
   * @default {the clock of the platform}
   */
  readonly clock?: Clock | undefined;
}

/** A payload store in a directory. */
export interface FileStore extends PayloadStore {
  /**
   * Deletes what is older, also of writes that never ended. Other files of the directory stay.
   *
   * @param olderThanMs What was put longer ago than this goes, in ms.
   * @returns How many payloads were deleted.
   */
  sweep(olderThanMs: number): Promise<number>;
}

const names: Names<FileStoreOptions> = { directory: 1, name: 1, clock: 1 };

/** What the file of a payload ends in, so that no other file of the directory is taken for one. */
const ending = ".payload";

/** What a file ends in that is being written. */
const unfinished = ".part";

/** Bytes that are written at once. */
const pieceBytes = 256 * 1024;

/** A write that is older than this is one of a program that is gone. */
const longestWriteMs = 86_400_000;

/**
 * Creates a payload store in a directory. A payload is written to a file of its own and takes its name when it is on the disk,
 * so that nobody sees a half.
 *
 * The directory does not forget by itself what a job left behind: call `sweep` of the payloads now and then.
 *
 * @param options Where.
 * @returns The store. It needs no close.
 * @throws {TypeError} If an option is unknown, or `directory` is missing.
 *
 * @example
 * ```ts
 * import { createFileStore } from "@millrace/millrace/node"; // or /deno, or /bun
 * import { createPayloads } from "@millrace/millrace/offload";
 *
 * const payloads = createPayloads({ stores: [createFileStore({ directory: "/var/lib/app/payloads" })] });
 * console.log(typeof payloads.pack); // function
 * ```
 */
export function createFileStore(options: FileStoreOptions): FileStore {
  checkOptions("createFileStore", options, names);
  const { directory } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(`Cannot use ${show(directory)} as 'directory': expected a path`);
  }
  const name = checkStoreName(options.name ?? "file");
  const clock = options.clock === undefined ? systemClock : toClock(options.clock);
  let made: Promise<unknown> | undefined;

  const make = () =>
    made ??= mkdir(directory, { recursive: true, mode: 0o700 }).catch((error) => {
      made = undefined; // the next call may find it better
      throw error;
    });
  const toPath = (key: string) => {
    checkPayloadKey(key);
    return join(directory, key + ending);
  };

  return {
    name,
    async put(key, bytes, { signal } = {}) {
      const path = toPath(key);
      signal?.throwIfAborted();
      await make();
      const own = join(directory, `${key}.${crypto.randomUUID()}${unfinished}`);
      const file = await open(own, "wx", 0o600);
      try {
        try {
          if (bytes instanceof Uint8Array) await writeAll(file, bytes);
          else {for await (const piece of cutParts(bytes, pieceBytes, signal)) {
              await writeAll(file, piece);
            }}
          await file.sync();
        } finally {
          await file.close();
        }
        signal?.throwIfAborted();
        await rename(own, path);
        await syncDirectory(directory);
      } catch (error) {
        await unlink(own).catch(() => {});
        throw error;
      }
    },
    async get(key, { signal } = {}) {
      const path = toPath(key);
      signal?.throwIfAborted();
      const bytes = await ifThere(readFile(path));
      return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    async delete(key) {
      await ifThere(unlink(toPath(key)));
    },
    async sweep(olderThanMs) {
      let count = 0;
      for (const file of await ifThere(readdir(directory)) ?? []) {
        const isPayload = file.endsWith(ending) && isPayloadKey(file.slice(0, -ending.length));
        if (!isPayload && !file.endsWith(unfinished)) continue;
        const path = join(directory, file);
        const ageMs = clock.now() - ((await ifThere(stat(path)))?.mtimeMs ?? Infinity);
        if (ageMs <= (isPayload ? olderThanMs : Math.max(olderThanMs, longestWriteMs))) continue;
        await ifThere(unlink(path));
        count += Number(isPayload);
      }
      return count;
    },
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

/** Makes a new name durable. Windows opens no directories, and has no need of it. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** What a file operation comes to; undefined if there is no such file. */
async function ifThere<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
