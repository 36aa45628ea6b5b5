/**
 * A payload store in a bucket of R2, by its binding.
 *
 * @module
 */

import { type Clock, systemClock, toClock } from "../../src/async/clock.ts";
import { cutParts } from "../../src/offload/payloads/cut-parts.ts";
import { checkPayloadKey, type PayloadStore } from "../../src/offload/payloads/payload-store.ts";
import { isPayloadKey } from "../../src/protocol/stored-payload.ts";
import { checkBytesOption, checkStoreName } from "../../src/offload/payloads/store-options.ts";
import { checkOptions, demandObject, type Names } from "../../src/options.ts";

/** How an object is put. */
export interface R2PutOptions {
  /** What is shown of it. */
  readonly httpMetadata?: { readonly contentType?: string };
}

/** An upload in parts. */
export interface R2Upload {
  /** Sends a part. */
  uploadPart(part: number, bytes: Uint8Array): Promise<R2Part>;
  /** Puts the parts together. */
  complete(parts: R2Part[]): Promise<unknown>;
  /** Gives it up. */
  abort(): Promise<void>;
}

/** A part that was sent. */
export interface R2Part {
  /** Which one, from 1. */
  partNumber: number;
  /** What it is known by. */
  etag: string;
}

/** What is used of the binding of a bucket. */
export interface R2Bucket {
  /** Keeps an object. */
  put(key: string, bytes: Uint8Array, options?: R2PutOptions): Promise<unknown>;
  /** Gives an object; null if there is none. */
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
  /** Deletes objects, 1,000 at most. */
  delete(keys: string | string[]): Promise<void>;
  /** Begins an upload in parts. */
  createMultipartUpload(key: string, options?: R2PutOptions): Promise<R2Upload>;
  /** Lists objects. */
  list(options: { prefix: string; cursor?: string }): Promise<R2Page>;
}

/** A page of objects. */
export interface R2Page {
  /** The objects. */
  readonly objects: readonly { readonly key: string; readonly uploaded: Date }[];
  /** Whether there are more. */
  readonly truncated: boolean;
  /** Where these begin. */
  readonly cursor?: string;
}

/** Where payloads lie. */
export interface R2StoreOptions {
  /** The binding. */
  readonly bucket: R2Bucket;
  /**
   * What all keys begin with.
   *
   * @default {"millrace/payloads/"}
   */
  readonly prefix?: string | undefined;
  /**
   * The name that stands in references.
   *
   * @default {"r2"}
   */
  readonly name?: string | undefined;
  /**
   * A stream of more bytes than this is sent in parts of so many, one in memory at a time; at least 5 MiB, as R2 wants.
   *
   * @default {8388608} 8 MiB
   */
  readonly partBytes?: number | undefined;
  /**
   * Tells what is too old.
   *
   * @default {the clock of the platform}
   */
  readonly clock?: Clock | undefined;
}

const names: Names<R2StoreOptions> = { bucket: 1, prefix: 1, name: 1, partBytes: 1, clock: 1 };

/**
 * Creates a payload store in a bucket of R2. Elsewhere than in a Worker `createS3Store` reaches the same bucket, with the same
 * name and prefix.
 *
 * The bucket does not forget by itself what a job left behind: call `sweep` of the payloads now and then, or give the prefix a
 * lifecycle rule. Uploads that never ended R2 gives up after 7 days.
 *
 * @param options Where.
 * @returns The store. It needs no close.
 * @throws {TypeError} If an option is unknown or missing.
 * @throws {RangeError} If `partBytes` is out of range.
 *
 * @example
 * ```ts
 * import { createR2Store, type R2Bucket } from "@millrace/millrace/cloudflare";
 * import { createPayloads } from "@millrace/millrace/offload";
 *
 * const toPayloads = (env: { PAYLOADS: R2Bucket }) =>
 *   createPayloads({ stores: [createR2Store({ bucket: env.PAYLOADS })] });
 * console.log(typeof toPayloads); // function
 * ```
 */
export function createR2Store(options: R2StoreOptions): PayloadStore {
  checkOptions("createR2Store", options, names);
  const { bucket, prefix = "millrace/payloads/" } = options;
  demandObject("createR2Store", bucket, "'bucket'");
  const name = checkStoreName(options.name ?? "r2");
  const clock = options.clock === undefined ? systemClock : toClock(options.clock);
  const partBytes = checkBytesOption(
    "partBytes",
    options.partBytes ?? 8 * 1024 * 1024,
    5 * 1024 * 1024,
  );
  const toKey = (key: string) => {
    checkPayloadKey(key);
    return prefix + key;
  };
  return {
    name,
    async put(payload, bytes, { contentType, signal } = {}) {
      const key = toKey(payload);
      signal?.throwIfAborted();
      const shown = contentType === undefined ? {} : { httpMetadata: { contentType } };
      if (bytes instanceof Uint8Array) return void await bucket.put(key, bytes, shown);
      const parts = cutParts(bytes, partBytes, signal);
      try {
        const first = (await parts.next()).value!;
        const second = await parts.next();
        if (second.done) return void await bucket.put(key, first, shown);
        const upload = await bucket.createMultipartUpload(key, shown);
        await sendParts(upload, [first, second.value], parts).catch(async (error) => {
          await upload.abort().catch(() => {});
          throw error;
        });
      } finally {
        await parts.return();
      }
    },
    async get(payload, { signal } = {}) {
      const key = toKey(payload);
      signal?.throwIfAborted();
      const found = await bucket.get(key);
      return found === null ? undefined : new Uint8Array(await found.arrayBuffer());
    },
    async delete(payload) {
      await bucket.delete(toKey(payload));
    },
    async sweep(olderThanMs) {
      const before = clock.now() - olderThanMs;
      let count = 0;
      let cursor: string | undefined;
      do {
        const page = await bucket.list(cursor === undefined ? { prefix } : { prefix, cursor });
        const due = page.objects
          .filter(({ key, uploaded }) =>
            isPayloadKey(key.slice(prefix.length)) && uploaded.getTime() < before
          )
          .map(({ key }) => key);
        if (due.length > 0) await bucket.delete(due);
        count += due.length;
        cursor = page.truncated ? page.cursor : undefined;
      } while (cursor !== undefined);
      return count;
    },
  };
}

async function sendParts(
  upload: R2Upload,
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): Promise<void> {
  const sent: R2Part[] = [];
  const send = async (bytes: Uint8Array) => {
    sent.push(await upload.uploadPart(sent.length + 1, bytes));
  };
  for (const bytes of first) await send(bytes);
  for await (const bytes of rest) await send(bytes);
  await upload.complete(sent);
}
