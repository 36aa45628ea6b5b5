/**
 * Finding the way in the bytes of JSON, valid or not.
 *
 * @module
 */

import { DecodeError } from "./codec.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const quote = 0x22;
const backslash = 0x5c;

/** The index behind the closing quote of the string that opens at `start`. */
export function endOfString(bytes: Bytes, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let before = end - 1;
    while (bytes[before] === backslash) before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
  throw new DecodeError("a text has no end");
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
