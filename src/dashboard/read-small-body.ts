/**
 * A body that must be small: what a person enters.
 *
 * @module
 */

import { createByteBuffer } from "../protocol/byte-buffer.ts";

/** Room at first: what most calls of the page have. */
const firstBytes = 4096;

/** So many bytes a call of the page may have. */
const mostBytes = 1024 * 1024;

/** Reads a body; undefined if it is larger than a page sends. */
export async function readSmallBody(
  { body, headers }: Request,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get("content-length") ?? 0) > mostBytes) {
    await body?.cancel();
    return undefined;
  }
  if (body === null) return new Uint8Array(0);
  const bytes = createByteBuffer(firstBytes);
  for await (const piece of body) {
    if (bytes.length + piece.length > mostBytes) return undefined; // Leaving the loop cancels it.
    bytes.add(piece);
  }
  return bytes.whole();
}
