/**
 * The calls on tags as a client writes and reads them.
 *
 * @module
 */

import * as v from "valibot";
import { checkInteger, max32 } from "./integer.ts";
import type { Job } from "./job.ts";
import { readJobPage, type ReadPage, toPageParams } from "./page.ts";
import { readAs, text, texts, u64 } from "./schema.ts";
import type { TagCount } from "./tags.ts";

/** Which tags to list. */
export interface TopTagsRequest {
  /** How many jobs have each at least. */
  readonly min?: number | undefined;
  /** How many tags. */
  readonly limit?: number | undefined;
  /** The last one of the list before. */
  readonly from?: TagCount | undefined;
}

/**
 * Writes the query of `GET /tags`.
 *
 * @throws {RangeError} If a number cannot be sent.
 */
export function toTopParams({ min, limit, from }: TopTagsRequest): string[] {
  checkInteger("min", min, max32);
  return [
    ...(from === undefined ? [] : [`from=${from.count},${encodeURIComponent(from.tag)}`]),
    ...toPageParams({ limit }),
    ...(min === undefined ? [] : [`min=${min}`]),
  ];
}

/** Reads the tags of one job. */
export function readTags(value: unknown): string[] {
  return readAs(tagsSchema, value).tags;
}

/** Reads the answer of `GET /tags`. */
export function readTagCounts(value: unknown): TagCount[] {
  return readAs(countsSchema, value).tags;
}

/** What a page of tracked jobs holds. */
export interface TrackedItems {
  /** Those that are stored. */
  readonly jobs: readonly Job[];
  /** The ids of the others. */
  readonly expired: readonly string[];
}

/** Reads the answer of `GET /tracked`; the page has one item. */
export function readTrackedPage(value: unknown): ReadPage<TrackedItems> {
  const { items: jobs, links } = readJobPage(value);
  return { items: [{ jobs, expired: readAs(expiredSchema, value).expired }], links };
}

const expiredSchema: v.GenericSchema<unknown, { readonly expired: string[] }> = v.object(
  { expired: texts },
  "an object",
);

const tagsSchema: v.GenericSchema<unknown, { readonly tags: string[] }> = v.object(
  { tags: texts },
  "an object",
);

const countsSchema: v.GenericSchema<unknown, { readonly tags: TagCount[] }> = v.object(
  { tags: v.array(v.object({ tag: text, count: u64 }, "an object"), "a list") },
  "an object",
);
