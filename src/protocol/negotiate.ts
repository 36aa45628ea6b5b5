/**
 * Which format a peer speaks and wants. In `Accept` a part of the header is enough, as the protocol has it: q-values and
 * order mean nothing.
 *
 * @module
 */

import type { Format } from "./codec.ts";
import { type StreamFormat, streamMediaTypes } from "./stream-format.ts";

/** What a 406 and a 415 say is possible. */
export const supportedMediaTypes: readonly string[] = ["application/json", "application/msgpack"];

/** What the 406 of a take says is possible. */
export const supportedStreamTypes: readonly string[] = /* @__PURE__ */ (
  ["sse", "ndjson", "msgpack-stream"] as const
).map((format) => streamMediaTypes[format]);

/** A header value with other bytes is read as an empty one. */
const visibleAscii = /^[\t\x20-\x7e]*$/;

/** The format to answer in, by the `Accept` header; undefined is a 406. */
export function responseFormat(accept: string | null): Format | undefined {
  if (accept === null) return "json";
  if (!visibleAscii.test(accept)) return undefined;
  if (accept.includes("application/msgpack")) return "msgpack";
  return accept.includes("application/json") || accept.includes("*/*") ? "json" : undefined;
}

/**
 * The format of a body, by its `Content-Type` header; undefined is a 415.
 *
 * Parameters mean nothing. The type itself has to be exact, as a web page may send some others without asking.
 */
export function bodyFormat(contentType: string | null): Format | undefined {
  if (contentType === null || contentType === "application/json") return "json";
  const end = contentType.indexOf(";");
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === "application/msgpack") return "msgpack";
  return type === "application/json" && visibleAscii.test(contentType) ? "json" : undefined;
}

/** The format of a take stream, by the `Accept` header; undefined is a 406. */
export function streamFormat(accept: string | null): StreamFormat | undefined {
  if (accept === null) return "ndjson";
  if (!visibleAscii.test(accept)) return undefined;
  const offers = (mediaType: string) => accept.includes(mediaType);
  if (offers(streamMediaTypes["sse"])) return "sse";
  if (offers(streamMediaTypes["msgpack-stream"]) || offers("application/msgpack")) {
    return "msgpack-stream";
  }
  const ndjson = [streamMediaTypes["ndjson"], "application/json", "*/*"];
  return ndjson.some(offers) ? "ndjson" : undefined;
}
