/**
 * JSON as a client reads it: what a server answers was looked at when it came in, so numbers and characters are not looked at
 * again (`json.ts` does).
 *
 * @module
 */

import type { Codec } from "./codec.ts";
import { decodeText, parseJsonAgain } from "./json.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** The codec of `application/json`. */
export const clientJson: Codec = {
  format: "json",
  mediaType: "application/json",
  encode: (value) => encoder.encode(JSON.stringify(value)),
  decode: (bytes) => parseJsonAgain(decodeText(bytes)),
};
