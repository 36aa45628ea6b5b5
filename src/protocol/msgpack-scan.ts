/**
 * Walks MessagePack without building values: refuses what no body may hold before anything believes it, and
 * finds the payloads, so that they can be stored byte for byte.
 *
 * @module
 */

import { DecodeError, tooManyContainers } from "./codec.ts";
import { maxContainers, maxPackDepth } from "./limits.ts";
import { everyItem, type PathStep, payloadPaths, type PayloadPlace } from "./payload-place.ts";

/** What was found in a body. */
export interface PackScan {
  /** The payload of each job; undefined for a job without one. */
  readonly payloads: readonly (PackSpan | undefined)[];
  /** All payloads in the order of their bytes, also those of which only the last of several counts. */
  readonly spans: readonly PackSpan[];
}

/** Where a payload stands. */
export interface PackSpan {
  readonly start: number;
  readonly end: number;
  /** Where in it the NaNs and the infinities are, which JSON cannot say; undefined for none. */
  readonly nonFinite: readonly number[] | undefined;
}

/**
 * Scans the first value of `bytes`; what follows is not looked at. Throws {@linkcode DecodeError} when it is cut off,
 * claims more than there is, is nested too deeply, or holds binary data, extension types, map keys or texts that
 * JSON has no word for. Gives whether there is a negative zero, which `JSON.stringify` does not tell from zero, and whether
 * there is an integer beyond 2^53, which no JavaScript number holds.
 */
export function scanPack(
  bytes: Uint8Array,
): { readonly negativeZero: boolean; readonly longInteger: boolean } {
  const scanner = new Scanner(bytes, Infinity);
  // The answer that lists jobs holds payloads two levels deeper than the request that brought them.
  scanner.value(-1);
  return scanner;
}

/**
 * Scans the body of a request in the same way, and finds its payloads. Throws {@linkcode DecodeError} also when it
 * holds too much to be built.
 */
export function scanPackBody(bytes: Uint8Array, place?: PayloadPlace): PackScan {
  const scanner = new Scanner(bytes, maxContainers);
  if (place === undefined) scanner.value(1);
  else scanner.body(payloadPaths[place]);
  return scanner;
}

/** Passes over the parts of a body one by one. Throws {@linkcode DecodeError} for bytes that are none. */
export interface PackParts {
  /** Where the next part begins. */
  at: number;
  /** Enters a map and gives how many members it has; undefined, and passes nothing, if the next value is none. */
  mapLength(): number | undefined;
  /** The same for a list. */
  listLength(): number | undefined;
  /** Passes over a key of a map. */
  key(): void;
  /** Passes over a value that stands so many levels deep. */
  value(depth: number): void;
}

/** Begins to pass over a body. */
export function createPackScanner(bytes: Uint8Array): PackParts {
  return new Scanner(bytes, maxContainers);
}

/** The upper half of 2^53. */
const highOfLong = 0x20_0000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The paths with their names as bytes. */
const encoded = new Map<string, Uint8Array>();
for (const step of Object.values(payloadPaths).flat()) {
  if (step !== everyItem) encoded.set(step, encoder.encode(step));
}

class Scanner implements PackScan, PackParts {
  at = 0;
  readonly payloads: (PackSpan | undefined)[] = [];
  readonly spans: PackSpan[] = [];
  negativeZero = false;
  longInteger = false;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** How many more lists and maps there may be. */
  #containersLeft: number;
  #nonFinite: number[] | undefined;
  /** Where the characters of the last key are. */
  #keyStart = 0;
  #keyEnd = 0;

