/**
 * `millrace backup` and `millrace compact`: of a running broker, through its admin port; of a database that no broker
 * has open, by opening it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { NetworkError, RefusedError, ServerError, StoreError } from "../../src/errors.ts";
import { adminRoutes, type Route } from "../../src/protocol/routes.ts";
import { toBackup } from "../../src/store/backup.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { loadRuntime } from "./runtime.ts";
import type { UpkeepConfig } from "./upkeep-flags.ts";

/**
 * Writes a backup to `file`, which is there whole or not at all.
 *
 * @returns The size of the backup, in bytes.
 */
export async function runBackup(file: string, { url, data }: UpkeepConfig): Promise<number> {
  if (data === undefined) {
    const { body } = await call(url, adminRoutes.backup);
    return await writeWhole(file, body ?? new Blob().stream());
  }
  return await withDatabase(data, async (database) => {
    const copy = await database.copy?.(new AbortController().signal);
    if (copy === undefined) throw new StoreError(`Database '${data}' cannot be copied`);
    return await writeWhole(file, toBackup(copy, Date.now()));
  });
}

/** Gives the space of deleted jobs back to the file system. */
export async function runCompact({ url, data }: UpkeepConfig): Promise<void> {
  if (data === undefined) return void await call(url, adminRoutes.compact);
  await withDatabase(data, (database) => Promise.resolve([...database.compact?.() ?? []]));
}

async function call(url: URL, { method, path }: Route): Promise<Response> {
  const target = `${url.href.replace(/\/$/, "")}${path}`;
  let answer: Response;
  try {
    answer = await fetch(target, { method });
  } catch (cause) {
    throw new NetworkError(
      `Cannot reach ${target}: does a broker run there, with '--admin-port'?`,
      {
        cause,
      },
    );
  }
  if (answer.ok) return answer;
  const message = `${method} ${target} answered ${answer.status} ${await answer.text()}`.trimEnd();
  throw answer.status < 500
    ? new RefusedError(`${message}, is that the broker's admin port?`, answer.status)
    : new ServerError(message, answer.status);
}

/** Opens a database that exists: opening any other would create it. */
async function withDatabase<Result>(
  path: string,
  work: (database: SyncDatabase) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(path)) throw new StoreError(`Database '${path}' does not exist`);
  const database = (await loadRuntime()).openSqlite(path);
  database.open();
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** Writes a stream beside `path` first, so that a failure leaves what was there before. */
async function writeWhole(path: string, body: ReadableStream<Uint8Array>): Promise<number> {
  const part = `${path}.part`;
  try {
    const file = await open(part, "w");
    let size = 0;
    try {
      for await (const chunk of body) {
        for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
        size += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    return size;
  } catch (cause) {
    await rm(part, { force: true });
    throw new StoreError(`Cannot back up to '${path}': ${(cause as Error).message}`, { cause });
  }
}
