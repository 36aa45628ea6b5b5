/**
 * The operations on the settings of queues.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import {
  checkQueuePatch,
  type QueueSettingsPatch,
  type QueueSettingsRecord,
} from "../../protocol/queue-settings.ts";
import { type Rejection, unprocessable } from "../../protocol/rejection.ts";
import { type EvictionCursor, evictQueue } from "../../store/evict-queue.ts";
import type { FinishTerms } from "../../store/job-rules.ts";
import { changeQueueSettings, forgetQueue, getQueueSettings } from "../../store/queue-settings.ts";
import type { Store } from "../../store/store.ts";

/** The operations; each resolves when its change is durable. */
export interface QueueControl {
  /** What is set for a queue, whether or not anybody knows of it. */
  get(queue: string): Promise<QueueSettingsRecord>;
  change(queue: string, patch: QueueSettingsPatch): Promise<QueueSettingsRecord | Rejection>;
  /** Whether anybody knew of the queue. */
  forget(queue: string): Promise<boolean | Rejection>;
}

/** Creates the operations. */
export function createQueueControl(
  { store, clock, terms }: {
    readonly store: Store;
    readonly clock: Clock;
    /** What ends jobs that are to be cancelled. */
    readonly terms: () => FinishTerms;
  },
): QueueControl {
  const evict = async (queue: string) => {
    let after: EvictionCursor | undefined;
    for (;;) {
      after = await store.write(() => evictQueue(queue, terms(), after));
      if (after === undefined) return;
      await pause(clock);
    }
  };

  return {
    get: (queue) => store.read(getQueueSettings(queue)),
    async change(queue, patch) {
      const problem = checkQueuePatch(queue, patch);
      if (problem !== undefined) return unprocessable(problem);
      // What is given to workers because the queue is resumed did not run before, and stays with them.
      const evictsFirst = patch.paused === false;
      if (patch.stopRunning === true && evictsFirst) await evict(queue);
      const settings = await store.write(() => changeQueueSettings(queue, patch));
      // Else only now, or what is taken from workers would go to others at once.
      if (patch.stopRunning === true && !evictsFirst) await evict(queue);
      return settings;
    },
    forget: (queue) => store.write(() => forgetQueue(queue)),
  };
}