  constructor(bytes: Uint8Array, maxContainers: number) {
    this.#containersLeft = maxContainers;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Passes over a body that has its payloads at the end of a path. */
  body(path: readonly PathStep[]): void {
    if (!path.includes(everyItem)) this.payloads.push(undefined);
    this.#follow(path, 0);
  }

  /** Passes over one value that lies so many steps along the way. Of a member given twice the last counts. */
  #follow(path: readonly PathStep[], step: number): void {
    const { payloads } = this;
    const next = path[step];
    if (next === undefined) {
      const start = this.at;
      this.#nonFinite = undefined;
      this.value(step + 1);
      const span = { start, end: this.at, nonFinite: this.#nonFinite };
      payloads[payloads.length - 1] = span;
      this.spans.push(span);
      this.#nonFinite = undefined; // Those that follow are not of this payload.
    } else if (next === everyItem) {
      const items = this.listLength();
      if (items === undefined) return this.value(step + 1);
      payloads.length = 0;
      for (let item = 0; item < items; item++) {
        payloads.push(undefined);
        this.#follow(path, step + 1);
      }
    } else {
      const members = this.mapLength();
      if (members === undefined) return this.value(step + 1);
      if (step === path.length - 1) payloads[payloads.length - 1] = undefined;
      const name = encoded.get(next)!;
      for (let member = 0; member < members; member++) {
        if (this.#keyIs(name)) this.#follow(path, step + 1);
        else this.value(step + 2);
      }
    }
  }

  /** Passes over one value, which stands `depth` levels deep if it is a container. */
  value(depth: number): void {
    const type = this.#u8();
    if (type <= 0x7f || type >= 0xe0) return;
    if (type <= 0x8f) return this.#map(type & 0x0f, depth);
    if (type <= 0x9f) return this.#list(type & 0x0f, depth);
    if (type <= 0xbf) return this.#text(type & 0x1f);
    switch (type) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        throw this.#refuse("binary data");
      case 0xca:
        return this.#float(this.#view.getFloat32(this.#skip(4)), 5);
      case 0xcb:
        return this.#float(this.#view.getFloat64(this.#skip(8)), 9);
      case 0xcc:
      case 0xd0:
        return void this.#skip(1);
      case 0xcd:
      case 0xd1:
        return void this.#skip(2);
      case 0xce:
      case 0xd2:
        return void this.#skip(4);
      case 0xcf:
        if (this.#view.getUint32(this.#skip(8)) >= highOfLong) this.longInteger = true;
        return;
      case 0xd3: {
        const high = this.#view.getInt32(this.#skip(8));
        if (high >= highOfLong || high < -highOfLong) this.longInteger = true;
        return;
      }
      case 0xd9:
        return this.#text(this.#u8());
      case 0xda:
        return this.#text(this.#u16());
      case 0xdb:
        return this.#text(this.#u32());
      case 0xdc:
        return this.#list(this.#u16(), depth);
      case 0xdd:
        return this.#list(this.#u32(), depth);
      case 0xde:
        return this.#map(this.#u16(), depth);
      case 0xdf:
        return this.#map(this.#u32(), depth);
    }
    throw this.#refuse(type === 0xc1 ? "the unused type 0xc1" : "an extension type");
  }

  #map(length: number, depth: number): void {
    this.#enter(length, 2, depth);
    for (let i = 0; i < length; i++) {
      this.key();
      this.value(depth + 1);
    }
  }

  #list(length: number, depth: number): void {
    this.#enter(length, 1, depth);
    for (let i = 0; i < length; i++) this.value(depth + 1);
  }

  #enter(length: number, bytesPerItem: number, depth: number): void {
    if (depth > maxPackDepth) throw new DecodeError(`nested deeper than ${maxPackDepth} levels`);
    this.#believe(length, bytesPerItem);
  }

  /** A container cannot claim more items than there are bytes for. */
  #believe(length: number, bytesPerItem: number): void {
    if (length * bytesPerItem > this.#bytes.length - this.at) throw this.#cutOff();
    if (--this.#containersLeft < 0) throw tooManyContainers();
  }

  /** Passes over a key. */
  key(): void {
    const type = this.#u8();
    let length = type & 0x1f;
    if (type === 0xd9) length = this.#u8();
    else if (type === 0xda) length = this.#u16();
    else if (type === 0xdb) length = this.#u32();
    else if (type < 0xa0 || type > 0xbf) throw this.#refuse("a map key that is not a text");
    this.#keyStart = this.at;
    this.#text(length);
    this.#keyEnd = this.at;
  }

  /** Passes over a key and tells whether it is `name`, however long its head is. */
  #keyIs(name: Uint8Array): boolean {
    this.key();
    if (this.#keyEnd - this.#keyStart !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (this.#bytes[this.#keyStart + i] !== name[i]) return false;
    }
    return true;
  }

  mapLength(): number | undefined {
    const type = this.#bytes[this.at]!;
    if (type === 0xde || type === 0xdf || (type >= 0x80 && type <= 0x8f)) return this.#length(2);
    return undefined;
  }

  listLength(): number | undefined {
    const type = this.#bytes[this.at]!;
    if (type === 0xdc || type === 0xdd || (type >= 0x90 && type <= 0x9f)) return this.#length(1);
    return undefined;
  }

  #length(bytesPerItem: number): number {
    const type = this.#u8();
    const length = type < 0xc0 ? type & 0x0f : type % 2 === 0 ? this.#u16() : this.#u32();
    this.#believe(length, bytesPerItem);
    return length;
  }

  #text(length: number): void {
    const start = this.#skip(length);
    for (let at = start; at < this.at; at++) {
      if (this.#bytes[at]! < 0x80) continue;
      try {
        decoder.decode(this.#bytes.subarray(at, this.at));
      } catch {
        throw new DecodeError(`text at byte ${start} is not UTF-8`);
      }
      return;
    }
  }

  #float(value: number, length: number): void {
    if (!Number.isFinite(value)) (this.#nonFinite ??= []).push(this.at - length);
    else if (Object.is(value, -0)) this.negativeZero = true;
  }

  #u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #u16(): number {
    return this.#view.getUint16(this.#skip(2));
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  /** Passes over `length` bytes and gives where they began. */
  #skip(length: number): number {
    const start = this.at;
    if (length > this.#bytes.length - start) throw this.#cutOff();
    this.at = start + length;
    return start;
  }

  #cutOff(): DecodeError {
    return new DecodeError(
      `cut off: the body ends at byte ${this.#bytes.length}, in the middle of a value`,
    );
  }

  #refuse(what: string): DecodeError {
    return new DecodeError(`${what} at byte ${this.at - 1} has no meaning in a job`);
  }
}
