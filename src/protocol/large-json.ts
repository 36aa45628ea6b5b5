/**
 * Large bodies in JSON, whose payloads are cut out before the rest is read.
 *
 * To parse 64 MiB takes seconds, and many times the memory, and all that is wanted of a payload is that it is JSON. So the text
 * is read in pieces, with turns for others between them: each is made a text of its own by the brackets that were open where it
 * begins, and by those that are open where it ends. Then it is as strict as `parseJson` is, whatever the text is.
 *
 * @module
 */

import { DecodeError, tooManyContainers } from "./codec.ts";
import { concatBytes } from "./concat-bytes.ts";
import { decodeText, parseJson } from "./json.ts";
import { endOfString, isSpace, skipSpace } from "./json-bytes.ts";
import { maxContainers, maxJsonDepth, mostAround } from "./limits.ts";
import { everyItem, type PathStep } from "./payload-place.ts";
import type { RawPayload } from "./record.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A body without its payloads. */
export interface LightBody {
  /** The body, with a number in the place of each payload: which of them it was. */
  readonly bytes: Bytes;
  readonly payloads: readonly RawPayload[];
}

/** Bytes of a piece, about: reading them takes some milliseconds. */
const pieceSize = 128 * 1024;

const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const letterU = 0x75;
const openObject = 0x7b;
const closeObject = 0x7d;

const encoder = new TextEncoder();

/** A longer key leads to no payload, and a shorter text is not cut. */
const longestKey = 100;

/** The share of long texts that does not count among what is besides payloads. */
export const longTextSpared: number = 15 / 16;

/** A number is not cut. */
const longestNumber = 512 * 1024;

/** A list or an object that is open. */
interface Container {
  readonly isObject: boolean;
  /** The paths that lead through it. */
  readonly paths: readonly (readonly PathStep[])[];
}

/**
 * Cuts the payloads out of a body, and yields where others may have their turn.
 *
 * @param paths Where payloads may be.
 * @param pieceBytes Bytes of a piece, about.
 * @throws {DecodeError} If the body is not JSON, or has too much besides its payloads.
 */
export function* lightenJson(
  bytes: Bytes,
  paths: readonly (readonly PathStep[])[],
  pieceBytes: number = pieceSize,
): Generator<void, LightBody> {
  const open: Container[] = [];
  const spans: { readonly start: number; readonly end: number }[] = [];
  /** Where pieces begin. */
  const cuts: number[] = [];
  let cutBytes = 0;
  let containers = 0;
  /** Whether a text that comes now is a key. */
  let isKey = false;
  /** The paths that lead through the value that comes now. */
  let leading = paths;
  /** Where the payload begins that is being passed, and how many containers are open around it. */
  let start = -1;
  let depth = 0;
  /** Where the piece begins, and what it begins with. */
  let from = 0;
  let head = "";
  /** Where the piece would begin if `head` had no text of it. */
  let begun = 0;

  const endPiece = (at: number, next: number, inText: boolean) => {
    const text = decodeText(bytes.subarray(from, at));
    parseJson(head + text + toTail(open, inText, isKey));
    head = toHead(open, inText, isKey);
    cuts.push(from = begun = next);
  };
  const endPayload = (at: number) => {
    let end = at;
    while (isSpace(bytes[end - 1])) end--;
    spans.push({ start, end });
    cutBytes += end - start;
    start = -1;
  };
  const demandLittle = (at: number) => {
    if (start !== -1 || at - cutBytes <= mostAround) return;
    throw new DecodeError(
      `over ${mostAround} bytes besides payloads, at most ${mostAround} are read`,
    );
  };

  for (let at = 0; at < bytes.length; at++) {
    if (at - begun > pieceBytes + longestNumber) throw new DecodeError("a number is too long");
    switch (bytes[at]) {
      case space:
      case tab:
      case lineFeed:
      case carriageReturn: {
        // One of them is as good as many.
        const end = skipSpace(bytes, at, pieceBytes);
        if (end - at < pieceBytes / 8) break;
        head += `${decodeText(bytes.subarray(from, at))} `;
        begun += end - at;
        cuts.push(from = end);
        at = end - 1;
        demandLittle(at);
        yield;
        break;
      }
      case quote: {
        const end = endOfString(bytes, at);
        const isLong = end - at > longestKey;
        // A long text is read fast.
        if (isLong && start === -1) cutBytes += (end - at) * longTextSpared;
        demandLittle(end);
        if (isLong && end - begun >= pieceBytes && open.length > 0) {
          let place = at + 1;
          while ((place = placeInText(bytes, place, begun + pieceBytes)) < end - 1) {
            endPiece(place, place, true);
            yield;
          }
        } else if (isKey && start === -1 && open.at(-1)!.paths.length > 0) {
          const key = keyOf(bytes, at, end);
          leading = open.at(-1)!.paths.filter((path) => path[open.length - 1] === key);
          const next = skipSpace(bytes, end);
          if (bytes[next] === colon && leading.some((path) => path.length === open.length)) {
            start = skipSpace(bytes, next + 1);
            depth = open.length;
          }
        } else if (isKey) leading = [];
        at = end - 1;
        break;
      }
      case colon:
        isKey = false;
        break;
      case openList:
      case openObject: {
        const isObject = bytes[at] === openObject;
        if (++containers > maxContainers) throw tooManyContainers();
        open.push({ isObject, paths: start === -1 ? leading : [] });
        if (open.length > maxJsonDepth) {
          throw new DecodeError(`nested deeper than ${maxJsonDepth} levels`);
        }
        isKey = isObject;
        leading = isObject ? [] : itemPaths(open);
        break;
      }
      case closeList:
      case closeObject:
        if (start !== -1 && open.length === depth) endPayload(at);
        open.pop();
        isKey = false;
        leading = [];
        break;
      case comma:
        if (start !== -1 && open.length === depth) endPayload(at);
        demandLittle(at);
        isKey = open.at(-1)?.isObject === true;
        leading = isKey ? [] : itemPaths(open);
        if (at - begun < pieceBytes || open.length === 0) break;
        demandItems(bytes, at);
        endPiece(at, at + 1, false);
        yield;
    }
  }
  demandLittle(bytes.length);
  parseJson(head + decodeText(bytes.subarray(from)));
  const payloads: string[] = [];
  for (const span of spans) payloads.push(yield* textOf(bytes, span, cuts));
  return { bytes: without(bytes, spans), payloads };
}

