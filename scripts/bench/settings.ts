/**
 * What is measured, and with how many jobs: a figure takes a tenth of a second or two, and is measured several times.
 *
 * @module
 */

/**
 * - `embedded`: broker, client and worker of the checkout in one process, on an SQLite file.
 * - `served-json`, `served-msgpack`: the checkout's server in a process of its own, called by the load generator of
 *   this folder, so that only the server differs between two checkouts.
 * - `served-own`: the checkout's server, called by the checkout's own client and worker.
 */
export const settingNames = ["embedded", "served-json", "served-msgpack", "served-own"] as const;

export type SettingName = typeof settingNames[number];

/** How many jobs each figure has; one that has none is not measured. */
export interface Sizes {
  /** Enqueued in calls of 1,000. */
  readonly bulk?: number;
  /** Listed in pages of 1,000. */
  readonly list?: number;
  /** Enqueued one by one. */
  readonly single?: number;
  readonly drain1?: number;
  readonly drain25?: number;
  readonly drain100?: number;
}

const served: Sizes = {
  bulk: 10_000,
  list: 20_000,
  single: 2_000,
  drain1: 300,
  drain25: 4_000,
  drain100: 5_000,
};

const sizes: Readonly<Record<SettingName, Sizes>> = {
  "embedded": {
    bulk: 10_000,
    list: 15_000,
    single: 3_000,
    drain1: 800,
    drain25: 5_000,
    drain100: 6_000,
  },
  "served-json": served,
  "served-msgpack": served,
  "served-own": { single: 1_200, drain25: 4_000 },
};

/** The figures, by the names that they are chosen by. */
export const figureNames = ["bulk", "list", "single", "drain1", "drain25", "drain100"] as const;

export type FigureName = typeof figureNames[number];

/**
 * The sizes of a setting.
 *
 * @param figures Which are measured.
 * @default {figureNames}
 */
export function sizesOf(
  setting: SettingName,
  figures: readonly FigureName[] = figureNames,
): Sizes {
  const chosen = Object.entries(sizes[setting]).filter(([name]) =>
    figures.includes(name as FigureName)
  );
  return Object.fromEntries(chosen);
}
