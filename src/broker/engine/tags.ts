/**
 * The operations on tags.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Rejection } from "../../protocol/rejection.ts";
import { checkTags, type TagCount } from "../../protocol/tags.ts";
import type { PlacePageQuery } from "../../protocol/tags-query.ts";
import type { Store } from "../../store/store.ts";
import {
  countTagged,
  listTagged,
  type TagCursor,
  tagJob,
  topTags,
  untagJob,
} from "../../store/tags.ts";
import type { Listing, PlacedPage } from "./listing.ts";

/** Which tags are asked for. */
export interface TopTagsQuery {
  /** How many jobs have each at least. */
  readonly min: number;
  readonly from: TagCursor | undefined;
  readonly limit: number;
}

/** Jobs of a tag. */
export interface TaggedPage extends PlacedPage {
  /** How many jobs have the tag. */
  readonly count: number;
}

/** The operations; each resolves when its change is durable. */
export interface TagOperations {
  /** Gives all tags that the job has now. Undefined when there is none, as for the other. */
  add(id: string, tags: readonly string[]): Promise<readonly string[] | Rejection | undefined>;
  remove(id: string, tags: readonly string[]): Promise<readonly string[] | undefined>;
  /** The tags that most jobs have, and whether there are more. */
  top(query: TopTagsQuery): Promise<{ readonly tags: readonly TagCount[]; readonly more: boolean }>;
  /** The jobs that have a tag, in the order in which they got it last. */
  jobs(tag: string, page: PlacePageQuery): Promise<TaggedPage>;
}

/** Creates the operations. */
export function createTagOperations(
  { store, clock, listPlaced }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly listPlaced: Listing["listPlaced"];
  },
): TagOperations {
  return {
    async add(id, tags) {
      const message = checkTags(tags);
      if (message !== undefined) return { kind: "invalid", message };
      return await store.write(() => tagJob(id, tags, clock.now()), 1 + tags.length);
    },
    remove: (id, tags) => store.write(() => untagJob(id, tags, clock.now())),
    async top({ limit, ...query }) {
      const found = await store.read(topTags({ ...query, limit: limit + 1 }));
      return { tags: found.slice(0, limit), more: found.length > limit };
    },
    async jobs(tag, { limit, maxPayload, ...page }) {
      const count = await store.read(countTagged(tag));
      const found = await store.read(listTagged(tag, { ...page, limit: limit + 1 }));
      return { ...await listPlaced(found, { limit, maxPayload }), count };
    },
  };
}
