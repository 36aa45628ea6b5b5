/**
 * The tables of growth.
 *
 * @module
 */

import { toMebibytes, toNumber, toTable } from "./markdown.ts";
import type { RuntimeName } from "./runtimes.ts";

/** What was measured while so many jobs were stored. */
export interface GrowthPoint {
  readonly runtime: RuntimeName;
  readonly stored: number;
  /** Jobs a second, in calls of 1,000, from the size before up to this one. */
  readonly fillRate: number;
  /** From the start of the broker to the first answer. */
  readonly openMs: number;
  /** Memory of the process after that, and at the end. */
  readonly openRssBytes: number;
  readonly rssBytes: number;
  readonly fileBytes: number;
  /** The cost of one job or call in µs, by what is done. */
  readonly costs: Readonly<Record<string, number>>;
}

/** The cost of each operation at each size, and what a file of that size takes. */
export function toGrowthTables(points: readonly GrowthPoint[]): string {
  return [
    "µs for one job or call, lower quartiles; in brackets the ratio to the smallest size:",
    toCostTable(points),
    "The file and the process:",
    toTable(
      [
        "Runtime",
        { number: "stored" },
        { number: "filled, jobs/s" },
        { number: "opened in, ms" },
        { number: "RSS then, MiB" },
        { number: "RSS at the end, MiB" },
        { number: "file, MiB" },
      ],
      points.map((point) => [
        point.runtime,
        point.stored.toLocaleString("en"),
        toNumber(point.fillRate),
        toNumber(point.openMs),
        toMebibytes(point.openRssBytes),
        toMebibytes(point.rssBytes),
        toMebibytes(point.fileBytes),
      ]),
    ),
  ].join("\n\n");
}

/** A line for each runtime and operation, a column for each size. */
function toCostTable(points: readonly GrowthPoint[]): string {
  const sizes = [...new Set(points.map(({ stored }) => stored))].sort((a, b) => a - b);
  const rows = [...Map.groupBy(points, ({ runtime }) => runtime)].flatMap(([runtime, found]) => {
    const at = (stored: number) => found.find((point) => point.stored === stored)?.costs;
    const first = at(sizes[0]!)!;
    return Object.keys(first).map((name) => [
      runtime,
      name,
      ...sizes.map((stored, column) => {
        const cost = at(stored)?.[name];
        if (column === 0 || cost === undefined) return toNumber(cost);
        return `${toNumber(cost)} (${(cost / first[name]!).toFixed(2)})`;
      }),
    ]);
  });
  const columns = sizes.map((stored) => ({ number: stored.toLocaleString("en") }));
  return toTable(["Runtime", "One", ...columns], rows);
}
