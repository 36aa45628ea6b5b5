/**
 * The seam between messages and bytes: one codec for each format that the protocol speaks.
 *
 * @module
 */

import { maxContainers } from "./limits.ts";

/** A format of request and response bodies. */
export type Format = "json" | "msgpack";

/** Turns values into bytes and back. */
export interface Codec {
  /** The format it writes. */
  readonly format: Format;
  /** What `Content-Type` and `Accept` call it. */
  readonly mediaType: string;
  /** Writes a value; members that are undefined are left out. */
  encode(value: unknown): Uint8Array<ArrayBuffer>;
  /** Reads a value. Throws {@linkcode DecodeError} for bytes that are not of the format. */
  decode(bytes: Uint8Array<ArrayBuffer>): unknown;
}

/** Bytes that are not of the format they should be; the message says where and why. */
export class DecodeError extends Error {
  /** The literal name of this class. */
  override readonly name = "DecodeError";
}

/** The error for a body with more than {@linkcode maxContainers}. */
export function tooManyContainers(): DecodeError {
  return new DecodeError(`more than ${maxContainers} lists and objects`);
}

/** How error messages name a format. */
export function formatLabel(format: Format): string {
  return format === "json" ? "JSON" : "MessagePack";
}
