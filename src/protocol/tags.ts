/**
 * Tags of jobs: what one may look like, and the messages about them (docs/protocol.md, section 15.1).
 *
 * @module
 */

import * as v from "valibot";
import { checkName } from "./names.ts";
import { texts } from "./schema.ts";

/** How many tags a job may have. */
const maxTags = 20;

/** How many characters a tag may have, as UTF-16 counts them. */
const maxTagLength = 200;

/** Reads a list of tags; one that is given twice stands where it was given first. */
export const tagsSchema: v.GenericSchema<unknown, readonly string[]> = v.pipe(
  texts,
  v.transform((tags) => [...new Set(tags)]),
);

/** Reads the body of `POST /jobs/{id}/tags`. */
export const tagListSchema: v.GenericSchema<unknown, { readonly tags: readonly string[] }> = v
  .object({ tags: tagsSchema }, "an object");

/** So much of a tag that cannot be is shown. */
const shownLength = 60;

/** Says why a text is no tag; undefined when it is one. */
function checkTag(tag: string): string | undefined {
  const cut = tag.length > shownLength ? `${tag.slice(0, shownLength)}…` : tag;
  const label = `tag ${JSON.stringify(cut)}`;
  if (tag.length > maxTagLength) {
    return `${label} has ${tag.length} characters, at most ${maxTagLength} are accepted`;
  }
  return checkName(label, tag);
}

/** Says which of some texts is no tag; undefined when all are. */
export function checkTags(tags: readonly string[]): string | undefined {
  for (const tag of tags) {
    const complaint = checkTag(tag);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** Says that a job has too many tags; undefined when it has not. */
export function checkTagCount(count: number): string | undefined {
  return count <= maxTags ? undefined : `a job with ${count} tags, it may have ${maxTags}`;
}

/** How often a tag is used. */
export interface TagCount {
  /** The tag. */
  readonly tag: string;
  /** How many jobs have it. */
  readonly count: number;
}
