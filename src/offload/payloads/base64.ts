/**
 * Bytes as text, for jobs that are written as JSON.
 *
 * @module
 */

import { PayloadError } from "../../errors.ts";

/** Bytes that are one argument each: engines take some tens of thousands. */
const piece = 8192;

/** Writes bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += piece) {
    binary += String.fromCharCode(...bytes.subarray(at, at + piece));
  }
  return btoa(binary);
}

/**
 * Reads base64.
 *
 * @throws {PayloadError} If it is none.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(text);
  } catch (cause) {
    throw new PayloadError("Cannot read a payload: expected base64", { cause });
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
