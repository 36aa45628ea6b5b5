/**
 * Jobs that a handler stores in its run: each once, however often the run is repeated (docs/protocol.md, section 4.9).
 *
 * @module
 */

import * as v from "valibot";
import { optional, text, u32 } from "./schema.ts";

/** Which job stores another in its run, and which of its children that is. */
export interface ChildOf {
  /** The id of the job that runs. */
  readonly id: string;
  /** What names this child among those of the job: 1 to 1000 characters. */
  readonly slot: string;
  /** Which delivery of the job runs; left out for the one that is in flight. */
  readonly delivery?: number | undefined;
  /** The token of its lease, if it has one. */
  readonly token?: string | undefined;
}

/** How many characters a slot may have, as UTF-16 counts them. */
const longestSlot = 1000;

/** Reads it. */
export const childSchema: v.GenericSchema<unknown, ChildOf> = v.pipe(
  v.object({ id: text, slot: text, delivery: optional(u32), token: optional(text) }, "an object"),
  v.transform(({ id, slot, delivery, token }): ChildOf => ({
    id,
    slot,
    delivery: delivery ?? undefined,
    token: token ?? undefined,
  })),
);

/** Says why children cannot be told apart, of the jobs of one call; undefined if they can. */
export function checkChildren(
  jobs: readonly { readonly childOf?: ChildOf | null | undefined }[],
): { readonly message: string; readonly index: number } | undefined {
  const seen = new Set<string>();
  for (const [index, { childOf }] of jobs.entries()) {
    if (childOf == null) continue;
    const { id, slot } = childOf;
    if (slot === "" || slot.length > longestSlot || slot.includes("\0")) {
      const message =
        `child_of.slot has ${slot.length} characters, expected 1 to ${longestSlot}, ` +
        "and none that is null";
      return { message, index };
    }
    const key = `${id} ${slot}`;
    if (seen.has(key)) {
      return { message: `child_of.slot ${JSON.stringify(slot)} is given twice`, index };
    }
    seen.add(key);
  }
  return undefined;
}
