/**
 * The head of an answer: read strictly, as what is lenient here is how answers get mixed up.
 *
 * @module
 */

import { CallError } from "../exchange/call-error.ts";
import type { ByteReader } from "./byte-reader.ts";

/** The head of an answer. */
export interface ResponseHead {
  readonly status: number;
  /** Whether the other side speaks HTTP/1.0. */
  readonly isOld: boolean;
  readonly headers: Headers;
}

/** All of a head together, and all of the trailers. */
const maxHeadBytes = 65_536;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// deno-lint-ignore no-control-regex -- a tab is the only one allowed
const control = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Reads the head of an answer.
 *
 * @param reader Where it comes from.
 * @throws {CallError} If it is malformed, too large, or not there.
 */
export async function readHead(reader: ByteReader): Promise<ResponseHead> {
  let left = maxHeadBytes;
  const first = await reader.line(left);
  left -= first.length;
  const [, minor, status] = statusLine.exec(first) ?? [];
  if (status === undefined) throw malformed("does not begin with a status", "status_line");
  const headers = new Headers();
  for (;;) {
    const line = await reader.line(left);
    if (line === "") return { status: Number(status), isOld: minor === "0", headers };
    // The end of the line counts too: empty headers are no way around the limit.
    left = Math.max(0, left - line.length - 2);
    addHeader(headers, line);
  }
}

function addHeader(headers: Headers, line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1);
  // A line that begins with a space goes on with the one before: nobody agrees on what that means.
  if (colon < 1 || !token.test(name) || control.test(value)) {
    throw malformed("has a line that is no header", "header_line");
  }
  headers.append(name, value.trim());
}

/**
 * Reads what follows the last piece of a body. Nobody wants it: a header that comes after the body must not count.
 *
 * @param reader Where it comes from.
 * @throws {CallError} If it is too large, or cut off.
 */
export async function skipTrailers(reader: ByteReader): Promise<void> {
  for (let left = maxHeadBytes; await reader.line(left) !== "";) left = Math.max(0, left - 256);
}

/** An answer that is no HTTP. */
export function malformed(what: string, code: string): CallError {
  return new CallError("protocol", `The answer ${what}`, { code });
}
