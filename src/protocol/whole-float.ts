/**
 * Whole numbers that were sent as floats (`1.0`, `1e3`). The protocol refuses them where it wants an integer
 * (docs/protocol.md, section 2.3), which a number in JavaScript no longer tells: what reads request bodies puts a
 * bigint in their place, which nothing else is and no message takes, and so the message decides, by field.
 *
 * @module
 */

/** Beyond this no field takes an integer anyhow. */
const maxInteger = 2 ** 64;

/** What stands for a number that was sent as a float. */
export function toMark(float: number): number | bigint {
  return Number.isInteger(float) && Math.abs(float) <= maxInteger ? BigInt(float) : float;
}

/** The same value, unless it is a mark: then its number. For a field that wants a number of any kind. */
export function withoutMark(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
