/**
 * Enqueues of more jobs than one wants in memory: from a file, a cursor of a database, a stream.
 *
 * @module
 */

import { checkOptions } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import type { EnqueuedJob } from "../protocol/job.ts";
import type { PreparedJob } from "../protocol/prepared-job.ts";
import type { Client } from "./client.ts";
import type { CallOptions } from "./deadline.ts";
import { PartialEnqueueError } from "./enqueue-parts.ts";

/** How many jobs are stored so far. */
export interface EnqueueAllProgress {
  /** Jobs that are done with: new ones, duplicates, and those that were folded into others. */
  readonly enqueued: number;
  /** Those of them that stored nothing, as another job had their unique key. */
  readonly duplicates: number;
  /** Those of them that were folded into a job that waits. */
  readonly folded: number;
}

/** How jobs are enqueued from a source. */
export interface EnqueueAllOptions extends CallOptions {
  /**
   * How many jobs go together, each such chunk all or nothing; an integer of 1 or more. More than 2,000 are sent in parts.
   *
   * @default {1000}
   */
  readonly chunkSize?: number | undefined;
  /**
   * Is told after each chunk; the source is not asked for more until it returns, or its promise resolves.
   *
   * @param progress How far it is.
   * @param jobs The jobs of the chunk, in their order.
   */
  readonly onProgress?:
    | ((progress: EnqueueAllProgress, jobs: readonly EnqueuedJob[]) => unknown)
    | undefined;
}

/**
 * Enqueues all jobs of a source, chunk by chunk. While a chunk is under way the source fills the next one, and is not asked for
 * more than that: a source of any length takes the memory of two chunks.
 *
 * @param client Where they are stored.
 * @param source The jobs: made by the `of` of definitions, or put together by hand.
 * @param options How many go together, who is told, and bounds: `timeoutMs` is that of each chunk, `signal` ends all.
 * @returns How many were stored.
 * @throws {PartialEnqueueError} If a chunk fails, the source fails, or the signal ends it after some jobs were stored: `stored`
 * says how many, `enqueued` has those of the failed chunk that are, and `cause` is the error. If none was, the error is thrown
 * itself.
 * @throws {RangeError} If the chunk size is out of range.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createClient, defineJob, enqueueAll } from "@millrace/millrace/client";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * const resize = defineJob<{ file: string }>({ type: "resize", queue: "images" });
 *
 * async function* files() {
 *   for (let at = 1; at <= 2500; at++) yield resize.of({ file: `${at}.png` });
 * }
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const client = createClient({ fetch: broker.fetch });
 * const { enqueued } = await enqueueAll(client, files(), {
 *   onProgress: ({ enqueued }) => console.log(`${enqueued} so far`),
 * });
 * console.log(enqueued); // 2500
 * ```
 */
export async function enqueueAll(
  client: Pick<Client, "enqueueMany">,
  source: AsyncIterable<EnqueueRequest | PreparedJob> | Iterable<EnqueueRequest | PreparedJob>,
  options: EnqueueAllOptions = {},
): Promise<EnqueueAllProgress> {
  checkOptions("enqueueAll", options, { chunkSize: 1, onProgress: 1, signal: 1, timeoutMs: 1 });
  const { chunkSize = 1000, onProgress, signal, timeoutMs } = options;
  if (!(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new RangeError(
      `Cannot use 'chunkSize' ${chunkSize}: expected a whole number of 1 or more`,
    );
  }
  let progress: EnqueueAllProgress = { enqueued: 0, duplicates: 0, folded: 0 };
  /** The chunk that is under way; it never rejects, so that its error waits until it is asked for. */
  let underWay: Promise<{ readonly error?: unknown } | undefined> = Promise.resolve(undefined);

  const send = async (chunk: readonly (EnqueueRequest | PreparedJob)[]) => {
    try {
      const jobs = await client.enqueueMany(chunk, { signal, timeoutMs });
      const count = (mark: "duplicate" | "folded") => jobs.filter((job) => job[mark]).length;
      progress = {
        enqueued: progress.enqueued + jobs.length,
        duplicates: progress.duplicates + count("duplicate"),
        folded: progress.folded + count("folded"),
      };
      await onProgress?.(progress, jobs);
      return undefined;
    } catch (error) {
      return { error };
    }
  };
  const settle = async () => {
    const failed = await underWay;
    if (failed !== undefined) throw failed.error;
    signal?.throwIfAborted();
  };

  try {
    let chunk: (EnqueueRequest | PreparedJob)[] = [];
    signal?.throwIfAborted();
    for await (const job of source) {
      chunk.push(job);
      if (chunk.length < chunkSize) continue;
      await settle();
      underWay = send(chunk);
      chunk = [];
    }
    await settle();
    if (chunk.length > 0) underWay = send(chunk);
    await settle();
    return progress;
  } catch (error) {
    // What is under way is stored or not before anybody hears of the end.
    await underWay;
    throw toPartial(progress.enqueued, error);
  }
}

function toPartial(before: number, error: unknown): unknown {
  const ofChunk = error instanceof PartialEnqueueError ? error.enqueued : [];
  if (before + ofChunk.length === 0) return error;
  const cause = error instanceof PartialEnqueueError ? error.cause : error;
  return new PartialEnqueueError(ofChunk, undefined, cause, before);
}
