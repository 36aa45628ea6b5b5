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

/** A payload of the deepest kind lies three levels deeper in a bulk answer. */
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: maxPackDepth + 3 });

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
