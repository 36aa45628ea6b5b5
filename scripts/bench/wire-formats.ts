/**
 * The two formats of the protocol, for the load generator: it writes requests, and finds ids in answers without decoding
 * the rest.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";

/** One format, in calls and in the take stream. */
export interface WireFormat {
  readonly type: string;
  readonly streamType: string;
  encode(value: unknown): Uint8Array;
  /** What stands before an id: its key, quotes or lengths included. */
  readonly idKey: Buffer;
  /** Finds where the frame that begins at `at` has its content and where the next begins; nothing if it is not whole. */
  findFrame(bytes: Buffer, at: number): readonly [start: number, end: number] | undefined;
}

/** The length of an id, in characters and bytes. */
const idLength = 25;

export const wireFormats: Readonly<Record<"json" | "msgpack", WireFormat>> = {
  json: {
    type: "application/json",
    streamType: "application/x-ndjson",
    encode: jsonCodec.encode,
    idKey: Buffer.from('"id":"'),
    findFrame(bytes, at) {
      const end = bytes.indexOf(0x0a, at);
      return end < 0 ? undefined : [at, end + 1];
    },
  },
  msgpack: {
    type: "application/msgpack",
    streamType: "application/vnd.zizq.msgpack-stream",
    encode: msgpackCodec.encode,
    // A text of 2 bytes, then one of 25.
    idKey: Buffer.from([0xa2, ...Buffer.from("id"), 0xa0 + idLength]),
    findFrame(bytes, at) {
      if (bytes.length < at + 4) return undefined;
      const end = at + 4 + bytes.readUInt32BE(at);
      return end > bytes.length ? undefined : [at + 4, end];
    },
  },
};

/** All ids in a body. The jobs of the bench have no other field of that name. */
export function findIds({ idKey }: WireFormat, body: Buffer): string[] {
  const ids: string[] = [];
  for (let at = body.indexOf(idKey); at >= 0; at = body.indexOf(idKey, at)) {
    at += idKey.length + idLength;
    ids.push(body.toString("latin1", at - idLength, at));
  }
  return ids;
}

/** Finds the ids in the bytes of a take stream, as they come. */
export function createIdReader(format: WireFormat): (bytes: Buffer) => string[] {
  let kept: Buffer = Buffer.alloc(0);
  return (bytes) => {
    kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    const ids: string[] = [];
    let at = 0;
    for (let frame; (frame = format.findFrame(kept, at)) !== undefined;) {
      // A heartbeat is a frame without content.
      ids.push(...findIds(format, kept.subarray(...frame)));
      at = frame[1];
    }
    kept = kept.subarray(at);
    return ids;
  };
}
