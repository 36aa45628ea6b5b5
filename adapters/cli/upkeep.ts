/**
 * `millrace backup` and `millrace compact`: of a running broker, through its admin port; of a database that no broker
 * has open, by opening it.
 *
 * @module
 */

import { existsSync, lstatSync } from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import process from "node:process";
import { NetworkError, RefusedError, ServerError, StoreError } from "../../src/errors.ts";
import { adminRoutes, type Route } from "../../src/protocol/routes.ts";
import { toBackup } from "../../src/store/backup.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { openPrivateFile } from "../sqlite/private-file.ts";
import { toFetch } from "./connection.ts";
import { UsageError } from "./options.ts";
import { loadRuntime } from "./runtime.ts";
import type { BackupConfig, UpkeepConfig } from "./upkeep-flags.ts";

/**
 * Writes a backup to `file`, which is there whole or not at all, and which only its owner may read.
 *
 * @returns The size of the backup, in bytes.
 * @throws {StoreError} If it cannot be written, a signal ended it, or `file` is there already and `force` is not given.
 */
export async function runBackup(file: string, config: BackupConfig): Promise<number> {
  const { data, force } = config;
  if (!force && isThere(file)) throw alreadyThere(file);
  return await untilSignal(async (signal) => {
    if (data === undefined) {
      const { body } = await call(config, adminRoutes.backup, signal);
      return await writeWhole(file, body ?? new Blob().stream(), { force, signal });
    }
    return await withDatabase(data, async (database) => {
      const copy = await database.copy?.(signal);
      if (copy === undefined) throw new StoreError(`Database '${data}' cannot be copied`);
      return await writeWhole(file, toBackup(copy, Date.now()), { force, signal });
    });
  });
}

/** Gives the space of deleted jobs back to the file system. */
export async function runCompact(config: UpkeepConfig): Promise<void> {
  const { data } = config;
  if (data === undefined) return void await call(config, adminRoutes.compact);
  await withDatabase(
    data,
    (database) => Promise.resolve([...database.compact?.({ mayBlock: true }) ?? []]),
  );
}

async function call(
  config: UpkeepConfig,
  { method, path }: Route,
  signal?: AbortSignal,
): Promise<Response> {
  const { url, token } = config;
  const target = `${url.href.replace(/\/$/, "")}${path}`;
  let answer: Response;
  try {
    const headers: Record<string, string> = token === undefined
      ? {}
      : { authorization: `Bearer ${token}` };
    const init = { method, headers, ...signal !== undefined && { signal } };
    const ownFetch = toFetch(config);
    answer = await (ownFetch?.(new Request(target, init)) ?? fetch(target, init));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    signal?.throwIfAborted();
    throw new NetworkError(
      `Cannot reach ${target}: does a broker run there, with '--admin-port'?`,
      {
        cause,
      },
    );
  }
  if (answer.ok) return answer;
  const message = `${method} ${target} answered ${answer.status} ${await answer.text()}`.trimEnd();
  if (answer.status === 401) {
    throw new RefusedError(`${message}: give it with '--token', or as MILLRACE_TOKEN`, 401);
  }
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

/**
 * Writes a stream beside `path` first, so that a failure leaves what was there before. If this process is killed, a file
 * `path-….part` is left, which nothing uses.
 */
async function writeWhole(
  path: string,
  body: ReadableStream<Uint8Array>,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<number> {
  let part: string | undefined;
  try {
    const opened = await openPrivateFile(path, ".part");
    part = opened.path;
    const { file } = opened;
    let size = 0;
    try {
      for await (const chunk of body) {
        signal.throwIfAborted();
        for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
        size += chunk.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await (force ? rename(part, path) : moveToNew(part, path));
    return size;
  } catch (cause) {
    if (part !== undefined) await rm(part, { force: true });
    signal.throwIfAborted();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError(`Cannot back up to '${path}': ${(cause as Error).message}`, { cause });
  }
}

/** Gives a file a name that is free: a link is refused where something is, a renaming would replace it. */
async function moveToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    if (isThere(to)) throw alreadyThere(to);
    await rename(from, to); // A file system without links, such as FAT.
    return;
  }
  await rm(from);
}

/** Also if it is a symbolic link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function alreadyThere(path: string): StoreError {
  return new StoreError(`Cannot back up to '${path}': it is there already, '--force' replaces it`);
}

/** Aborts work when this process is told to end, so that the work can clean up. */
async function untilSignal<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  const stop = (name: string) => stopping.abort(new StoreError(`Stopped by ${name}`));
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, stop);
  try {
    return await work(stopping.signal);
  } finally {
    for (const name of names) process.off(name, stop);
  }
}
