/**
 * The port of a payload store: where bodies lie that are too large for a job.
 *
 * What every store keeps to; `checkPayloadStore` in the tests tries it:
 *
 * | Call     | What holds                                                                                           |
 * | -------- | ---------------------------------------------------------------------------------------------------- |
 * | `put`    | all bytes are there when it resolves, or nothing new is there when it rejects; a second one replaces |
 * | `get`    | undefined if there is nothing, also when its time is over                                            |
 * | `delete` | resolves also if there is nothing                                                                    |
 * | `sweep`  | deletes what is older, and nothing else                                                              |
 *
 * @module
 */

import { isPayloadKey, payloadKeyRule } from "../../protocol/stored-payload.ts";

/** How bytes are put into a store. */
export interface PayloadPutOptions {
  /**
   * How long the bytes are of use, in ms. A store that can forget by itself does so then, or later.
   *
   * @default {undefined} until they are deleted
   */
  readonly ttlMs?: number | undefined;
  /** The media type, for stores that show it. */
  readonly contentType?: string | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** How bytes are got from a store. */
export interface PayloadGetOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keeps bytes under keys. Any object of this shape will do, such as one over a database of your own.
 *
 * @example
 * ```ts
 * import { createPayloads, type PayloadStore } from "@millrace/millrace/offload";
 *
 * const kept = new Map<string, Uint8Array>();
 * const own: PayloadStore = {
 *   name: "own",
 *   async put(key, bytes) {
 *     kept.set(key, new Uint8Array(await new Response(bytes as BodyInit).arrayBuffer()));
 *   },
 *   get: (key) => Promise.resolve(kept.get(key)),
 *   delete: (key) => Promise.resolve(void kept.delete(key)),
 * };
 * const payloads = createPayloads({ stores: [own], thresholdBytes: 4 });
 * const packed = await payloads.pack(new TextEncoder().encode("more than four bytes"), "job 1");
 * console.log("ref" in packed, kept.size); // true 1
 * ```
 */
export interface PayloadStore {
  /** Its name. It stands in each reference, so keep it as long as there are jobs with payloads in the store. */
  readonly name: string;
  /**
   * Keeps bytes, in place of what the key had before.
   *
   * @param key The key: 1 to 200 of `A-Z a-z 0-9 . _ -`, and no `.` first.
   * @param bytes The bytes. A stream is read to its end; if it fails, nothing is kept.
   * @param options How.
   */
  put(
    key: string,
    bytes: Uint8Array | ReadableStream<Uint8Array>,
    options?: PayloadPutOptions,
  ): Promise<void>;
  /**
   * Gives the bytes.
   *
   * @param key The key.
   * @param options How.
   * @returns The bytes; undefined if there are none.
   */
  get(key: string, options?: PayloadGetOptions): Promise<Uint8Array | undefined>;
  /**
   * Deletes the bytes, if there are any.
   *
   * @param key The key.
   */
  delete(key: string): Promise<void>;
  /**
   * Deletes what is left of jobs that ended without deleting it. A store that forgets by itself has no need of it.
   *
   * @param olderThanMs What was put longer ago than this goes, in ms.
   * @returns How many were deleted.
   */
  sweep?(olderThanMs: number): Promise<number>;
}

/** Where the bytes of a job lie. It stands in the job. */
export interface PayloadRef {
  /** The name of the store. */
  readonly store: string;
  /** The key in the store. */
  readonly key: string;
  /** How many bytes the store has. */
  readonly size: number;
  /** The SHA-256 of the bytes that the store has, as 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  /** The store has them encrypted. */
  readonly encrypted?: true;
}

/**
 * Demands that a key can be the name of a file and a part of a URL.
 *
 * @param key What was given.
 * @throws {TypeError} If it cannot.
 */
export function checkPayloadKey(key: string): void {
  if (isPayloadKey(key)) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(key)} as the key of a payload: expected ${payloadKeyRule}`,
  );
}
