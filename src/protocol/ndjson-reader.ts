/**
 * Reads an NDJSON stream: all lines that a piece of it ends are decoded together, since on some runtimes each call of a decoder costs
 * more than the text of a job.
 *
 * @module
 */

import { decodeText, parseJsonAgain } from "./json.ts";
import { maxFrameBytes } from "./limits.ts";
import { frameCutOff, frameTooLong, PartialFrame } from "./partial-frame.ts";

const lineFeed = 0x0a;

/** Reads the documents of a stream, wherever its pieces happen to end. */
export interface DocumentReader {
  /**
   * Takes the next bytes of the stream, and gives the documents that they complete; heartbeats give none. Throws
   * `ProtocolError` if a frame is longer than the limit, and `DecodeError` if it is not of the format.
   */
  push(chunk: Uint8Array<ArrayBuffer>): unknown[];
  /** Says that the stream has ended. Throws `ProtocolError` if it ended inside a frame. */
  end(): void;
}

/**
 * Creates a reader of one stream.
 *
 * @param limit The longest line that is accepted, in bytes.
 */
export function createNdjsonReader(limit: number = maxFrameBytes): DocumentReader {
  const partial = new PartialFrame();
  return {
    push(chunk) {
      const firstEnd = chunk.indexOf(lineFeed);
      if (partial.length + (firstEnd < 0 ? chunk.length : firstEnd) > limit) {
        throw frameTooLong(limit);
      }
      if (firstEnd < 0) {
        partial.append(chunk);
        return [];
      }
      const end = chunk.lastIndexOf(lineFeed) + 1;
      const lines = decodeText(partial.join(chunk.subarray(0, end))).split("\n");
      if (end < chunk.length) partial.append(chunk.subarray(end));
      const documents: unknown[] = [];
      for (const line of lines) {
        if (line !== "" && line !== "\r") documents.push(parseJsonAgain(line));
      }
      return documents;
    },
    end() {
      if (partial.length > 0) throw frameCutOff();
    },
  };
}
