/**
 * Single enqueues that are asked for at the same time share a call: that costs each of them a fraction.
 *
 * A call that is refused stored nothing. Then each job is sent alone, so that everybody hears of their own.
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import type { EnqueuedJob } from "../protocol/job.ts";

/** Jobs of one call at most. */
const mostJobs = 500;

/** Calls under way at most; what comes meanwhile goes with the next. */
const mostCalls = 2;

/** How jobs are sent. */
export interface GatheringOptions {
  /** Stores jobs together. */
  sendMany(jobs: readonly object[]): Promise<readonly EnqueuedJob[]>;
  /** Stores one job. */
  sendOne(job: object): Promise<EnqueuedJob>;
  /** Whether an error says that a call was refused. */
  isRefusal(error: unknown): boolean;
}

interface Waiting {
  readonly job: object;
  readonly resolve: (stored: EnqueuedJob | Promise<EnqueuedJob>) => void;
  readonly reject: (error: unknown) => void;
}

/** Creates what gathers jobs; it stores one, together with others that wait. */
export function createGathering(
  { sendMany, sendOne, isRefusal }: GatheringOptions,
): (job: object) => Promise<EnqueuedJob> {
  let waiting: Waiting[] = [];
  let calls = 0;
  let planned = false;

  const send = async () => {
    planned = false;
    if (calls === mostCalls || waiting.length === 0) return;
    const group = waiting.slice(0, mostJobs);
    waiting = waiting.slice(mostJobs);
    calls++;
    try {
      const stored = await sendMany(group.map(({ job }) => job));
      if (stored.length !== group.length) {
        throw new ProtocolError(`Sent ${group.length} jobs, and ${stored.length} were answered`);
      }
      for (const [index, { resolve }] of group.entries()) resolve(stored[index]!);
    } catch (error) {
      for (const { job, resolve, reject } of group) {
        if (isRefusal(error)) resolve(sendOne(job));
        else reject(error);
      }
    }
    calls--;
    plan();
  };

  /** All that is asked for in this turn goes together. */
  const plan = () => {
    if (planned) return;
    planned = true;
    queueMicrotask(send);
  };

  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ job, resolve, reject });
      plan();
    });
}
