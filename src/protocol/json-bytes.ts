/**
 * Finding the way in the bytes of JSON, valid or not.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const quote = 0x22;
const backslash = 0x5c;

/** Bytes of one string that are looked at without a turn for others. */
const turnBytes = 128 * 1024;

/**
 * The index behind the closing quote of the string that opens at `start`.
 *
 * @param most Bytes that are looked at, about.
 * @returns Undefined if it is not among these.
 * @throws {DecodeError} If the string has no end.
 */
export function endOfString(bytes: Bytes, start: number, most: number): number | undefined {
  for (let end = bytes.indexOf(quote, start + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let before = end - 1;
    while (bytes[before] === backslash) before--;
    if ((end - before) % 2 === 1) return end + 1;
    if (end - start > most) return undefined;
  }
  throw noEnd();
}

/** The same for a long string, and slower for a short one: yields where others may have their turn. */
export function* passString(bytes: Bytes, start: number): Generator<undefined, number> {
  let turn = start + turnBytes;
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === quote) return at + 1;
    if (bytes[at] === backslash) at++;
    if (at < turn) continue;
    turn = at + turnBytes;
    yield;
  }
  throw noEnd();
}

function noEnd(): DecodeError {
  return new DecodeError("a text has no end");
}

/** The index of what comes after white space, of which `most` bytes are looked at. */
export function skipSpace(bytes: Bytes, at: number, most: number = Infinity): number {
  const end = at + most;
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

/** Whether a byte is white space. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
