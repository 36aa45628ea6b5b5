/**
 * Frames of the server-sent events stream: `data:` lines up to an empty line. Comments, of which heartbeats are
 * one, and other fields are passed over.
 *
 * @module
 */

import { frameCutOff, frameTooLong } from "./partial-frame.ts";
import { maxFrameBytes } from "./limits.ts";
import { createLineSplitter } from "./line-splitter.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

const field = new TextEncoder().encode("data:");
const space = 0x20;
const lineFeed = 0x0a;

/**
 * Creates a decoder of the server-sent events stream; its documents are JSON.
 *
 * @param options How long a frame may be.
 * @returns A decoder of one stream.
 *
 * @example
 * ```ts
 * import { createSseDecoder } from "@millrace/millrace/client";
 *
 * const decoder = createSseDecoder();
 * const frames = decoder.push(new TextEncoder().encode(': heartbeat\n\ndata: {"id":"1"}\n\ndata:'));
 * console.log(frames.length); // 1: the second has not ended
 * ```
 */
export function createSseDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const limit = options.maxFrameBytes ?? maxFrameBytes;
  const lines = createLineSplitter(field.length + 1 + limit);
  /** The data lines of the event that has not ended, and the bytes that they make. */
  let data: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;

  const addLine = (line: Uint8Array<ArrayBuffer>) => {
    bytes += line.length + (data.length > 0 ? 1 : 0);
    if (bytes > limit) throw frameTooLong(limit);
    data.push(line);
  };

  const joinData = () => data.length === 1 ? data[0]! : joinLines(data, bytes);

  return {
    push(chunk) {
      const frames: Uint8Array<ArrayBuffer>[] = [];
      for (const line of lines.push(chunk)) {
        if (line.length === 0) {
          if (bytes > 0) frames.push(joinData());
          data = [];
          bytes = 0;
        } else if (isData(line)) {
          addLine(line.subarray(field.length + (line[field.length] === space ? 1 : 0)));
        }
      }
      return frames;
    },
    end() {
      if (data.length > 0 || lines.pending > 0) throw frameCutOff();
    },
  };
}

function isData(line: Uint8Array): boolean {
  for (let i = 0; i < field.length; i++) if (line[i] !== field[i]) return false;
  return true;
}

function joinLines(lines: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const line of lines) {
    whole.set(line, at);
    at += line.length;
    if (at < length) whole[at++] = lineFeed;
  }
  return whole;
}
