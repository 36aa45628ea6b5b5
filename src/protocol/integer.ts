/**
 * The guard on numbers that a user hands in: JSON would turn a NaN into null, which means "not given".
 *
 * @module
 */

/** The highest integer in 16 bits. */
export const max16 = 65_535;
/** The highest integer in 32 bits. */
export const max32 = 4_294_967_295;
/** The highest integer that a number holds exactly: what instants and durations go up to. */
export const maxExact: number = Number.MAX_SAFE_INTEGER;

/**
 * Gives back a value that may be sent: an integer from 0 to `max`, null or undefined.
 *
 * @param label What the message calls it.
 * @throws {RangeError} If it is anything else.
 */
export function checkInteger<Value extends number | null | undefined>(
  label: string,
  value: Value,
  max: number,
): Value {
  if (value === undefined || value === null) return value;
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`Cannot send '${label}' ${value}: expected an integer from 0 to ${max}`);
}

/**
 * Gives back how long a lease is to last, in ms: an integer from 1, or undefined.
 *
 * @throws {RangeError} If it is anything else.
 */
export function checkLeaseSpan<Span extends number | undefined>(leaseMs: Span): Span {
  if (leaseMs === 0) {
    throw new RangeError(`Cannot send 'leaseMs' 0: expected an integer from 1 to ${max32}`);
  }
  return checkInteger("leaseMs", leaseMs, max32);
}

/** The last instant that a `Date` can show, in ms since the epoch. */
export const lastDate = 8.64e15;

/**
 * The instant that lies so far ahead of another, but at most the last one of a `Date`; undefined without a delay.
 *
 * @param now In ms since the epoch.
 */
export function toInstant(now: number, delayMs: number | null | undefined): number | undefined {
  if (delayMs === undefined || delayMs === null) return undefined;
  return Math.min(Math.max(0, Math.round(now)) + delayMs, lastDate);
}
