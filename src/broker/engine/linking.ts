/**
 * The calls on what a job waits for.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import {
  checkDependencies,
  type DependencyList,
  type ShownLinks,
} from "../../protocol/dependency-request.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { type Rejection, unprocessable } from "../../protocol/rejection.ts";
import { addLinks, dropLinks, getLinks } from "../../store/edit-links.ts";
import type { Store } from "../../store/store.ts";

/** Looks at what jobs wait for, and changes it. Each call gives undefined when there is no such job. */
export interface Linking {
  get(id: string): Promise<ShownLinks | undefined>;
  add(id: string, list: DependencyList): Promise<JobRecord | Rejection | undefined>;
  /** Without ids, all of them. */
  drop(id: string, ids?: readonly string[]): Promise<JobRecord | Rejection | undefined>;
}

/** Creates the calls. */
export function createLinking(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Linking {
  return {
    get: (id) => store.read(getLinks(id, clock.now())),
    async add(id, list) {
      const problem = checkDependencies(list.ids, 0);
      if (problem !== undefined) return unprocessable(problem);
      const now = clock.now();
      return await store.write(() => addLinks(id, list, now), list.ids.length + 1);
    },
    drop(id, ids) {
      const now = clock.now();
      return store.write(() => dropLinks(id, ids, now));
    },
  };
}
