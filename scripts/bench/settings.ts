/**
 * What is measured, and with how many jobs. A figure takes less than a tenth of a second and is measured many times: on a
 * machine that others use as well, many short neighbours tell more than a few long ones.
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

/** A setting that is compared with another revision. */
export type ComparedSetting = typeof settingNames[number];

/**
 * Those, and what others are held against:
 *
 * - `floor`: plain statements on SQLite, which is what the machine allows.
 * - `served-lean`: the checkout's server, called by the least code that speaks the protocol.
 */
export type SettingName = ComparedSetting | "floor" | "served-lean";

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
  bulk: 5_000,
  list: 10_000,
  single: 1_000,
  drain1: 150,
  drain25: 2_000,
  drain100: 5_000,
};

const sizes: Readonly<Record<ComparedSetting, Sizes>> = {
  "embedded": {
    bulk: 5_000,
    list: 10_000,
    single: 1_500,
    drain1: 400,
    drain25: 2_500,
    drain100: 5_000,
  },
  "served-json": served,
  "served-msgpack": served,
  "served-own": { single: 600, drain25: 2_000 },
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
  setting: ComparedSetting,
  figures: readonly FigureName[] = figureNames,
): Sizes {
  const chosen = Object.entries(sizes[setting]).filter(([name]) =>
    figures.includes(name as FigureName)
  );
  return Object.fromEntries(chosen);
}

/** The sizes of a bench that needs no list, made from one number: what is slow for a job has fewer. */
export function sizesFor(jobs: number): Sizes {
  return {
    bulk: jobs,
    single: Math.ceil(jobs / 2),
    drain1: Math.ceil(jobs / 10),
    drain25: jobs,
    drain100: jobs,
  };
}
