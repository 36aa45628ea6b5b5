/**
 * The operations on tracked jobs.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { PlacePageQuery } from "../../protocol/tags-query.ts";
import type { Store } from "../../store/store.ts";
import { listExpired, listTracked, trackJob, untrackJob } from "../../store/tracking.ts";
import type { Listing, PlacedPage } from "./listing.ts";

/** Tracked jobs. */
export interface TrackedPage extends PlacedPage {
  /** The ids of those that are stored no more. */
  readonly expired: readonly string[];
}

/** The operations; each resolves when its change is durable. */
export interface TrackingOperations {
  /** Whether there is such a job. */
  track(id: string): Promise<boolean>;
  untrack(id: string): Promise<void>;
  /** The tracked jobs, in the order in which they were tracked. */
  list(page: PlacePageQuery): Promise<TrackedPage>;
}

/** Creates the operations. */
export function createTrackingOperations(
  { store, clock, listPlaced }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly listPlaced: Listing["listPlaced"];
  },
): TrackingOperations {
  return {
    track: (id) => store.write(() => trackJob(id, clock.now())),
    untrack: (id) => store.write(() => untrackJob(id)),
    async list({ limit, maxPayload, ...page }) {
      const expired = await store.read(listExpired());
      const found = await store.read(listTracked({ ...page, limit: limit + 1 }));
      return { ...await listPlaced(found, { limit, maxPayload }), expired };
    },
  };
}
