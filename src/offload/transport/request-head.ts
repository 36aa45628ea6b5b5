/**
 * A request in bytes.
 *
 * @module
 */

import { CallError } from "../exchange/call-error.ts";

/** A request as it is written. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

/** Methods whose requests have a body, if an empty one. */
const withBody: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Writes a request.
 *
 * @param request The request.
 * @param via That it goes to a proxy, which sends it on: its target is then the whole address.
 * @throws {CallError} If the method is none.
 */
export function writeRequest(
  { method, url, headers, body }: WireRequest,
  via: { readonly authorization: string | undefined } | undefined,
): Uint8Array[] {
  if (!token.test(method)) {
    throw new CallError("config", `Method '${method}' is none`, { code: "method_invalid" });
  }
  const path = url.pathname + url.search;
  const lines = [`${method} ${via === undefined ? path : url.origin + path} HTTP/1.1`];
  if (!headers.has("host")) lines.push(`host: ${url.host}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (!headers.has("accept-encoding")) lines.push("accept-encoding: gzip");
  if (via?.authorization !== undefined) lines.push(`proxy-authorization: ${via.authorization}`);
  const length = body?.length ?? 0;
  if (length > 0 || withBody.has(method)) lines.push(`content-length: ${length}`);
  const head = toBytes(`${lines.join("\r\n")}\r\n\r\n`);
  return body === undefined || length === 0 ? [head] : [head, body];
}

/** `Headers` let no other characters through than those of one byte, and no ends of lines. */
function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
