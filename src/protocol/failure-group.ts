/**
 * Groups of failures: what dead jobs died of, as they are counted, listed and requeued together.
 *
 * @module
 */

import * as v from "valibot";
import { checkName } from "./names.ts";
import type { PageLinks, ReadPage } from "./page.ts";
import { linksSchema } from "./page.ts";
import { optional, readAs, text, u32, u64 } from "./schema.ts";

/** A group, and how many dead jobs are in it. */
export interface FailureGroup {
  /** What they died of. */
  readonly group: string;
  /** How many there are; also those whose retention ended and that are not deleted yet. */
  readonly count: number;
}

/** Where dead jobs go when they are requeued by their group. */
export interface GroupRequeue {
  /** The queue that they go to. Left out, each goes to the one that it died in. */
  readonly queue?: string | undefined;
  /** How many at most, those that died first. Left out, all that are dead when the call begins. */
  readonly limit?: number | undefined;
}

/** The group of a dead job that was given none, and whose error has no type. */
const otherFailures = "unknown";

/** Characters that the name of a group has at most. */
const longestGroup = 200;

/** Says what is wrong with the name of a group; undefined when nothing is. */
export function checkFailureGroup(group: string): string | undefined {
  if (group === "") return "failure_group must not be empty";
  if (group.length <= longestGroup) return undefined;
  return `failure_group has ${group.length} characters, at most ${longestGroup} are accepted`;
}

/** The group of a failure: the one that it was given, or the type of its error, cut to what a name may have. */
export function failureGroupOf(
  { failureGroup, errorType }: {
    readonly failureGroup?: string | undefined;
    readonly errorType?: string | undefined;
  },
): string {
  return failureGroup ?? (errorType?.slice(0, longestGroup) || otherFailures);
}

/** Reads the body of a requeue. */
export const groupRequeueSchema: v.GenericSchema<unknown, GroupRequeue> = v.pipe(
  v.object({ queue: optional(text), limit: optional(u32) }, "an object"),
  v.transform(({ queue, limit }): GroupRequeue => ({
    queue: queue ?? undefined,
    limit: limit ?? undefined,
  })),
);

/** Says what is wrong with a requeue; undefined when nothing is. */
export function checkGroupRequeue({ queue }: GroupRequeue): string | undefined {
  return queue === undefined ? undefined : checkName("queue", queue);
}

/** Writes the answer of `GET /failures`. */
export function toFailureGroupsWire(groups: readonly FailureGroup[], pages: PageLinks): object {
  return { groups, pages };
}

/** Reads the same. */
export function readFailureGroups(value: unknown): ReadPage<FailureGroup> {
  const { groups: items } = readAs(groupsSchema, value);
  return { items, links: readAs(linksSchema, value).pages };
}

const groupsSchema: v.GenericSchema<unknown, { readonly groups: FailureGroup[] }> = v.object(
  { groups: v.array(v.object({ group: text, count: u64 }, "an object"), "a list") },
  "an object",
);

/** Reads the answer of a requeue: how many jobs it moved. */
export function readRequeued(value: unknown): number {
  return readAs(requeuedSchema, value).requeued;
}

const requeuedSchema: v.GenericSchema<unknown, { readonly requeued: number }> = v.object(
  { requeued: u64 },
  "an object",
);
