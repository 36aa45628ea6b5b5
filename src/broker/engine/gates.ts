/**
 * Which queues are paused or have a limit on what is in flight, and of which nothing can be taken for now.
 *
 * Nothing here decides how many jobs are taken: the transaction of a claim does that, on the rows of the settings. This
 * memory lets claims pass over queues that are shut, and wakes readers when one opens:
 *
 * | Event                                    | The queue is                                        |
 * | ---------------------------------------- | --------------------------------------------------- |
 * | it is paused                             | shut                                                |
 * | a claim took all that its limit allows   | shut, unless a job of it left flight meanwhile      |
 * | a job of it left flight                  | open, if it is not paused                           |
 * | it is resumed, its limit is another      | open, and shut again by the next claim if it has to |
 *
 * Where other brokers work on the same database, no queue is shut: what they change is not known here.
 *
 * @module
 */

import { isAnySet, isRestricted, type QueueSettingsRecord } from "../../protocol/queue-settings.ts";
import { status } from "../../protocol/status.ts";
import type { Change, JobsChange } from "../../store/changes.ts";
import type { QueueGates } from "../../store/queue-gates.ts";

/** The gates of all queues. */
export interface Gates {
  /** What is set for a queue is this now. */
  set(settings: QueueSettingsRecord): void;
  /** What claims have to look at; undefined if no queue is restricted. */
  forClaim(): QueueGates | undefined;
  /** Whether nothing can be taken from a queue for now. */
  isShut(queue: string): boolean;
  /** Whether a queue may have a limit. */
  isLimited(queue: string): boolean;
  /** A claim begins, which does not see what happens from now on. */
  beginTake(): void;
  /** A claim found these queues full. Gives those that opened since it began. */
  endTake(full: readonly string[]): ReadonlySet<string>;
  /** What is set for a queue; undefined if nothing is. */
  settingsOf(queue: string): QueueSettingsRecord | undefined;
  /** Applies a change. Gives the queues that opened by it. */
  apply(change: Change): ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** Creates gates that are all open. */
export function createGates(isShared: boolean): Gates {
  const known = new Map<string, QueueSettingsRecord>();
  const restricted = new Map<string, QueueSettingsRecord>();
  const full = new Set<string>();
  /** What opened since the claim that is under way began. */
  let opened: Set<string> | undefined;

  const isShut = (queue: string) =>
    !isShared && (full.has(queue) || restricted.get(queue)?.paused === 1);

  const forClaim: QueueGates = {
    isShut,
    isRestricted: (queue) => isShared || restricted.has(queue),
    isKnownRestricted: (queue) => restricted.has(queue),
  };

  const set = (settings: QueueSettingsRecord) => {
    const { queue } = settings;
    if (isAnySet(settings)) known.set(queue, settings);
    else known.delete(queue);
    if (isRestricted(settings)) restricted.set(queue, settings);
    else restricted.delete(queue);
    full.delete(queue);
    opened?.add(queue);
  };

  /** Jobs left flight, or moved to another queue in flight. Gives the queues that opened. */
  const release = ({ from, to, fromQueue, jobs }: JobsChange): ReadonlySet<string> => {
    const isLess = from === status.inFlight && (to !== status.inFlight || fromQueue !== undefined);
    if (restricted.size === 0 || !isLess) return none;
    const queues = new Set<string>();
    for (const job of jobs) {
      const queue = fromQueue ?? job.queue;
      const settings = restricted.get(queue);
      if (settings?.maxInFlight == null) continue;
      opened?.add(queue);
      if ((full.delete(queue) || isShared) && settings.paused === 0) queues.add(queue);
    }
    return queues;
  };

  return {
    set,
    settingsOf: (queue) => known.get(queue),
    apply(change) {
      if (change.kind === "jobs") return release(change);
      if (change.kind !== "queues") return none;
      set(change.settings);
      return change.settings.paused === 1 ? none : new Set([change.settings.queue]);
    },
    forClaim: () => isShared || restricted.size > 0 ? forClaim : undefined,
    isShut: (queue) => restricted.size > 0 && isShut(queue),
    isLimited: (queue) => isShared || restricted.get(queue)?.maxInFlight != null,
    beginTake: () => void (opened = new Set()),
    endTake(queues) {
      const since = opened ?? none;
      opened = undefined;
      if (queues.length === 0 || isShared) return none;
      for (const queue of queues) if (!since.has(queue)) full.add(queue);
      return new Set(queues.filter((queue) => since.has(queue)));
    },
  };
}
