/**
 * Encrypted bytes of any length: a row of segments, each `[length of 4 bytes, big end first][encrypted]`.
 *
 * Each segment is encrypted for its place in the row, and the last one for being the last, so that none can be left out,
 * moved or cut off unseen. A writer holds one segment in memory, however long the whole is.
 *
 * @module
 */

import { PayloadError } from "../../errors.ts";
import { concatBytes } from "../../protocol/concat-bytes.ts";
import type { Encryptor } from "./encryptor.ts";

/** Bytes of a segment, before encryption. */
const segmentBytes = 1024 * 1024;

/** Bytes that say how long a segment is. */
const lengthBytes = 4;

/** What a segment is encrypted for. The place comes behind the last line break, so that no `aad` can look like another's. */
function toPlace(aad: string, at: number, isLast: boolean): string {
  return `${aad}\n${at}${isLast ? " last" : ""}`;
}

/** Encrypts bytes that are all there, as one segment. */
export function toSegment(
  encryptor: Encryptor,
  bytes: Uint8Array,
  aad: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return encryptSegment(encryptor, bytes, toPlace(aad, 0, true));
}

async function encryptSegment(encryptor: Encryptor, bytes: Uint8Array, place: string) {
  const encrypted = await encryptor.encrypt(bytes, place);
  const length = new Uint8Array(lengthBytes);
  new DataView(length.buffer).setUint32(0, encrypted.length);
  return concatBytes([length, encrypted]);
}

/** Encrypts bytes that come in pieces. */
export function encryptStream(
  encryptor: Encryptor,
  aad: string,
): TransformStream<Uint8Array, Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  return new TransformStream({
    async transform(bytes, controller) {
      pieces.push(bytes);
      size += bytes.length;
      // A full segment waits for one more byte: only then it is known not to be the last.
      if (size <= segmentBytes) return;
      const all = concatBytes(pieces);
      let from = 0;
      for (; all.length - from > segmentBytes; from += segmentBytes) {
        const segment = all.subarray(from, from + segmentBytes);
        controller.enqueue(await encryptSegment(encryptor, segment, toPlace(aad, at++, false)));
      }
      pieces = [all.slice(from)];
      size = all.length - from;
    },
    async flush(controller) {
      const place = toPlace(aad, at, true);
      controller.enqueue(await encryptSegment(encryptor, concatBytes(pieces), place));
    },
  });
}

/**
 * Decrypts a row of segments.
 *
 * @throws {PayloadError} If it is cut off, was changed, or belongs to something else.
 */
export async function decryptSegments(
  encryptor: Encryptor,
  bytes: Uint8Array,
  aad: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain: Uint8Array[] = [];
  let from = 0;
  do {
    const start = from + lengthBytes;
    const end = start > bytes.length ? Infinity : start + view.getUint32(from);
    if (end > bytes.length) {
      throw new PayloadError(`Cannot decrypt a payload of ${bytes.length} bytes: it is cut off`);
    }
    const place = toPlace(aad, plain.length, end === bytes.length);
    plain.push(await encryptor.decrypt(bytes.subarray(start, end), place));
    from = end;
  } while (from < bytes.length);
  return concatBytes(plain);
}
