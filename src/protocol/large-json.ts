/**
 * Large bodies in JSON, whose payloads are cut out before the rest is read.
 *
 * To parse 64 MiB takes seconds, and many times the memory, and all that is wanted of a payload is that it is JSON. So the text
 * is read in pieces, with turns for others between them: each is made a text of its own by the brackets that were open where it
 * begins, and by those that are open where it ends. Then it is as strict as `parseJson` is, whatever the text is; and of a member
 * that is given twice the first has to be as good as the last, which alone counts when the text is read at once.
 *
 * @module
 */

import { DecodeError, tooManyContainers } from "./codec.ts";
import { concatBytes } from "./concat-bytes.ts";
import { decodeText, parseJson } from "./json.ts";
import { endOfString, isSpace, passString, skipSpace } from "./json-bytes.ts";
import { maxContainers, maxJsonDepth, mostAround, sparedBytes } from "./limits.ts";
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

/** Characters of a number: it is not cut. */
const longestNumber = 512 * 1024;

/** What ends a number, `true`, `false` or `null`. */
const ends = new Set([space, tab, lineFeed, carriageReturn, quote, comma, colon]);
for (const bracket of [openList, closeList, openObject, closeObject]) ends.add(bracket);

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
): Generator<undefined, LightBody> {
  const open: Container[] = [];
  const pieces = new Pieces(bytes, open);
  const payloads = new Payloads();
  let containers = 0;
  /** Whether a text that comes now is a key. */
  let isKey = false;
  /** The paths that lead through the value that comes now. */
  let leading = paths;
  /** Whether a key was the last step to a payload. */
  let isPayloadKey = false;
  /** The last byte that is no white space, and the index behind it. */
  let last: number | undefined;
  let lastEnd = 0;

  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (isSpace(byte)) {
      // One of them is as good as many.
      const end = skipSpace(bytes, at, pieceBytes);
      if (end - at >= pieceBytes / 8) {
        pieces.leaveOut(at, end);
        payloads.demandLittle(end);
        yield;
      }
      at = end - 1;
      continue;
    }
    if (byte !== colon && isPayloadKey) {
      isPayloadKey = false;
      if (last === colon) payloads.begin(at, open.length);
    }
    const isItem = byte !== comma && byte !== closeList && byte !== closeObject;
    if (pieces.isBehindComma && !isItem) throw withoutItem();
    pieces.isBehindComma = false;
    switch (byte) {
      case quote: {
        const end = endOfString(bytes, at, pieceBytes) ?? (yield* passString(bytes, at));
        payloads.spare(sparedBytes(end - at));
        payloads.demandLittle(end);
        const isLong = end - at > longestKey;
        if (isLong && end - pieces.begun >= pieceBytes) {
          let place = at + 1;
          while ((place = placeInText(bytes, place, pieces.begun + pieceBytes)) < end - 1) {
            pieces.end(place, place, { inText: true, isKey });
            yield;
          }
        } else if (isKey && !isLong && !payloads.isInside && open.at(-1)!.paths.length > 0) {
          const key = parseJson(decodeText(bytes.subarray(at, end)));
          leading = open.at(-1)!.paths.filter((path) => path[open.length - 1] === key);
          isPayloadKey = leading.some((path) => path.length === open.length);
        }
        at = end - 1;
        break;
      }
      case colon:
        isKey = false;
        break;
      case openList:
      case openObject: {
        const isObject = byte === openObject;
        if (++containers > maxContainers) throw tooManyContainers();
        open.push({ isObject, paths: payloads.isInside ? [] : leading });
        if (open.length > maxJsonDepth) {
          throw new DecodeError(`nested deeper than ${maxJsonDepth} levels`);
        }
        isKey = isObject;
        leading = isObject ? [] : itemPaths(open);
        break;
      }
      case closeList:
      case closeObject:
        payloads.endAt(lastEnd, open.length);
        open.pop();
        isKey = false;
        leading = [];
        break;
      case comma:
        payloads.endAt(lastEnd, open.length);
        payloads.demandLittle(at);
        isKey = open.at(-1)?.isObject === true;
        leading = isKey ? [] : itemPaths(open);
        if (at - pieces.begun < pieceBytes) break;
        if (last === comma || last === openList || last === openObject) throw withoutItem();
        pieces.end(at, at + 1, { inText: false, isKey });
        pieces.isBehindComma = true;
        yield;
        break;
      default:
        at = endOfNumber(bytes, at) - 1;
    }
    last = byte;
    lastEnd = at + 1;
  }
  payloads.demandLittle(bytes.length);
  pieces.finish();
  const cut: string[] = [];
  for (const span of payloads.spans) cut.push(yield* textOf(bytes, span, pieces.cuts));
  return { bytes: without(bytes, payloads.spans), payloads: cut };
}

/** The pieces that a body is read in, one after the other. */
class Pieces {
  /** Where they begin. */
  readonly cuts: number[] = [];
  /** Where the one that is under way would begin if nothing of it was left out. */
  begun = 0;
  /** Whether it begins behind a comma, and an item has to come. */
  isBehindComma = false;
  readonly #bytes: Bytes;
  readonly #open: readonly Container[];
  #start = 0;
  /** What it is read with in front, and from where on. */
  #head = "";
  #from = 0;

