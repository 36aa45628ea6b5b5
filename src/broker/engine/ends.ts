/**
 * The ends of jobs: cancelling them, trying them again, and waiting for them.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { FinishTerms } from "../../store/job-rules.ts";
import type { Store } from "../../store/store.ts";
import { type CancelOperations, createCancelOperations } from "./cancelling.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { createEndings, type Endings } from "./endings.ts";
import { createRetrying, type Retrying } from "./retrying.ts";
import type { Searching } from "./searching.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

/** The operations. */
export interface EndOperations {
  readonly cancelling: CancelOperations;
  readonly retrying: Retrying;
  readonly waiting: Waiting;
  /** Watches jobs. */
  readonly endings: Endings;
}

/** Creates the operations. */
export function createEndOperations(
  options: {
    readonly store: Store;
    readonly clock: Clock;
    readonly terms: () => FinishTerms;
    readonly searching: Searching;
    readonly dispatcher: Pick<Dispatcher, "remind">;
    /** Told of jobs that somebody begins to wait for. */
    readonly wanted: (ids: readonly string[]) => void;
  },
): EndOperations {
  const endings = createEndings(options);
  return {
    cancelling: createCancelOperations({ ...options, endings }),
    retrying: createRetrying(options),
    waiting: createWaiting({ ...options, endings }),
    endings,
  };
}
