/**
 * Frames of the NDJSON stream: one JSON document a line. An empty line is a heartbeat.
 *
 * @module
 */

import { frameCutOff } from "./partial-frame.ts";
import { maxFrameBytes } from "./limits.ts";
import { createLineSplitter } from "./line-splitter.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

/**
 * Creates a decoder of the NDJSON stream; its documents are JSON.
 *
 * @param options How long a frame may be.
 * @returns A decoder of one stream.
 *
 * @example
 * ```ts
 * import { createNdjsonDecoder } from "@millrace/millrace/client";
 *
 * const decoder = createNdjsonDecoder();
 * const frames = decoder.push(new TextEncoder().encode('{"id":"1"}\n\n{"id":'));
 * console.log(frames.length); // 1: the second has not ended
 * ```
 */
export function createNdjsonDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const lines = createLineSplitter(options.maxFrameBytes ?? maxFrameBytes);
  return {
    push: (chunk) => lines.push(chunk).filter((line) => line.length > 0),
    end() {
      if (lines.pending > 0) throw frameCutOff();
    },
  };
}
