/**
 * Batches of lists: jobs that wait become one job whose list has the items of all.
 *
 * @module
 */

import { describePath, type PayloadPath, toJqPath, toKeys } from "../jq/payload-path.ts";
import { checkOptions } from "../options.ts";
import { toUniqueKey } from "./unique-key.ts";

/** Which list of a payload is gathered, and how. */
export interface BatchByOptions {
  /** Where the list is in a payload; `""` if the payload is the list. */
  readonly path: PayloadPath;
  /**
   * How many items the list has at most: with an enqueue that would make it longer, a new batch begins. They are counted
   * before repeated ones are dropped. A list that is longer by itself is a job of its own.
   *
   * @default {no limit}
   */
  readonly limit?: number | undefined;
  /**
   * Whether each item is kept once. The items are sorted then, as jq does it.
   *
   * @default {false}
   */
  readonly dedup?: boolean | undefined;
  /**
   * Whether the items are sorted, as jq does it: numbers before texts, texts by their code points. Otherwise new ones are appended.
   *
   * @default {false}
   */
  readonly sorted?: boolean | undefined;
  /**
   * The places of a payload whose values have to be the same in jobs that become one.
   *
   * @default {none: all jobs of the type become one}
   */
  readonly key?: readonly PayloadPath[] | undefined;
}

/** What {@linkcode batchBy} gives the `batch` of a definition. */
export interface BatchRule {
  /** Which jobs belong together. */
  readonly key: (payload: unknown, job: { readonly type: string }) => string | Promise<string>;
  /** Whether a job is folded into the one that waits: jq. */
  readonly when: string;
  /** The payload of the one that waits, from then on: jq. */
  readonly fold: string;
}

/**
 * Makes the `batch` of a definition that gathers a list: while a job waits, later ones only add their items to it. With a
 * `delay` in the definition, a Millrace broker gathers for that long.
 *
 * What a job has beside its list is that of the first one; name in `key` what may not differ.
 *
 * @param options Which list, how many, and which jobs.
 * @throws {RangeError} If the limit is no whole number of 1 or more.
 * @throws {TypeError} If a path is none.
 *
 * @example
 * ```ts
 * import { batchBy, defineJob } from "@millrace/millrace/client";
 *
 * const notify = defineJob<{ user: number; items: string[] }>({
 *   type: "notify",
 *   queue: "mail",
 *   batch: batchBy({ path: "items", limit: 100, key: ["user"] }),
 *   delay: "10m", // gathers for ten minutes
 * });
 * const { batch } = await notify.toRequest({ user: 7, items: ["Ada likes your photo"] });
 * console.log(batch?.when); // (($existing | .items) + ($new | .items)) | length <= 100
 * console.log(batch?.fold); // $existing | .items += ($new | .items)
 * ```
 */
export function batchBy(options: BatchByOptions): BatchRule {
  checkOptions("batchBy", options, { path: 1, limit: 1, dedup: 1, sorted: 1, key: 1 });
  const { path, limit, key } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(`Cannot use 'limit' ${limit}: expected a whole number of 1 or more`);
  }
  const list = toJqPath(path);
  for (const place of key ?? []) toJqPath(place);
  const keys = toKeys(path);
  return {
    key(payload, { type }) {
      let value: unknown = payload;
      for (const key of keys) value = (value as Record<string | number, unknown> | null)?.[key];
      if (!Array.isArray(value)) {
        throw new TypeError(
          `Cannot batch by '${describePath(path)}' ${JSON.stringify(value)}: expected a list`,
        );
      }
      return key === undefined ? type : toUniqueKey(type, payload, { only: key });
    },
    when: limit === undefined
      ? "true"
      : `(($existing | ${list}) + ($new | ${list})) | length <= ${limit}`,
    fold: toFold(list, options),
  };
}

function toFold(list: string, { dedup = false, sorted = false }: BatchByOptions): string {
  if (!dedup && !sorted) return `$existing | ${list} += ($new | ${list})`;
  // What is unique is sorted.
  return `$existing | ${list} = ((${list}) + ($new | ${list}) | ${dedup ? "unique" : "sort"})`;
}
