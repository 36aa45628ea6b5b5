/**
 * What the end of a job means for the others that waited for it, where there are so many that it is done in pieces.
 *
 * @module
 */

import type { FinishTerms } from "../../store/job-rules.ts";
import { hasPending, settlePending } from "../../store/settle.ts";
import type { Store } from "../../store/store.ts";
import type { DueSource } from "./scheduler.ts";

/** Work that is due as soon as there is any. */
export interface Settling extends DueSource {
  /** Leaves it undone until what is given back is called. */
  hold(): () => void;
}

/** Creates the work. */
export function createSettling(
  { store, terms, isDue }: {
    readonly store: Store;
    terms(): FinishTerms;
    /** Is told that there may be work. */
    isDue(): void;
  },
): Settling {
  let holds = 0;
  return {
    name: "release the jobs that waited for others",
    async nextDueAt() {
      return holds === 0 && await store.read(hasPending()) ? 0 : undefined;
    },
    async run() {
      if (holds === 0) await store.write(() => settlePending(terms()));
    },
    hold() {
      holds++;
      return () => {
        if (--holds === 0) isDue();
      };
    },
  };
}
