/**
 * Frames of the server-sent events stream: `data:` lines up to an empty line. Comments, of which heartbeats are
 * one, and other fields are passed over.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { createLineDecoder } from "./lines.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const field = encoder.encode("data:");
const space = 0x20;

/** Creates a decoder of the server-sent events stream. */
export function createSseDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const lines = createLineDecoder(options);
  let data: Uint8Array<ArrayBuffer>[] = [];

  const endEvent = () => {
    const lines = data;
    data = [];
    // One line is the rule: a document of several has to be put together with its line breaks.
    if (lines.length === 1) return lines[0]!;
    return encoder.encode(lines.map((line) => decoder.decode(line)).join("\n"));
  };

  return {
    push(chunk) {
      const frames: Uint8Array<ArrayBuffer>[] = [];
      for (const line of lines.push(chunk)) {
        if (line.length === 0) {
          if (data.length > 0) frames.push(endEvent());
        } else if (isData(line)) {
          data.push(line.subarray(field.length + (line[field.length] === space ? 1 : 0)));
        }
      }
      return frames;
    },
    end() {
      if (data.length > 0 || lines.pending > 0) {
        throw new ProtocolError("Stream ended in the middle of a frame");
      }
    },
  };
}

function isData(line: Uint8Array): boolean {
  return field.every((byte, index) => line[index] === byte);
}
