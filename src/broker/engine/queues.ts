/**
 * How queues fare: how many jobs stand where, and which come next.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns, pause } from "../../async/turns.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { QueueDetails } from "../../protocol/queue-details.ts";
import type { JobRecord } from "../../protocol/record.ts";
import { status } from "../../protocol/status.ts";
import type { Position } from "../../store/backlog.ts";
import type { CountsCursor, ExpiredCursor } from "../../store/counts.ts";
import { payloadSize, withLargePayloads } from "../../store/many-jobs.ts";
import { type OldestPiece, oldestReady } from "../../store/oldest-ready.ts";
import {
  countRecurring,
  type CountsPiece,
  type ExpiredPiece,
  listPaused,
  nextPositions,
  readAtPositions,
  readCounts,
  readExpired,
  readStalled,
  type StalledPiece,
} from "../../store/queue-details.ts";
import { readSize } from "../../store/search.ts";
import type { Store } from "../../store/store.ts";
import { readExtras } from "./reading-extras.ts";

/** A page of queues. */
export interface QueuePage {
  readonly queues: readonly QueueDetails[];
  /** Whether there are more behind it. */
  readonly more: boolean;
}

/** Tells how queues fare; it changes nothing. */
export interface QueueInsight {
  /** A queue, also one that has no jobs. */
  get(queue: string, view?: { readonly age: boolean }): Promise<QueueDetails>;
  /** The queues that any stored job is in, in the order of their bytes. */
  list(
    page: Omit<PageQuery<string>, "order"> & { readonly age?: boolean | undefined },
  ): Promise<QueuePage>;
  /** Since when the oldest ready job of a queue has been ready, in ms since the epoch; undefined if none is. */
  oldestReadyAt(queue: string): Promise<number | undefined>;
  /** The jobs of a queue that are delivered next; fewer if their payloads are large. */
  next(queue: string, limit: number): Promise<readonly JobRecord[]>;
}

/** Creates it. */
export function createQueueInsight(
  { store, clock, maxPageBytes }: {
    readonly store: Store;
    readonly clock: Clock;
    /** Bytes of payloads after which no more jobs are given, unless there is none yet. */
    readonly maxPageBytes: number;
  },
): QueueInsight {
  /** Takes from counts what is past its retention. */
  const withoutExpired = async (counts: ReadonlyMap<string, number[]>): Promise<void> => {
    const now = clock.now();
    let after: ExpiredCursor | undefined = [0, 0];
    while (after !== undefined) {
      const piece: ExpiredPiece = await store.read(readExpired(now, after));
      for (const { queue, status } of piece.items) {
        const own = counts.get(queue);
        if (own !== undefined) own[status]!--;
      }
      after = piece.next;
      if (after !== undefined) await pause(clock);
    }
  };

  /** How many jobs of each queue have a lease that ended. */
  const countStalled = async (): Promise<ReadonlyMap<string, number>> => {
    const counts = new Map<string, number>();
    const now = clock.now();
    let after: number | undefined;
    do {
      const piece: StalledPiece = await store.read(readStalled(now, after));
      for (const queue of piece.items) counts.set(queue, (counts.get(queue) ?? 0) + 1);
      after = piece.next;
      if (after !== undefined) await pause(clock);
    } while (after !== undefined);
    return counts;
  };

  const toDetails = async (counts: ReadonlyMap<string, number[]>): Promise<QueueDetails[]> => {
    await withoutExpired(counts);
    const stalled = await countStalled();
    const paused = await store.read(listPaused([...counts.keys()]));
    const recurring = await store.read(countRecurring([...counts.keys()]));
    return [...counts].map(([queue, of]) => ({
      queue,
      scheduled: of[status.scheduled]!,
      ready: of[status.ready]!,
      inFlight: of[status.inFlight]!,
      blocked: of[status.blocked]!,
      completed: of[status.completed]!,
      dead: of[status.dead]!,
      stalled: stalled.get(queue) ?? 0,
      recurring: recurring.get(queue) ?? 0,
      paused: paused.has(queue),
    }));
  };

  const oldestReadyAt = async (queue: string): Promise<number | undefined> => {
    let readyAt = Infinity;
    let after: string | undefined;
    do {
      const piece: OldestPiece = await store.read(oldestReady(queue, after));
      readyAt = Math.min(readyAt, piece.readyAt);
      after = piece.next;
      if (after !== undefined) await pause(clock);
    } while (after !== undefined);
    return readyAt === Infinity ? undefined : readyAt;
  };

  const withAges = async (details: readonly QueueDetails[]): Promise<QueueDetails[]> => {
    const turns = createTurns(clock);
    const found: QueueDetails[] = [];
    for (const one of details) {
      if (turns.isOver()) await turns.pause();
      const readyAt = one.ready === 0 ? undefined : await oldestReadyAt(one.queue);
      found.push(readyAt === undefined ? one : { ...one, oldestReadyAt: readyAt });
    }
    return found;
  };

  /** Adds up the counts of one queue, or of those behind another one until there are more than `limit`. */
  const gather = async (
    only: string | undefined,
    behind: string,
    limit: number,
  ): Promise<Map<string, number[]>> => {
    const sums = new Map<string, number[]>();
    let after: CountsCursor | undefined = [only ?? behind, ""];
    while (after !== undefined) {
      const piece: CountsPiece = await store.read(readCounts(only, after));
      for (const { queue, counts } of piece.items) {
        if (queue === behind) continue;
        const sum = sums.get(queue);
        if (sum !== undefined) {
          for (const [code, count] of counts.entries()) sum[code]! += count;
        } else if (counts.some((count) => count > 0)) {
          if (sums.size > limit) return sums;
          sums.set(queue, [...counts]);
        }
      }
      after = piece.next;
      if (after !== undefined) await pause(clock);
    }
    return sums;
  };

  return {
    async get(queue, { age } = { age: false }) {
      const none = [0, 0, 0, 0, 0, 0];
      const counts = (await gather(queue, "", 1)).get(queue) ?? none;
      const details = await toDetails(new Map([[queue, counts]]));
      return (age ? await withAges(details) : details)[0]!;
    },
    async list({ from, limit, age = false }) {
      const sums = await gather(undefined, from ?? "", limit);
      const details = await toDetails(new Map([...sums].slice(0, limit)));
      return { queues: age ? await withAges(details) : details, more: sums.size > limit };
    },
    oldestReadyAt,
    async next(queue, limit) {
      let best: readonly Position[] = [];
      let after: string | undefined;
      do {
        const piece = await store.read(nextPositions(queue, { limit, best, after }));
        best = piece.items;
        after = piece.next;
        if (after !== undefined) await pause(clock);
      } while (after !== undefined);
      const jobs: JobRecord[] = [];
      let bytes = 0;
      for (let at = 0; at < best.length; at += readSize) {
        if (at > 0) await pause(clock);
        for (const job of await store.read(readAtPositions(best.slice(at, at + readSize)))) {
          bytes += payloadSize(job);
          if (jobs.length > 0 && bytes > maxPageBytes) {
            return await readExtras(jobs, { store, clock });
          }
          jobs.push((await store.read(withLargePayloads([job])))[0]!);
        }
      }
      return await readExtras(jobs, { store, clock });
    },
  };
}
