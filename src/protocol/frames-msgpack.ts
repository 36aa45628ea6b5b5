/**
 * Frames of the MessagePack stream: a length of four bytes, most significant first, then as many bytes of one map.
 * A length of zero is a heartbeat.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { frameCutOff, PartialFrame } from "./partial-frame.ts";
import { maxFrameBytes } from "./limits.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

const headBytes = 4;

/**
 * Creates a decoder of the MessagePack stream; its documents are MessagePack.
 *
 * @param options How long a frame may be.
 * @returns A decoder of one stream.
 *
 * @example
 * ```ts
 * import { createMsgpackDecoder } from "@millrace/millrace/client";
 *
 * const decoder = createMsgpackDecoder();
 * const heartbeat = [0, 0, 0, 0];
 * const frames = decoder.push(Uint8Array.of(...heartbeat, 0, 0, 0, 1, 0x80));
 * console.log(frames); // [Uint8Array [0x80]]: an empty map
 * decoder.end();
 * ```
 */
export function createMsgpackDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const limit = options.maxFrameBytes ?? maxFrameBytes;
  const partial = new PartialFrame();
  /** The length of the frame that a head announced; 0 while a head is awaited. */
  let announced = 0;

  return {
    push(chunk) {
      const frames: Uint8Array<ArrayBuffer>[] = [];
      let start = 0;
      while (start < chunk.length) {
        const end = start + (announced || headBytes) - partial.length;
        if (end > chunk.length) {
          partial.append(chunk.subarray(start));
          break;
        }
        const complete = partial.join(chunk.subarray(start, end));
        start = end;
        if (announced > 0) {
          frames.push(complete);
          announced = 0;
        } else announced = readHead(complete, limit);
      }
      return frames;
    },
    end() {
      if (announced > 0 || partial.length > 0) throw frameCutOff();
    },
  };
}

function readHead(head: Uint8Array, limit: number): number {
  const length = ((head[0]! << 24) | (head[1]! << 16) | (head[2]! << 8) | head[3]!) >>> 0;
  if (length <= limit) return length;
  throw new ProtocolError(`Frame claims ${length} bytes, at most ${limit} are accepted`);
}
