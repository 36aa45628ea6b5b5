/**
 * Cuts bytes into lines, which the text formats of a take stream are made of.
 *
 * @module
 */

import { frameTooLong, PartialFrame } from "./partial-frame.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Cuts a stream of bytes into lines. */
export interface LineSplitter {
  /**
   * Takes the next bytes and gives the lines that they end, without their ends (LF or CRLF). Throws
   * `ProtocolError` when a line is longer than the limit.
   */
  push(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[];
  /** Bytes of the line that has not ended. */
  readonly pending: number;
}

/** Creates a decoder of lines of up to `limit` bytes. */
export function createLineSplitter(limit: number): LineSplitter {
  const partial = new PartialFrame();
  return {
    push(chunk) {
      const lines: Uint8Array<ArrayBuffer>[] = [];
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        const line = withoutReturn(partial.join(chunk.subarray(start, end)));
        if (line.length > limit) throw frameTooLong(limit);
        lines.push(line);
        start = end + 1;
      }
      if (start < chunk.length) partial.append(start === 0 ? chunk : chunk.subarray(start));
      // One more may be a carriage return, which is no part of the line.
      if (partial.length > limit + 1) throw frameTooLong(limit);
      return lines;
    },
    get pending() {
      return partial.length;
    },
  };
}

function withoutReturn(line: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return line[line.length - 1] === carriageReturn ? line.subarray(0, -1) : line;
}
