/**
 * Frames of the MessagePack stream: a length of four bytes, most significant first, then as many bytes of one map.
 * A length of zero is a heartbeat.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import { maxFrameBytes } from "./limits.ts";
import type { FrameDecoder, FrameDecoderOptions } from "./stream-format.ts";

const headBytes = 4;

/** Creates a decoder of the MessagePack stream. */
export function createMsgpackDecoder(options: FrameDecoderOptions = {}): FrameDecoder {
  const limit = options.maxFrameBytes ?? maxFrameBytes;
  const waiting = new ByteQueue();
  /** The length of the frame whose head was read. */
  let expected: number | undefined;

  const readHead = () => {
    const [a, b, c, d] = waiting.take(headBytes) as unknown as [number, number, number, number];
    const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (length > limit) {
      throw new ProtocolError(`Frame claims ${length} bytes, at most ${limit} are accepted`);
    }
    return length === 0 ? undefined : length;
  };

  return {
    push(chunk) {
      const frames: Uint8Array<ArrayBuffer>[] = [];
      waiting.push(chunk);
      while (true) {
        if (expected === undefined) {
          if (waiting.length < headBytes) return frames;
          expected = readHead();
        } else {
          if (waiting.length < expected) return frames;
          frames.push(waiting.take(expected));
          expected = undefined;
        }
      }
    },
    end() {
      if (expected === undefined && waiting.length === 0) return;
      throw new ProtocolError("Stream ended in the middle of a frame");
    },
  };
}
