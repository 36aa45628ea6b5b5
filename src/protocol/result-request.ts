/**
 * What runs came to, as the broker reads it from reports of successes (docs/protocol.md, section 14.5).
 *
 * @module
 */

import { MessageError } from "./schema.ts";

/** Bytes of one result at most, as JSON: what many jobs share goes elsewhere, and the result says where. */
const mostResultBytes = 64 * 1024;

const encoder = new TextEncoder();

/**
 * The JSON text of a result.
 *
 * @param path Where it stands in its message.
 * @throws {MessageError} If it is too long, or no JSON.
 */
export function toResultText(value: unknown, path: string): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new MessageError(`${path}: expected JSON`);
  const bytes = text.length > mostResultBytes ? text.length : encoder.encode(text).length;
  if (bytes <= mostResultBytes) return text;
  throw new MessageError(`${path}: has ${bytes} bytes, at most ${mostResultBytes} are accepted`);
}

/**
 * The results in a decoded body of `POST /jobs/success`; undefined if it has none.
 *
 * @throws {MessageError} If they are none.
 */
export function readResults(body: unknown): ReadonlyMap<string, string> | undefined {
  const { results } = body as { readonly results?: unknown };
  if (results === undefined || results === null) return undefined;
  if (typeof results !== "object" || Array.isArray(results)) {
    throw new MessageError("results: expected an object with results by their ids");
  }
  const texts = new Map<string, string>();
  for (const [id, value] of Object.entries(results)) {
    texts.set(id, toResultText(value, `results.${id.slice(0, 100)}`));
  }
  return texts;
}
