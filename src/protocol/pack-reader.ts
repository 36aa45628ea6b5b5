/**
 * Builds the value of MessagePack that `scanPack` has passed, and so trusts its bounds, its depth and its types.
 *
 * The library's own decoder refuses a key that JSON knows (`__proto__`), so that a job which came as JSON could
 * never reach a worker that reads MessagePack; it also drops a byte order mark at the front of a long text.
 *
 * @module
 */

import type { PackSpan } from "./msgpack-scan.ts";
import { beyondU64, lastBelowBeyond, toMark } from "./integral-float.ts";
import { rawJson } from "./raw-json.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Keys, names and statuses come again and again: the last short text of each slot is kept. */
const kept: string[] = new Array<string>(512).fill("");
/** How many bytes are short; one less than an id has, which never comes again. */
const shortText = 24;

/** Reads the first value of bytes that were scanned. */
export function readPack(bytes: Uint8Array<ArrayBuffer>): unknown {
  return new PackReader(bytes).value();
}

/** Reads the same for `JSON.stringify`, which then writes every digit of an integer. */
export function readPackExactly(bytes: Uint8Array<ArrayBuffer>): unknown {
  return new PackReader(bytes, undefined, true).value();
}

/** Reads the same as a request body: with marks in the place of whole floats, and null in that of its payloads. */
export function readPackMarked(
  bytes: Uint8Array<ArrayBuffer>,
  payloads: readonly PackSpan[],
): unknown {
  return new PackReader(bytes, payloads).value();
}

class PackReader {
  #at = 0;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #marks: boolean;
  /** Whether what `JSON.stringify` is to write stands in the place of an integer beyond 2^53. */
  readonly #isExact: boolean;
  /** What is passed over, in the order of the bytes, and how much of it was. */
  readonly #skipped: readonly PackSpan[];
  #skips = 0;
  #skipFrom: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, skipped?: readonly PackSpan[], isExact = false) {
    this.#isExact = isExact;
    this.#marks = skipped !== undefined;
    this.#skipped = skipped ?? [];
    this.#skipFrom = this.#skipped[0]?.start ?? -1;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(): unknown {
    if (this.#at === this.#skipFrom) return this.#pass();
    const type = this.#bytes[this.#at++]!;
    if (type <= 0x7f) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type <= 0x8f) return this.#map(type & 0x0f);
    if (type <= 0x9f) return this.#list(type & 0x0f);
    if (type <= 0xbf) return this.#text(type & 0x1f);
    switch (type) {
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.#float(this.#view.getFloat32(this.#skip(4)));
      case 0xcb:
        return this.#float(this.#view.getFloat64(this.#skip(8)));
      case 0xcc:
        return this.#u8();
      case 0xcd:
        return this.#u16();
      case 0xce:
        return this.#u32();
      case 0xcf:
        if (this.#isExact) return toRaw(this.#view.getBigUint64(this.#skip(8)));
        return this.#u64();
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        if (this.#isExact) return toRaw(this.#view.getBigInt64(this.#skip(8)));
        return this.#view.getInt32(this.#skip(4)) * 0x1_0000_0000 + this.#u32();
      case 0xd9:
        return this.#text(this.#u8());
      case 0xda:
        return this.#text(this.#u16());
      case 0xdb:
        return this.#text(this.#u32());
      case 0xdc:
        return this.#list(this.#u16());
      case 0xdd:
        return this.#list(this.#u32());
      case 0xde:
        return this.#map(this.#u16());
      case 0xdf:
        return this.#map(this.#u32());
      default:
        return null;
    }
  }

  #map(length: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.value() as string;
      const value = this.value();
      // Assigned, this one name would become the prototype.
      if (key === "__proto__") Object.defineProperty(map, key, { value, ...plain });
      else map[key] = value;
    }
    return map;
  }

  #list(length: number): unknown[] {
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value());
    return list;
  }

  #pass(): null {
    this.#at = this.#skipped[this.#skips++]!.end;
    this.#skipFrom = this.#skipped[this.#skips]?.start ?? -1;
    return null;
  }

  #float(value: number): number | bigint {
    return this.#marks ? toMark(value) : value;
  }

  #text(length: number): string {
    const start = this.#skip(length);
    if (length > shortText || length === 0) return this.#decode(start);
    const bytes = this.#bytes;
    const middle = bytes[start + (length >> 1)]!;
    const slot = (length + bytes[start]! * 7 + middle * 31 + bytes[this.#at - 1]! * 131) %
      kept.length;
    const text = kept[slot]!;
    return this.#isAscii(text, start) ? text : kept[slot] = this.#decode(start);
  }

  /** Whether the bytes from `start` to here are the ASCII characters of `text`. */
  #isAscii(text: string, start: number): boolean {
    if (text.length !== this.#at - start) return false;
    for (let i = 0; i < text.length; i++) {
      const byte = this.#bytes[start + i]!;
      if (byte > 0x7f || text.charCodeAt(i) !== byte) return false;
    }
    return true;
  }

  #decode(start: number): string {
    return decoder.decode(this.#bytes.subarray(start, this.#at));
  }

  #u8(): number {
    return this.#bytes[this.#at++]!;
  }

  #u16(): number {
    return this.#view.getUint16(this.#skip(2));
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  /** None is beyond 2^64 − 1; in a request body none may look so. */
  #u64(): number {
    const value = this.#u32() * 0x1_0000_0000 + this.#u32();
    return this.#marks && value === beyondU64 ? lastBelowBeyond : value;
  }

  /** Passes over `length` bytes and gives where they began. */
  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

function toRaw(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : rawJson(`${value}`);
}

const plain = { configurable: true, enumerable: true, writable: true };
