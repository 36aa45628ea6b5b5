/**
 * Values with parts that are encoded already, above all payloads, which the broker never parses.
 *
 * @module
 */

import type { Format } from "./codec.ts";
import { msgpackCodec } from "./msgpack.ts";
import { PackWriter } from "./pack-writer.ts";

/** A part of a value that is encoded already, in each format. */
export class PreEncoded {
  readonly toJson: () => string;
  readonly toPack: () => Uint8Array<ArrayBuffer>;

  constructor(toJson: () => string, toPack: () => Uint8Array<ArrayBuffer>) {
    this.toJson = toJson;
    this.toPack = toPack;
  }
}

/** Encodes a value that has pre-encoded parts; members that are undefined are left out. */
export function encodeWithPreEncoded(
  value: unknown,
  format: Format,
): string | Uint8Array<ArrayBuffer> {
  if (format === "json") return toJson(value);
  const writer = new PackWriter();
  write(writer, value);
  return writer.end();
}

function toJson(value: unknown): string {
  if (value instanceof PreEncoded) return value.toJson();
  if (Array.isArray(value)) return `[${value.map(toJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${
    members(value).map(([key, item]) => `${JSON.stringify(key)}:${toJson(item)}`).join()
  }}`;
}

function write(writer: PackWriter, value: unknown): void {
  if (value instanceof PreEncoded) writer.raw(value.toPack());
  else if (Array.isArray(value)) {
    writer.list(value.length);
    for (const item of value) write(writer, item);
  } else if (typeof value !== "object" || value === null) writer.raw(msgpackCodec.encode(value));
  else {
    const entries = members(value);
    writer.map(entries.length);
    for (const [key, item] of entries) {
      writer.text(key);
      write(writer, item);
    }
  }
}

function members(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
