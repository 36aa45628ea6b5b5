/**
 * A stream of bytes as bytes, for stores that cannot take a stream.
 *
 * @module
 */

import { createByteBuffer } from "../../protocol/byte-buffer.ts";

/** Room at first; most streams here are short, or give large pieces. */
const firstBytes = 4096;

/**
 * Reads a stream to its end.
 *
 * @param stream The stream. It is cancelled if it is too long, and when the signal is aborted.
 * @param maxBytes How many bytes it may have.
 * @param signal Ends the reading.
 * @throws {RangeError} If it has more.
 */
export async function collectBytes(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  const bytes = createByteBuffer(firstBytes);
  try {
    while (true) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      const size = bytes.length + value.length;
      if (size > maxBytes) {
        const error = new RangeError(
          `Cannot take ${size} bytes or more: expected at most ${maxBytes}`,
        );
        reader.cancel(error).catch(() => {});
        throw error;
      }
      bytes.add(value);
    }
    signal?.throwIfAborted();
    return bytes.whole().slice(); // Who keeps it keeps no room that was not used.
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
