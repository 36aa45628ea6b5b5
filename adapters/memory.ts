/**
 * How much memory the process uses.
 *
 * @module
 */

import process from "node:process";

const bytesPerMb = 1024 * 1024;

/**
 * Makes a function for a worker's `retireWhen`: it gives a reason when the process uses more memory than it should. The
 * worker then drains and stops, so that the process ends and whoever started it starts a fresh one: `runForked`, a
 * container host, systemd.
 *
 * @param limitMb How much the process may have in memory (its resident set size), in units of 1,048,576 bytes; above 0.
 * @throws {RangeError} If the limit is not above 0.
 *
 * @example
 * ```ts
 * import { memoryAbove } from "@millrace/millrace/deno";
 *
 * const retireWhen = memoryAbove(4096);
 * console.log(retireWhen()); // undefined
 * ```
 */
export function memoryAbove(limitMb: number): () => string | undefined {
  if (!(limitMb > 0)) {
    throw new RangeError(`Cannot use 'limitMb' ${limitMb}: expected a number above 0`);
  }
  return () => {
    const usedMb = process.memoryUsage.rss() / bytesPerMb;
    if (usedMb <= limitMb) return undefined;
    return `Process uses ${Math.round(usedMb)} MB of memory, of ${limitMb} MB`;
  };
}
