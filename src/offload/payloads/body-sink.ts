/**
 * Takes the body of an answer while it comes. A short one is given back as bytes; a longer one goes straight into a store,
 * with one piece of it in memory at a time.
 *
 * @module
 */

import { concatBytes } from "../../protocol/concat-bytes.ts";
import type { Encryptor } from "../encryption/encryptor.ts";
import { encryptStream } from "../encryption/segments.ts";
import type { PayloadRef, PayloadStore } from "./payload-store.ts";
import { createSha256 } from "./sha256.ts";

/** What is known of a body before it comes. */
export interface BodySinkOptions {
  /** The media type, for stores that show it. It is not told of encrypted bodies. */
  readonly contentType?: string | undefined;
  /** Ends the call: the body is cancelled, and nothing is kept. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a body.
 *
 * @param body The body. It is read to its end; if it fails, as one does that is longer than allowed, nothing is kept.
 * @param options What is known of it.
 * @returns Its bytes, if it is short; else where it lies.
 */
export type BodySink = (
  body: ReadableStream<Uint8Array>,
  options?: BodySinkOptions,
) => Promise<Uint8Array | PayloadRef>;

/** What a sink is made of. */
export interface SinkSetup {
  readonly store: PayloadStore;
  readonly thresholdBytes: number;
  readonly ttlMs: number;
  readonly encryptor: Encryptor | undefined;
  readonly aad: string;
}

/** Creates what takes one body. */
export function createBodySink(setup: SinkSetup): BodySink {
  const { store, thresholdBytes, ttlMs, encryptor, aad } = setup;
  return async (body, { contentType, signal } = {}) => {
    const reader = body.getReader();
    const stop = () => void reader.cancel(signal?.reason).catch(() => {});
    signal?.addEventListener("abort", stop);
    try {
      const head: Uint8Array[] = [];
      for (let size = 0; size <= thresholdBytes;) {
        signal?.throwIfAborted();
        const { done, value } = await reader.read();
        signal?.throwIfAborted();
        if (done) return concatBytes(head);
        head.push(value);
        size += value.length;
      }
      const rest = toStream(head, reader, signal);
      const plain = encryptor === undefined
        ? rest
        : rest.pipeThrough(encryptStream(encryptor, aad));
      const counted = countBytes();
      const key = crypto.randomUUID();
      const told = encryptor === undefined ? contentType : undefined;
      const options = { ttlMs, contentType: told, signal };
      await store.put(key, plain.pipeThrough(counted.stream), options);
      const { size, sha256 } = counted.result(store.name);
      const ref: PayloadRef = { store: store.name, key, size, sha256 };
      return encryptor === undefined ? ref : { ...ref, encrypted: true };
    } catch (error) {
      // Whatever the store made of it: nobody reads the rest, and an unread body keeps its connection.
      reader.cancel(error).catch(() => {});
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  };
}

/** The pieces that were read, and then those that come. */
function toStream(
  head: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const first = head.shift();
      if (first !== undefined) return controller.enqueue(first);
      const { done, value } = await reader.read();
      // A cancelled reader says that it is done: an end that none was must not look like one.
      signal?.throwIfAborted();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Counts bytes on their way, and makes their digest. */
function countBytes() {
  const digest = createSha256();
  let size = 0;
  let isDone = false;
  return {
    stream: new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        size += bytes.length;
        digest.update(bytes);
        controller.enqueue(bytes);
      },
      flush() {
        isDone = true;
      },
    }),
    /** @throws {Error} If the store has not read all. */
    result(store: string): { size: number; sha256: string } {
      if (!isDone) {
        throw new Error(
          `Payload store '${store}' stopped after ${size} bytes, expected it to read all`,
        );
      }
      return { size, sha256: digest.hex() };
    },
  };
}
