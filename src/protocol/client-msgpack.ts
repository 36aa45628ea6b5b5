/**
 * MessagePack as a client writes it: what JSON can say, in a tenth of the code of the library that the broker has for the
 * rest.
 *
 * @module
 */

import type { Codec } from "./codec.ts";
import { maxPackDepth } from "./limits.ts";
import { scanPack } from "./msgpack-scan.ts";
import { readPack } from "./pack-reader.ts";
import { PackWriter } from "./pack-writer.ts";

/** The codec of `application/msgpack`. Integers beyond 2^53 are read as the nearest number. */
export const clientMsgpack: Codec = {
  format: "msgpack",
  mediaType: "application/msgpack",
  encode(value) {
    const writer = new PackWriter();
    write(writer, value, 1);
    return writer.end();
  },
  decode(bytes) {
    scanPack(bytes);
    return readPack(bytes);
  },
};

function write(writer: PackWriter, value: unknown, depth: number): void {
  // A payload of the deepest kind lies three levels deeper in the body of a bulk call.
  if (depth > maxPackDepth + 3) throw new RangeError(`Too deep objects in depth ${depth}`);
  if (typeof value === "string") writer.text(value);
  else if (typeof value === "number") writeNumber(writer, value);
  else if (typeof value === "boolean") writer.bool(value);
  else if (value === null || value === undefined) writer.nil();
  else if (Array.isArray(value)) {
    writer.list(value.length);
    for (const item of value) write(writer, item, depth + 1);
  } else if (typeof value === "object") writeObject(writer, value, depth);
  else throw new TypeError(`Cannot send a ${typeof value} in MessagePack: expected what JSON has`);
}

function writeNumber(writer: PackWriter, value: number): void {
  // A negative zero is no integer: it would lose its sign.
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) writer.float64(value);
  else if (value < 0) writer.negative(value);
  else writer.uint(value);
}

function writeObject(writer: PackWriter, value: object, depth: number): void {
  const { toJSON } = value as { readonly toJSON?: unknown };
  // As in JSON, where it speaks for the object.
  if (typeof toJSON === "function") return write(writer, toJSON.call(value, ""), depth);
  const members = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(members);
  let shown = keys.length;
  for (const key of keys) if (members[key] === undefined) shown--;
  writer.map(shown);
  for (const key of keys) {
    const member = members[key];
    if (member === undefined) continue;
    writer.text(key);
    write(writer, member, depth + 1);
  }
}
