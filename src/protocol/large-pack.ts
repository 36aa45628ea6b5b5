/**
 * Large bodies in MessagePack, whose payloads are cut out before the rest is read: what `large-json.ts` does for JSON.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";
import { concatBytes } from "./concat-bytes.ts";
import { type LightBody, tooMuchAround } from "./large-json.ts";
import { maxPackDepth, mostAround, sparedBytes } from "./limits.ts";
import { createPackScanner, type PackParts, type PackSpan } from "./msgpack-scan.ts";
import { cutPayload } from "./payload.ts";
import { everyItem, type PathStep } from "./payload-place.ts";
import type { RawPayload } from "./record.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Values that are passed without a turn for others, and bytes of a text. */
const valuesOfTurn = 50_000;
const bytesOfTurn = 1024 * 1024;

/** Numbers that are replaced without a turn for others. */
const numbersOfTurn = 20_000;

/** A text whose length takes four bytes. */
const longText = 0xdb;

/** A list or a map that is open. */
interface Container {
  readonly isMap: boolean;
  /** The paths that lead through it. */
  readonly paths: readonly (readonly PathStep[])[];
  /** How many items are still to come. */
  left: number;
}

/**
 * Cuts the payloads out of a body, and yields where others may have their turn.
 *
 * @param paths Where payloads may be.
 * @throws {DecodeError} If the body is not as `scanPackBody` demands, or has too much besides its payloads.
 */
export function* lightenPack(
  bytes: Bytes,
  paths: readonly (readonly PathStep[])[],
): Generator<undefined, LightBody> {
  const scanner = createPackScanner(bytes);
  const open: Container[] = [];
  const spans: PackSpan[] = [];
  /** Bytes that do not count among those besides payloads. */
  let spared = 0;
  let values = 0;
  let start = -1;
  let nonFinite: number[] = [];
  /** How many containers are open around the payload that is being passed. */
  let depth = 0;

  do {
    const parent = open.at(-1);
    let leading = parent === undefined ? paths : [];
    if (parent !== undefined) {
      parent.left--;
      const from = scanner.at;
      if (parent.isMap) {
        if (bytes[from] === longText) yield* passText(bytes, scanner);
        else scanner.key();
        if (start === -1) spared += sparedBytes(scanner.at - from);
      }
      const known = parent.paths;
      if (known.length > 0) {
        const step = parent.isMap ? textOf(bytes, from, scanner.at) : everyItem;
        leading = known.filter((path) => path[open.length - 1] === step);
        if (leading.some((path) => path.length === open.length)) {
          start = scanner.at;
          depth = open.length;
          leading = [];
        }
      }
    }
    const mapLength = scanner.mapLength();
    const left = mapLength ?? scanner.listLength();
    if (left !== undefined) {
      open.push({ isMap: mapLength !== undefined, paths: leading, left });
      if (open.length > maxPackDepth) {
        throw new DecodeError(`nested deeper than ${maxPackDepth} levels`);
      }
    } else {
      const from = scanner.at;
      if (bytes[from] === longText) yield* passText(bytes, scanner);
      else {
        if (start !== -1 && isNonFinite(bytes, from)) nonFinite.push(from);
        scanner.value(open.length + 1);
      }
      // No other value that has no items has so many bytes.
      if (start === -1) spared += sparedBytes(scanner.at - from);
    }
    while (open.length > 0 && open.at(-1)!.left === 0 && open.length !== depth) open.pop();
    if (start !== -1 && open.length === depth) {
      const some = nonFinite.length > 0 ? nonFinite : undefined;
      spans.push({ start, end: scanner.at, nonFinite: some });
      nonFinite = []; // Those that follow are not of this payload.
      spared += scanner.at - start;
      start = -1;
      depth = 0;
      while (open.length > 0 && open.at(-1)!.left === 0) open.pop();
    }
    if (start === -1 && scanner.at - spared > mostAround) throw tooMuchAround();
    if (++values % valuesOfTurn === 0) yield;
  } while (open.length > 0);

  const payloads: RawPayload[] = [];
  for (const span of spans) payloads.push(yield* cutInTurns(bytes, span));
  return { bytes: without(bytes.subarray(0, scanner.at), spans), payloads };
}

/** Cuts out a payload, which may have many numbers that JSON cannot say. */
function* cutInTurns(bytes: Bytes, span: PackSpan): Generator<undefined, RawPayload> {
  const { start, end, nonFinite = [] } = span;
  if (nonFinite.length <= numbersOfTurn) return cutPayload(bytes, span);
  const parts: Bytes[] = [];
  for (let from = start, next = 0; next < nonFinite.length; yield) {
    const numbers = nonFinite.slice(next, next += numbersOfTurn);
    const to = nonFinite[next] ?? end;
    parts.push(cutPayload(bytes, { start: from, end: to, nonFinite: numbers }) as Bytes);
    from = to;
  }
  return concatBytes(parts);
}

/** Passes over a text whose length takes four bytes. */
function* passText(bytes: Bytes, scanner: PackParts): Generator<undefined, void> {
  const start = scanner.at + 5;
  const end = start > bytes.length ? Infinity : start + viewOf(bytes).getUint32(scanner.at + 1);
  if (end > bytes.length) return scanner.value(0); // Which says that it is cut off.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = start; at <= end; at += bytesOfTurn) {
    const next = Math.min(at + bytesOfTurn, end);
    try {
      decoder.decode(bytes.subarray(at, next), { stream: next < end });
    } catch {
      throw new DecodeError(`text at byte ${start} is not UTF-8`);
    }
    if (next === end) break;
    yield;
  }
  scanner.at = end;
}

/** Whether a float begins there that is a NaN or an infinity. */
function isNonFinite(bytes: Bytes, at: number): boolean {
  if (bytes[at] === 0xca && at + 5 <= bytes.length) {
    return !Number.isFinite(viewOf(bytes).getFloat32(at + 1));
  }
  return bytes[at] === 0xcb && at + 9 <= bytes.length &&
    !Number.isFinite(viewOf(bytes).getFloat64(at + 1));
}

function viewOf({ buffer, byteOffset, byteLength }: Bytes): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The name that a key of a few bytes is. */
function textOf(bytes: Bytes, from: number, end: number): string | undefined {
  const head = bytes[from]! < 0xd9 ? 1 : 2 ** (bytes[from]! - 0xd9) + 1;
  return end - from > 100 ? undefined : decoder.decode(bytes.subarray(from + head, end));
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The body with numbers in the places of its payloads. */
function without(bytes: Bytes, spans: readonly PackSpan[]): Bytes {
  const parts: Bytes[] = [];
  let from = 0;
  for (const [index, { start, end }] of spans.entries()) {
    const number = new Uint8Array(5);
    number[0] = 0xce;
    new DataView(number.buffer).setUint32(1, index);
    parts.push(bytes.subarray(from, start), number);
    from = end;
  }
  return concatBytes([...parts, bytes.subarray(from)]);
}
