/**
 * JSON as the engine reads it: enough where an answer holds no payload (`json.ts` is as strict as the protocol).
 *
 * @module
 */

import type { Codec } from "./codec.ts";

/** The codec of `application/json`. */
export const plainJson: Codec = {
  format: "json",
  mediaType: "application/json",
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
};