  /** @param open The lists and objects that are open, now and later. */
  constructor(bytes: Bytes, open: readonly Container[]) {
    this.#bytes = bytes;
    this.#open = open;
  }

  /** Leaves out white space. */
  leaveOut(start: number, end: number): void {
    this.#head += `${this.#textTo(start)} `;
    this.begun += end - start;
    this.#goOn(end);
  }

  /** Reads the piece that ends at `at`, and begins the next one at `next`. */
  end(at: number, next: number, place: TextPlace): void {
    this.#read(this.#head + this.#textTo(at) + toTail(this.#open, place), at);
    this.#head = toHead(this.#open, place);
    this.begun = this.#start = next;
    this.#goOn(next);
  }

  /** Reads the last piece. */
  finish(): void {
    const { length } = this.#bytes;
    this.#read(this.#head + this.#textTo(length), length);
  }

  #textTo(at: number): string {
    return decodeText(this.#bytes.subarray(this.#from, at));
  }

  #goOn(from: number): void {
    this.cuts.push(this.#from = from);
  }

  #read(text: string, end: number): void {
    try {
      parseJson(text);
    } catch (error) {
      if (this.cuts.length === 0) throw error;
      // What engines say of the place is true of the piece alone.
      const what = (error as Error).message.replace(/(?: in JSON)? at position .*$/s, "");
      throw new DecodeError(`${what}, in the bytes from ${this.#start} to ${end}`);
    }
  }
}

/** The payloads of a body, and how much there is besides. */
class Payloads {
  readonly spans: Span[] = [];
  /** Bytes that do not count. */
  #spared = 0;
  /** Where the one begins that is being passed, and how many containers are open around it. */
  #start = -1;
  #depth = 0;

  /** Whether one is being passed. */
  get isInside(): boolean {
    return this.#start !== -1;
  }

  begin(at: number, depth: number): void {
    this.#start = at;
    this.#depth = depth;
  }

  /** Ends the one that is being passed, if nothing is open in it. */
  endAt(at: number, depth: number): void {
    if (!this.isInside || depth !== this.#depth) return;
    this.spans.push({ start: this.#start, end: at });
    this.#spared += at - this.#start;
    this.#start = -1;
  }

  /** These bytes do not count, unless they are those of a payload. */
  spare(bytes: number): void {
    if (!this.isInside) this.#spared += bytes;
  }

  /** Refuses a body that has too much besides. */
  demandLittle(at: number): void {
    if (!this.isInside && at - this.#spared > mostAround) throw tooMuchAround();
  }
}

/** The error that a body has too much besides its payloads. */
export function tooMuchAround(): DecodeError {
  return new DecodeError(
    `over ${mostAround} bytes besides payloads and long texts, at most ${mostAround} are read`,
  );
}

/** A part of a body. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The paths that lead through the items of the innermost list. */
function itemPaths(open: readonly Container[]): readonly (readonly PathStep[])[] {
  const paths = open.at(-1)?.paths ?? [];
  return paths.length === 0 ? paths : paths.filter((path) => path[open.length - 1] === everyItem);
}

/** A piece ends before a comma, and another begins behind it: neither shows whether an item stands beside it. */
function withoutItem(): DecodeError {
  return new DecodeError("a comma without an item");
}

/** The index behind a number, `true`, `false` or `null`. */
function endOfNumber(bytes: Bytes, start: number): number {
  let end = start + 1;
  while (end < bytes.length && !ends.has(bytes[end]!)) {
    if (++end - start > longestNumber) {
      throw new DecodeError(
        `a number has over ${longestNumber} characters, at most ${longestNumber} are read`,
      );
    }
  }
  return end;
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

/** Where a piece ends, and the next one begins. */
interface TextPlace {
  /** Whether that is in a text. */
  readonly inText: boolean;
  /** Whether that text is a key. */
  readonly isKey: boolean;
}

/** What closes all that is open. */
function toTail(open: readonly Container[], { inText, isKey }: TextPlace): string {
  let tail = "";
  for (const { isObject } of open) tail = (isObject ? "}" : "]") + tail;
  return inText ? `"${isKey ? ":0" : ""}${tail}` : tail;
}

/** What opens it again. */
function toHead(open: readonly Container[], { inText, isKey }: TextPlace): string {
  let head = "";
  for (const [index, { isObject }] of open.entries()) {
    const isInnermost = index === open.length - 1;
    const hasMember = isObject && (!isInnermost || (inText && !isKey));
    head += `${isObject ? "{" : "["}${hasMember ? '"":' : ""}`;
  }
  return inText ? `${head}"` : head;
}

/** The text of a payload on one line: a line break is white space there, and would end a frame. */
function* textOf(
  bytes: Bytes,
  { start, end }: Span,
  cuts: readonly number[],
): Generator<undefined, string> {
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
function without(bytes: Bytes, spans: readonly Span[]): Bytes {
  const parts: Bytes[] = [];
  let from = 0;
  for (const [index, { start, end }] of spans.entries()) {
    parts.push(bytes.subarray(from, start), encoder.encode(String(index)));
    from = end;
  }
  return concatBytes([...parts, bytes.subarray(from)]);
}
