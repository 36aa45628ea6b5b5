/**
 * Holding a budget: no token of it is given for a time (docs/protocol.md, section 8.9).
 *
 * @module
 */

import * as v from "valibot";
import { type Budget, readBudget } from "./budget-read.ts";
import { checkInteger, max32 } from "./integer.ts";
import { optional, readAs, u64 } from "./schema.ts";

/** A budget, and until when it is held. */
export interface HeldBudget extends Budget {
  /** Until when none of its tokens is given, in ms since the epoch; undefined if it is not held. */
  readonly heldUntil?: number | undefined;
}

/** Writes the body of `POST /budgets/{key}/hold`. Throws `RangeError` if the time cannot be sent. */
export function toHoldWire(forMs: number): object {
  return { for_ms: checkInteger("duration", forMs, max32) };
}

const heldSchema: v.GenericSchema<unknown, { readonly held_until?: number | null | undefined }> = v
  .object({ held_until: optional(u64) }, "an object");

/** Reads the answer. */
export function readHeldBudget(value: unknown): HeldBudget {
  return { ...readBudget(value), heldUntil: readAs(heldSchema, value).held_until ?? undefined };
}
