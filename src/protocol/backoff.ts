/**
 * How the wire, the store and a user spell a backoff.
 *
 * @module
 */

import * as v from "valibot";
import type { Backoff } from "./job.ts";
import { u32 } from "./schema.ts";
import { checkInteger, max32 } from "./integer.ts";
import { withoutMark } from "./integral-float.ts";

/** A backoff as the wire spells it. */
export interface BackoffWire {
  readonly exponent: number;
  readonly base_ms: number;
  readonly jitter_ms: number;
}

const exponent: v.GenericSchema<unknown, number> = /* @__PURE__ */ v.pipe(
  /* @__PURE__ */ v.unknown(),
  /* @__PURE__ */ v.transform(withoutMark),
  /* @__PURE__ */ v.custom<number>(
    (value) => typeof value === "number" && Number.isFinite(Math.fround(value)),
    "a number that fits a 32-bit float",
  ),
  /* @__PURE__ */ v.transform(shortestFloat32),
);

/** Reads the wire's spelling. */
export const backoffSchema: v.GenericSchema<unknown, Backoff> = /* @__PURE__ */ v.pipe(
  /* @__PURE__ */ v.object({ exponent, base_ms: u32, jitter_ms: u32 }, "an object"),
  /* @__PURE__ */ v.transform(({ exponent, base_ms, jitter_ms }): Backoff => ({
    exponent,
    baseMs: base_ms,
    jitterMs: jitter_ms,
  })),
);

/** The wire's spelling of a backoff. Throws `RangeError` for a member that cannot be sent. */
export function toBackoffWire({ exponent, baseMs, jitterMs }: Backoff): BackoffWire {
  if (!Number.isFinite(exponent)) {
    throw new RangeError(`Cannot send 'backoff.exponent' ${exponent}: expected a finite number`);
  }
  return {
    exponent,
    base_ms: checkInteger("backoff.baseMs", baseMs, max32),
    jitter_ms: checkInteger("backoff.jitterMs", jitterMs, max32),
  };
}

/** The JSON text that a record holds, which is the wire's. */
export function toBackoffText(backoff: Backoff): string {
  return JSON.stringify(toBackoffWire(backoff));
}

/** The backoff in a record's JSON text. */
export function fromBackoffText(text: string): Backoff {
  const { exponent, base_ms, jitter_ms } = JSON.parse(text) as BackoffWire;
  return { exponent, baseMs: base_ms, jitterMs: jitter_ms };
}

/**
 * The shortest decimal that is the same 32-bit float: a peer's float32 1.1 is shown as 1.1 again, not as
 * 1.100000023841858.
 */
function shortestFloat32(value: number): number {
  const float = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number(float.toPrecision(9));
}
