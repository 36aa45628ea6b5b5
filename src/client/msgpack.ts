/**
 * MessagePack for a client. It is an entry of its own, so that only those pay for it who ask for it.
 *
 * ```ts
 * import { createClient } from "@millrace/millrace/client";
 * import { msgpack } from "@millrace/millrace/msgpack";
 *
 * export const client = createClient({ url: "http://127.0.0.1:7890", format: msgpack });
 * ```
 *
 * @module
 */

import { clientMsgpack } from "../protocol/client-msgpack.ts";
import { createMsgpackDecoder } from "../protocol/frames-msgpack.ts";
import { streamMediaTypes } from "../protocol/stream-format.ts";
import type { WireFormat } from "./format.ts";

export type { Codec, Format } from "../protocol/codec.ts";
export type { FrameDecoder } from "../protocol/stream-format.ts";
export type { WireFormat } from "./format.ts";

/** Bodies and take streams in MessagePack: give it to a client as its `format`. */
export const msgpack: WireFormat = {
  codec: clientMsgpack,
  streamMediaType: streamMediaTypes["msgpack-stream"],
  createDecoder: () => createMsgpackDecoder(),
};
