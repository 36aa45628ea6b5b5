/**
 * Integers that were sent as floats (`1.0`, `1e3`). The protocol refuses them where it wants an integer
 * (docs/protocol.md, section 1.5), but a JavaScript number does not tell how it was sent. So whoever reads request
 * bodies puts a bigint in their place, as a mark. Nothing else is a bigint, and each field decides whether it takes
 * one.
 *
 * @module
 */

/** 2^64, one more than any field takes; as a number it is the nearest to 2^64 − 1 as well. */
export const beyondU64: number = 2 ** 64;
/** The number before it, which stands for integers of up to 2^64 − 1 that would be rounded up to 2^64. */
export const lastBelowBeyond: number = beyondU64 - 2048;

/** What stands for a number that was sent as a float. */
export function toMark(float: number): number | bigint {
  return Number.isInteger(float) && Math.abs(float) <= beyondU64 ? BigInt(float) : float;
}

/** The same value, unless it is a mark: then its number. For a field that wants a number of any kind. */
export function withoutMark(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
