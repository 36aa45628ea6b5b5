/**
 * How the wire and the store spell what makes jobs one batch (docs/protocol.md, section 4.4).
 *
 * @module
 */

import * as v from "valibot";
import type { Batch } from "./job.ts";
import { bool, text } from "./schema.ts";

/** A batch, as a new job asks for it. */
export interface BatchRequest extends Batch {
  /**
   * Whether a job that is due later takes others in until then, and is itself taken in by one that does. Only a Millrace
   * broker knows that: others keep each job that is due later for itself.
   *
   * @default {false; in a definition, and in the settings of an enqueue, true}
   */
  readonly collect?: boolean | null | undefined;
}

/** Reads the wire's spelling. */
export const batchSchema: v.GenericSchema<unknown, Batch> = v.object(
  { key: text, when: text, fold: text },
  "an object",
);

/** Reads what a request says of a batch. */
export const batchRequestSchema: v.GenericSchema<unknown, BatchRequest> = v.object(
  { key: text, when: text, fold: text, collect: v.nullish(bool) },
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
