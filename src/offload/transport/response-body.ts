/**
 * The body of an answer: where it ends, and whether all of it came.
 *
 * | The head says              | The body ends                | If the connection ends before         |
 * | -------------------------- | ---------------------------- | ------------------------------------- |
 * | 1xx, 204, 304, or a `HEAD` | at once                      |                                       |
 * | `transfer-encoding`        | after the trailers           | a {@linkcode CallError}, `connection` |
 * | `content-length`           | after so many bytes          | a {@linkcode CallError}, `connection` |
 * | neither                    | with the connection          | that is its end                       |
 *
 * @module
 */

import { CallError } from "../exchange/call-error.ts";
import type { ByteReader } from "./byte-reader.ts";
import { malformed, type ResponseHead, skipTrailers } from "./response-head.ts";

/** How a body comes. */
export interface BodySource {
  /** Whether the connection can be used again after the body. */
  readonly isDelimited: boolean;
  /** Whether there is no body. */
  readonly isEmpty: boolean;
  /**
   * The next piece.
   *
   * @param maxBytes How much at most.
   * @returns Undefined at the end.
   * @throws {CallError} If a part is missing, or malformed.
   */
  next(maxBytes: number): Promise<Uint8Array | undefined>;
}

const maxChunkLine = 4_096;
const chunkLine = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i;

const nothing: BodySource = {
  isDelimited: true,
  isEmpty: true,
  next: () => Promise.resolve(undefined),
};

/**
 * Finds out how a body comes.
 *
 * @param head The head of the answer.
 * @param method The method of the request.
 * @param reader Where it comes from.
 * @throws {CallError} If the head is of two minds.
 */
export function toBodySource(head: ResponseHead, method: string, reader: ByteReader): BodySource {
  const { status, headers } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return nothing;
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== null) {
    if (length !== null) throw malformed("has a length, and is in pieces", "length_and_pieces");
    if (head.isOld || coding.toLowerCase() !== "chunked") {
      throw malformed("comes in an encoding other than 'chunked'", "transfer_encoding");
    }
    return { isDelimited: true, isEmpty: false, next: readChunks(reader) };
  }
  if (length === null) {
    return {
      isDelimited: false,
      isEmpty: false,
      next: (max) => reader.some(max),
    };
  }
  const [first, ...others] = length.split(",").map((text) => text.trim());
  if (!/^\d{1,15}$/.test(first!) || others.some((other) => other !== first)) {
    throw malformed("has a length that is none", "length");
  }
  const bytes = Number(first);
  return bytes === 0
    ? nothing
    : { isDelimited: true, isEmpty: false, next: readCounted(reader, bytes) };
}

function readCounted(reader: ByteReader, bytes: number): BodySource["next"] {
  let left = bytes;
  return async (maxBytes) => {
    if (left === 0) return undefined;
    const piece = await reader.some(Math.min(left, maxBytes));
    if (piece === undefined) throw cut(`${bytes - left} of ${bytes} bytes came`);
    left -= piece.length;
    return piece;
  };
}

function readChunks(reader: ByteReader): BodySource["next"] {
  let left = 0;
  let isFirst = true;
  let isOver = false;
  return async (maxBytes) => {
    if (isOver) return undefined;
    if (left === 0) {
      if (!isFirst && await reader.line(maxChunkLine) !== "") {
        throw malformed("has a piece of another length than it says", "chunk_end");
      }
      isFirst = false;
      const [, size] = chunkLine.exec(await reader.line(maxChunkLine)) ?? [];
      if (size === undefined) throw malformed("has a piece without a length", "chunk_size");
      left = parseInt(size, 16);
      if (left === 0) {
        await skipTrailers(reader);
        isOver = true;
        return undefined;
      }
    }
    const piece = await reader.some(Math.min(left, maxBytes));
    if (piece === undefined) throw cut("it ended within a piece");
    left -= piece.length;
    return piece;
  };
}

/** An answer of which a part is missing. */
export function cut(what: string): CallError {
  return new CallError("connection", `The answer was cut off: ${what}`, { code: "body_cut" });
}
