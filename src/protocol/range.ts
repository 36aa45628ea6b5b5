/**
 * Inclusive ranges of integers in a query string: `5`, `1..5`, `..5`, `1..`.
 *
 * @module
 */

/** A range that includes its bounds. A bound that is left out is none. */
export interface Range {
  /** The lowest value that matches. */
  readonly min?: number | undefined;
  /** The highest value that matches. */
  readonly max?: number | undefined;
}

/** The highest value of each field that ranges filter by. */
export const rangeLimits = {
  priority: 65_535n,
  readyAt: 18_446_744_073_709_551_615n,
  attempts: 4_294_967_295n,
} as const;

/**
 * Reads a range of integers up to `limit`; undefined when it is none. A bound that excludes nothing is left out,
 * and an integer above 2^53 − 1 is read as that.
 */
export function parseRange(text: string, limit: bigint): Range | undefined {
  const dots = text.indexOf("..");
  const low = dots < 0 ? text : text.slice(0, dots);
  const high = dots < 0 ? text : text.slice(dots + 2);
  const min = low === "" ? 0n : parseInteger(low, limit);
  const max = high === "" ? limit : parseInteger(high, limit);
  if (min === undefined || max === undefined || min > max) return undefined;
  const one = min === max;
  return {
    ...((one || min > 0n) && { min: toNumber(min) }),
    ...((one || max < limit) && { max: toNumber(max) }),
  };
}

/** Reads a plain integer from 0 to `limit`; undefined when it is none. */
export function parseInteger(text: string, limit: bigint): bigint | undefined {
  const digits = /^\+?0*([0-9]{1,20})$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const value = BigInt(digits);
  return value <= limit ? value : undefined;
}

/** A number for the same integer, or the last exact one. */
export function toNumber(value: bigint): number {
  return Number(value < Number.MAX_SAFE_INTEGER ? value : Number.MAX_SAFE_INTEGER);
}

/** Writes a range as links show it; `limit` is what `..` ends at. */
export function showRange({ min, max }: Range, limit: bigint): string {
  if (min !== undefined && min === max) return `${min}`;
  return min === undefined ? `..${max ?? limit}` : `${min}..${max ?? ""}`;
}
