/**
 * Cuts bytes into lines, which the text formats of a take stream are made of.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import { maxFrameBytes } from "./limits.ts";
import type { FrameDecoderOptions } from "./stream-format.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Cuts a stream of bytes into lines. */
export interface LineDecoder {
  /** Takes the next bytes and gives the lines that they end, without their ends (LF or CRLF). */
  push(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[];
  /** Bytes of the line that has not ended. */
  readonly pending: number;
}

/** Creates a decoder of lines. */
export function createLineDecoder(options: FrameDecoderOptions): LineDecoder {
  const limit = options.maxFrameBytes ?? maxFrameBytes;
  const waiting = new ByteQueue();
  return {
    push(chunk) {
      const lines: Uint8Array<ArrayBuffer>[] = [];
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        waiting.push(chunk.subarray(start, end));
        const line = waiting.take(waiting.length);
        lines.push(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line);
        start = end + 1;
      }
      waiting.push(chunk.subarray(start));
      if (waiting.length > limit) {
        throw new ProtocolError(`Frame is longer than ${limit} bytes, which is all that is accepted`);
      }
      return lines;
    },
    get pending() {
      return waiting.length;
    },
  };
}
