/**
 * A stream of bytes in parts of one size, for stores that take long payloads in parts.
 *
 * @module
 */

import { concatBytes } from "../../protocol/concat-bytes.ts";

/**
 * Cuts a stream into parts of `partBytes`; the last one is shorter, and a stream without bytes is one empty part. Who stops
 * before the end cancels the stream, and so does the signal.
 */
export async function* cutParts(
  stream: ReadableStream<Uint8Array>,
  partBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", stop);
  let pieces: Uint8Array[] = [];
  let size = 0;
  let parts = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      pieces.push(value);
      size += value.length;
      // One byte more tells that it is not the last: an empty part at the end would be refused.
      if (size <= partBytes) continue;
      const all = concatBytes(pieces);
      let from = 0;
      for (; all.length - from > partBytes; from += partBytes, parts++) {
        yield all.slice(from, from + partBytes);
      }
      pieces = [all.slice(from)];
      size = all.length - from;
    }
    if (size > 0 || parts === 0) yield concatBytes(pieces);
  } finally {
    signal?.removeEventListener("abort", stop);
    reader.cancel().catch(() => {});
  }
}
