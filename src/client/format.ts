/**
 * The formats that a client can be handed. JSON is no such thing: every client knows it.
 *
 * @module
 */

import type { Codec } from "../protocol/codec.ts";
import type { FrameDecoder } from "../protocol/stream-format.ts";

/** How bodies and take streams are written in a format that is handed over, such as `msgpack` of `./msgpack`. */
export interface WireFormat {
  /** Turns bodies into bytes and back. */
  readonly codec: Codec;
  /** What `Accept` and `Content-Type` call its take streams. */
  readonly streamMediaType: string;
  /** Creates what cuts a take stream into frames. */
  createDecoder(): FrameDecoder;
}

/** Whether a value is a format: one of another copy of this module is one too. */
export function isWireFormat(value: unknown): value is WireFormat {
  if (typeof value !== "object" || value === null) return false;
  return "codec" in value && "streamMediaType" in value && "createDecoder" in value;
}
