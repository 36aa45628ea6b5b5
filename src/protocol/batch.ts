/**
 * How the wire and the store spell what makes jobs one batch (docs/protocol.md, section 4.4).
 *
 * @module
 */

import * as v from "valibot";
import type { Batch } from "./job.ts";
import { text } from "./schema.ts";

/** Reads the wire's spelling. */
export const batchSchema: v.GenericSchema<unknown, Batch> = v.object(
  { key: text, when: text, fold: text },
  "an object",
);

/** The JSON text that a record holds, which is the wire's. */
export function toBatchText({ key, when, fold }: Batch): string {
  return JSON.stringify({ key, when, fold });
}

/** The batch in a record's JSON text. */
export function fromBatchText(text: string): Batch {
  return JSON.parse(text);
}
