/**
 * How the wire, the store and a user spell a retention.
 *
 * @module
 */

import * as v from "valibot";
import { type Duration, spanMs } from "../async/duration.ts";
import type { Retention } from "./job.ts";
import { optional, u64 } from "./schema.ts";
import { checkInteger, maxExact } from "./integer.ts";

/** How long a finished job is kept, as a person writes it. Where a member is left out, the broker's default holds. */
export interface RetentionSettings extends Retention {
  /** How long it is kept after success, in ms or as text (`"1h"`); 0 deletes it at once. Instead of `completedMs`. */
  readonly completed?: Duration | undefined;
  /** How long it is kept after death, in ms or as text (`"30d"`); 0 deletes it at once. Instead of `deadMs`. */
  readonly dead?: Duration | undefined;
}

/** What to change of a job's retention. What is left out stays; null goes back to the broker's default. */
export interface RetentionPatch {
  /** How long it is kept after success, in ms. */
  readonly completedMs?: number | null | undefined;
  /** How long it is kept after death, in ms. */
  readonly deadMs?: number | null | undefined;
  /** How long it is kept after success, in ms or as text. Instead of `completedMs`. */
  readonly completed?: Duration | undefined;
  /** How long it is kept after death, in ms or as text. Instead of `deadMs`. */
  readonly dead?: Duration | undefined;
}

/** A retention as the wire spells it. */
export interface RetentionWire {
  readonly completed_ms?: number | null | undefined;
  readonly dead_ms?: number | null | undefined;
}

/** Reads the wire's spelling in an answer; null members are absent. */
export const retentionSchema: v.GenericSchema<unknown, Retention> = /* @__PURE__ */ retentionOf(
  u64,
);

/**
 * Creates the schema of the wire's spelling; null members are absent.
 *
 * @param ms Reads a duration.
 */
// @__NO_SIDE_EFFECTS__
export function retentionOf(
  ms: v.GenericSchema<unknown, number>,
): v.GenericSchema<unknown, Retention> {
  return v.pipe(
    v.object({ completed_ms: optional(ms), dead_ms: optional(ms) }, "an object"),
    v.transform(({ completed_ms, dead_ms }): Retention => ({
      ...(typeof completed_ms === "number" && { completedMs: completed_ms }),
      ...(typeof dead_ms === "number" && { deadMs: dead_ms }),
    })),
  );
}

/**
 * The wire's spelling of a retention, or of a patch of one.
 *
 * @throws {TypeError} If a duration is none, or is given twice.
 * @throws {RangeError} If a member cannot be sent.
 */
export function toRetentionWire(
  { completed, completedMs, dead, deadMs }: RetentionPatch,
): RetentionWire {
  const kept = spanMs("retention.completed", completed, completedMs);
  return {
    completed_ms: checkInteger("retention.completedMs", kept, maxExact),
    dead_ms: checkInteger("retention.deadMs", spanMs("retention.dead", dead, deadMs), maxExact),
  };
}

/** The JSON text that a record holds, which is the wire's. */
export function toRetentionText(retention: Retention): string {
  return JSON.stringify(toRetentionWire(retention));
}

/** The retention in a record's JSON text. */
export function fromRetentionText(text: string): Retention {
  const { completed_ms, dead_ms } = JSON.parse(text) as RetentionWire;
  return {
    ...(typeof completed_ms === "number" && { completedMs: completed_ms }),
    ...(typeof dead_ms === "number" && { deadMs: dead_ms }),
  };
}