/** The paths that lead through the items of the innermost list. */
function itemPaths(open: readonly Container[]): readonly (readonly PathStep[])[] {
  const paths = open.at(-1)?.paths ?? [];
  return paths.length === 0 ? paths : paths.filter((path) => path[open.length - 1] === everyItem);
}

/** A piece ends before a comma, and another begins behind it: neither shows whether an item stands beside it. */
function demandItems(bytes: Bytes, at: number): void {
  let before = at - 1;
  while (isSpace(bytes[before])) before--;
  const after = bytes[skipSpace(bytes, at + 1)];
  const isBlank = bytes[before] === comma || bytes[before] === openList ||
    bytes[before] === openObject;
  if (isBlank || after === comma || after === closeList || after === closeObject) {
    throw new DecodeError("a comma without an item");
  }
}

/** Where a text may be cut next: between its characters, and not between the two escapes of one. */
function placeInText(bytes: Bytes, from: number, least: number): number {
  let isHalf = false;
  let at = from;
  while (isHalf || at < least) {
    const wasHalf: boolean = isHalf;
    isHalf = false;
    if (bytes[at] !== backslash) {
      at++;
      while ((bytes[at]! & 0xc0) === 0x80) at++;
    } else if (bytes[at + 1] !== letterU) at += 2;
    else {
      // From d800 to dbff: the first half.
      isHalf = (bytes[at + 2]! | 0x20) === 0x64 &&
        /[89ab]/i.test(String.fromCharCode(bytes[at + 3]!));
      at += 6;
    }
    if (isHalf && wasHalf) throw new DecodeError("text has an escape of half a surrogate pair");
  }
  return at;
}

/** What closes all that is open. */
function toTail(open: readonly Container[], inText: boolean, isKey: boolean): string {
  let tail = "";
  for (const { isObject } of open) tail = (isObject ? "}" : "]") + tail;
  return inText ? `"${isKey ? ":0" : ""}${tail}` : tail;
}

/** What opens it again. */
function toHead(open: readonly Container[], inText: boolean, isKey: boolean): string {
  let head = "";
  for (const [index, { isObject }] of open.entries()) {
    const isInnermost = index === open.length - 1;
    const hasMember = isObject && (!isInnermost || (inText && !isKey));
    head += `${isObject ? "{" : "["}${hasMember ? '"":' : ""}`;
  }
  return inText ? `${head}"` : head;
}

function keyOf(bytes: Bytes, start: number, end: number): string | undefined {
  if (end - start > longestKey) return undefined;
  return parseJson(decodeText(bytes.subarray(start, end))) as string;
}

/** The text of a payload on one line: a line break is white space there, and would end a frame. */
function* textOf(
  bytes: Bytes,
  { start, end }: { readonly start: number; readonly end: number },
  cuts: readonly number[],
): Generator<void, string> {
  const texts: string[] = [];
  let from = start;
  const add = (to: number) => {
    texts.push(decodeText(bytes.subarray(from, to)).replace(/[\r\n]+/g, " "));
    from = to;
  };
  for (const cut of cuts) {
    if (cut <= from || cut >= end) continue;
    add(cut);
    yield;
  }
  add(end);
  return texts.join("");
}

/** The body with numbers in the places of its payloads. */
function without(
  bytes: Bytes,
  spans: readonly { readonly start: number; readonly end: number }[],
): Bytes {
  const parts: Bytes[] = [];
  let from = 0;
  for (const [index, { start, end }] of spans.entries()) {
    parts.push(bytes.subarray(from, start), encoder.encode(String(index)));
    from = end;
  }
  return concatBytes([...parts, bytes.subarray(from)]);
}
