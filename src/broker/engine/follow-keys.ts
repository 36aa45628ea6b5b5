/**
 * Where the keys of new jobs begin: behind those that are stored.
 *
 * @module
 */

import type { Logger } from "../../log.ts";
import { mendKeys } from "../../store/mend-keys.ts";
import { lastSeq } from "../../store/read.ts";
import type { Store } from "../../store/store.ts";
import type { Identities } from "./ids.ts";

/** Has new keys follow those that are stored, and gives others to jobs whose keys are no safe integers. */
export async function followKeys(
  { store, identities, logger }: {
    readonly store: Store;
    readonly identities: Identities;
    readonly logger: Logger;
  },
): Promise<void> {
  identities.startAfter(await store.read(lastSeq()));
  if (!store.isShared) return; // Nobody could tell of others.
  const nextKey = () => identities.next().seq;
  for (;;) {
    const count = await store.write(() => mendKeys(nextKey));
    if (count === 0) return;
    logger.warn("Gave jobs other keys, as theirs were no safe integers", { count });
  }
}
