/**
 * Frames of the NDJSON stream: one JSON document a line. An empty line is a heartbeat.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { createLineDecoder } from "./lines.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

/** Creates a decoder of the NDJSON stream. */
export function createNdjsonDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const lines = createLineDecoder(options);
  return {
    push: (chunk) => lines.push(chunk).filter((line) => line.length > 0),
    end() {
      if (lines.pending > 0) throw new ProtocolError("Stream ended in the middle of a frame");
    },
  };
}
