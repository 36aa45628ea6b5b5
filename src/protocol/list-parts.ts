/**
 * Long lists of a request body in parts, so that other work is done between reading two of them.
 *
 * A part is a body of its own, with the same list and some of its items. The last part has none: it is all that stands
 * around the list.
 *
 * @module
 */

import { concatBytes } from "./concat-bytes.ts";
import { DecodeError, type Format } from "./codec.ts";
import { endOfString, passString, skipSpace } from "./json-bytes.ts";
import { mostAround } from "./limits.ts";
import { createPackScanner } from "./msgpack-scan.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Some items of a list, as a body. */
export interface ListPart {
  readonly bytes: Bytes;
  /** Where its first item stands in the whole list; undefined for what stands around the list. */
  readonly first: number | undefined;
}

/** A list has more items than a call may have. */
export class TooManyItemsError extends Error {
  override readonly name = "TooManyItemsError";

  /**
   * @param list The member that the list is.
   * @param maxItems How many items it may have.
   */
  constructor(list: string, maxItems: number) {
    super(`'${list}' has more than ${maxItems} items, send them in several calls`);
  }
}

/** Bytes of a part, about: reading them takes some milliseconds. */
const partBytes = 128 * 1024;

/** Bytes that are looked at without a turn for others. */
const turnBytes = 1024 * 1024;

/** What is cut. */
export interface ListCut {
  readonly format: Format;
  /** The member that the list is. */
  readonly name: string;
  /** How many items it may have. */
  readonly maxItems: number;
}

/**
 * Cuts the list of a body into parts. Yields undefined where others may have a turn before a part is found.
 *
 * @throws {TooManyItemsError} If the list has too many items.
 * @throws {DecodeError} If there is no such list in a large body, or too much around it. What else is wrong shows when the
 * parts are read.
 */
export function listParts(bytes: Bytes, cut: ListCut): Generator<ListPart | undefined, void> {
  return cut.format === "json" ? jsonParts(bytes, cut) : packParts(bytes, cut);
}

const encoder = new TextEncoder();
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

function* jsonParts(
  bytes: Bytes,
  { name, maxItems }: ListCut,
): Generator<ListPart | undefined, void> {
  const key = encoder.encode(`"${name}"`);
  const listStart = yield* findJsonList(bytes, key);
  if (listStart === undefined) throw noList(name);
  const head = encoder.encode(`{"${name}":[`);
  const tail = encoder.encode("]}");
  let items = 0;
  let first = 0;
  let start = listStart;
  let depth = 1;
  let at = listStart;
  const toPart = (end: number): ListPart => {
    if (isBlank(bytes, start, end) && (first > 0 || bytes[end] === comma)) {
      throw new DecodeError(`the list '${name}' has a comma without an item`);
    }
    return { bytes: concatBytes([head, bytes.subarray(start, end), tail]), first };
  };
  let turn = at + turnBytes;
  for (; depth > 0; at++) {
    if (at >= turn) {
      turn = at + turnBytes;
      yield undefined;
    }
    switch (bytes[at]) {
      case undefined:
        throw new DecodeError(`the list '${name}' has no end`);
      case quote:
        at = (endOfString(bytes, at, partBytes) ?? (yield* passString(bytes, at))) - 1;
        break;
      case openList:
      case openObject:
        depth++;
        break;
      case closeList:
      case closeObject:
        depth--;
        break;
      case comma: {
        if (depth > 1) break;
        if (++items >= maxItems) throw new TooManyItemsError(name, maxItems);
        if (at - start < partBytes) break;
        yield toPart(at);
        first = items;
        start = at + 1;
      }
    }
  }
  yield toPart(at - 1);
  yield around(bytes, { from: listStart, to: at - 1, name, inside: new Uint8Array() });
}

/** The index behind the bracket that opens the list of a member of the outermost object. */
function* findJsonList(
  bytes: Bytes,
  key: Uint8Array,
): Generator<undefined, number | undefined> {
  let depth = 0;
  for (let at = 0; at < Math.min(bytes.length, mostAround); at++) {
    switch (bytes[at]) {
      case quote: {
        const end = endOfString(bytes, at, partBytes) ?? (yield* passString(bytes, at));
        const next = skipSpace(bytes, end);
        if (depth === 1 && bytes[next] === colon && startsWith(bytes, at, key)) {
          const value = skipSpace(bytes, next + 1);
          return bytes[value] === openList ? value + 1 : undefined;
        }
        at = end - 1;
        break;
      }
      case openList:
      case openObject:
        depth++;
        break;
      case closeList:
      case closeObject:
        depth--;
    }
  }
  return undefined;
}

function isBlank(bytes: Bytes, start: number, end: number): boolean {
  return skipSpace(bytes, start) >= end;
}

function startsWith(bytes: Bytes, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}

function* packParts(bytes: Bytes, { name, maxItems }: ListCut): Generator<ListPart, void> {
  const key = packText(name);
  const scanner = createPackScanner(bytes);
  const members = scanner.mapLength() ?? 0;
  for (let member = 0; member < members; member++) {
    const isList = startsWith(bytes, scanner.at, key);
    scanner.key();
    const from = scanner.at;
    const items = isList ? scanner.listLength() : undefined;
    if (items === undefined) {
      if (isList || scanner.at > mostAround) throw noList(name);
      scanner.value(2);
      continue;
    }
    if (items > maxItems) throw new TooManyItemsError(name, maxItems);
    const toPart = (start: number, first: number, count: number): ListPart => {
      const head = new Uint8Array(key.length + 6);
      head[0] = 0x81;
      head.set(key, 1);
      const view = new DataView(head.buffer);
      view.setUint8(key.length + 1, 0xdd);
      view.setUint32(key.length + 2, count);
      return { bytes: concatBytes([head, bytes.subarray(start, scanner.at)]), first };
    };
    let start = scanner.at;
    let first = 0;
    for (let item = 0; item < items; item++) {
      scanner.value(3);
      if (scanner.at - start < partBytes) continue;
      yield toPart(start, first, item + 1 - first);
      start = scanner.at;
      first = item + 1;
    }
    if (first < items) yield toPart(start, first, items - first);
    return yield around(bytes, { from, to: scanner.at, name, inside: new Uint8Array([0x90]) });
  }
  throw noList(name);
}

/** A short text as MessagePack. */
function packText(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  return concatBytes([new Uint8Array([0xa0 | bytes.length]), bytes]);
}

/** All but the items of a list, as a body. */
function around(
  bytes: Bytes,
  { from, to, name, inside }: {
    readonly from: number;
    readonly to: number;
    readonly name: string;
    readonly inside: Uint8Array;
  },
): ListPart {
  const rest = bytes.length - (to - from);
  if (rest > mostAround) {
    throw new DecodeError(`${rest} bytes besides '${name}', at most ${mostAround} are read`);
  }
  return {
    bytes: concatBytes([bytes.subarray(0, from), inside, bytes.subarray(to)]),
    first: undefined,
  };
}

function noList(name: string): DecodeError {
  return new DecodeError(`a body of this size needs a list '${name}'`);
}
