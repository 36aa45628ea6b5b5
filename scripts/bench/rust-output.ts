/**
 * What the Rust client's program prints.
 *
 * @module
 */

/** The workloads of the program, in its order. */
export const rustFigures = ["enqueue in bulk", "list", "drain"] as const;

/** Jobs a second. */
export type RustRates = Readonly<Record<typeof rustFigures[number], number>>;

/**
 * Finds the rates, which it prints as `(N jobs/sec)`, one for each workload.
 *
 * @throws {Error} If there is another number of them.
 */
export function readRates(output: string): RustRates {
  const rates = [...output.matchAll(/\((\d+) jobs\/sec\)/g)].map(([, rate]) => Number(rate));
  const [bulk, list, drain] = rates;
  if (rates.length !== 3) {
    throw new Error(`${rates.length} rates were printed, expected 3: ${output}`);
  }
  return { "enqueue in bulk": bulk!, list: list!, drain: drain! };
}
