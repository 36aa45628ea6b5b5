/**
 * The codecs, loaded when they are needed: a client that sends and gets only JSON never loads MessagePack.
 *
 * @module
 */

import type { Codec, Format } from "../protocol/codec.ts";
import { jsonCodec } from "../protocol/json.ts";

let msgpack: Promise<Codec> | undefined;

/** The codec of a format. */
export function loadCodec(format: Format): Codec | Promise<Codec> {
  if (format === "json") return jsonCodec;
  return msgpack ??= import("../protocol/msgpack.ts").then(({ msgpackCodec }) => msgpackCodec);
}
