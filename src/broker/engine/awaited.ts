/**
 * Jobs whose end somebody waits for at another broker.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { JobsChange } from "../../store/changes.ts";
import type { NewsItem } from "./news-text.ts";

/** How long a job is known to be waited for, in ms: whoever waits longer finds its end by looking. */
const awaitedMs = 300_000;

/** How many jobs may be known. */
const mostAwaited = 20_000;

/** Ids in one item of the news. */
const idsOfItem = 100;

/** How much of a result is told, in characters; of a larger one only that the job ended. */
const longestResult = 2000;

/** Jobs that are waited for elsewhere. */
export interface Awaited {
  /** Whether there are any. */
  readonly isAny: boolean;
  /** Another broker tells of some. */
  add(ids: readonly string[]): void;
  /** What is to be told of a change: each of its jobs that is waited for. */
  itemsOf(change: JobsChange): NewsItem[];
}

/** Creates it. */
export function createAwaited(clock: Clock): Awaited {
  const until = new Map<string, number>();
  return {
    get isAny() {
      return until.size > 0;
    },
    add(ids) {
      const now = clock.now();
      for (const id of ids) {
        until.delete(id); // So that those known for longest are the first ones.
        until.set(id, now + awaitedMs);
      }
      for (const [id, at] of until) {
        if (at > now && until.size <= mostAwaited) break;
        until.delete(id);
      }
    },
    itemsOf({ results, ...change }) {
      const items: NewsItem[] = [];
      for (const job of change.jobs) {
        if (!until.has(job.id)) continue;
        if (change.to === undefined) until.delete(job.id);
        const { id, seq, queue, type, traits } = job;
        const result = results?.get(id);
        items.push(["ended", {
          ...change,
          jobs: [{ id, seq, queue, type, traits }],
          ...result !== undefined && result.length <= longestResult && { result },
        }]);
      }
      return items;
    },
  };
}

/** What is told of jobs that somebody begins to wait for. */
export function toWatchItems(ids: readonly string[]): NewsItem[] {
  const items: NewsItem[] = [];
  for (let at = 0; at < ids.length; at += idsOfItem) {
    items.push(["watch", ids.slice(at, at + idsOfItem)]);
  }
  return items;
}

/** The change that an item tells of. */
export function toEndedChange(told: unknown): JobsChange {
  const { result, ...change } = told as JobsChange & { readonly result?: string };
  if (result === undefined) return change as JobsChange;
  return { ...change, results: new Map([[change.jobs[0]!.id, result]]) } as JobsChange;
}
