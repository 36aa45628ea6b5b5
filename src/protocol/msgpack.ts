/**
 * MessagePack, of which only what JSON can say as well is read.
 *
 * @module
 */

import { Decoder, Encoder } from "@msgpack/msgpack";
import { type Codec, DecodeError } from "./codec.ts";
import { maxPackDepth, maxPackLength } from "./limits.ts";
import { scanPack } from "./msgpack-scan.ts";

/** A payload of the deepest kind lies three levels deeper in a bulk answer. */
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: maxPackDepth + 3 });

const decoder = new Decoder({
  maxStrLength: maxPackLength,
  maxArrayLength: maxPackLength,
  maxMapLength: maxPackLength,
  maxBinLength: 0,
  maxExtLength: 0,
});

/** The codec of `application/msgpack`. Integers beyond 2^53 are read as the nearest number. */
export const msgpackCodec: Codec = {
  format: "msgpack",
  mediaType: "application/msgpack",
  encode: (value) => encoder.encode(value),
  decode: (bytes) => decodeScanned(bytes.subarray(0, scanPack(bytes).end)),
};

/** Reads bytes that `scanPack` has passed. Throws {@linkcode DecodeError}. */
export function decodeScanned(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}
