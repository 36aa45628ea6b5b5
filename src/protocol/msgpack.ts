/**
 * MessagePack, of which only what JSON can say as well is read.
 *
 * @module
 */

import { Encoder } from "@msgpack/msgpack";
import type { Codec } from "./codec.ts";
import { maxPackDepth } from "./limits.ts";
import { scanPack } from "./msgpack-scan.ts";
import { readPack } from "./pack-reader.ts";

/** What is used of the library's encoder: more than its types show. */
type OpenEncoderType = new (options: object) => {
  encode(value: unknown): Uint8Array<ArrayBuffer>;
  encodeNumber(value: number): void;
  encodeNumberAsFloat(value: number): void;
  encodeObject(value: unknown, depth: number): void;
  encodeBigInt64(value: bigint): void;
};

const OpenEncoder = Encoder as unknown as OpenEncoderType;

/** The library's own writes a negative zero as the integer 0. */
export class ZeroEncoder extends OpenEncoder {
  override encodeNumber(value: number): void {
    if (Object.is(value, -0)) this.encodeNumberAsFloat(value);
    else super.encodeNumber(value);
  }
}

/** A payload of the deepest kind lies three levels deeper in a bulk answer. */
export const encoderOptions: object = { ignoreUndefined: true, maxDepth: maxPackDepth + 3 };
const encoder = new ZeroEncoder(encoderOptions);

/** The codec of `application/msgpack`. Integers beyond 2^53 are read as the nearest number. */
export const msgpackCodec: Codec = {
  format: "msgpack",
  mediaType: "application/msgpack",
  encode: (value) => encoder.encode(value),
  decode(bytes) {
    scanPack(bytes);
    return readPack(bytes);
  },
};
