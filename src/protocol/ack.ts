/**
 * The messages of `POST /jobs/success`.
 *
 * @module
 */

import * as v from "valibot";
import { readAs, text } from "./schema.ts";

/** Says why ids cannot be acknowledged, in the words of the protocol. */
export function checkIds(ids: readonly string[]): string | undefined {
  return ids.length === 0 ? "ids must not be empty" : undefined;
}

/** The answer when some ids were not in flight; the others are done. */
export interface NotFoundWire {
  readonly not_found: readonly string[];
}

/** Writes the answer of a partial success. */
export function toNotFoundWire(ids: readonly string[]): NotFoundWire {
  return { not_found: ids };
}

/** Reads the answer of a partial success. */
export function readNotFound(value: unknown): string[] {
  return readAs(notFoundSchema, value).not_found;
}

const notFoundSchema: v.GenericSchema<unknown, { readonly not_found: string[] }> = v.object(
  { not_found: v.array(text, "a list") },
  "an object",
);
