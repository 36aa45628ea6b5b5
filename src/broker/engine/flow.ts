/**
 * Statistics by the minute, the quarter of an hour and six hours, of queues and types: gathers them, writes them behind, reads
 * them, and forgets them in time.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns, pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import type { FlowQuery, FlowStats } from "../../protocol/flow-stats.ts";
import type { Change } from "../../store/changes.ts";
import { farFuture } from "../../store/add-saturating.ts";
import { Flow, type FlowStep, flowSteps } from "../../store/flow.ts";
import {
  addFlow,
  firstFlow,
  type FlowPlace,
  forgetFlow,
  readAllFlow,
  readFlow,
} from "../../store/flow-table.ts";
import type { Store } from "../../store/store.ts";
import { createFlowSums } from "./flow-sums.ts";
import { createQueueAges } from "./queue-ages.ts";
import type { DueSource } from "./scheduler.ts";
import type { Settings } from "./settings.ts";
import { createWriteBehind } from "./write-behind.ts";

/** How long things are gathered, in ms. Each queue and type is written once then, however many jobs it had. */
const gatherMs = 10_000;

/** Rows of a width that one transaction writes. */
const pieceSize = 200;

/** With so many queues, types and minutes in memory, the store fails or cannot keep up: they are forgotten. */
const mostCells = 10_000;

/** Rows go when they are older than a chart shows, by this share: many at a time. */
const slack = 0.25;

/** The statistics of a broker by the minute. */
export interface FlowStatistics {
  /** Gathers what a commit changed. */
  add(changes: readonly Change[]): void;
  /** Tells how jobs fared until now. */
  read(query: FlowQuery): Promise<FlowStats>;
  /** Deletes all. */
  removeAll(): Promise<void>;
  /** Writes what was gathered here. */
  flush(): Promise<void>;
  /** Writes the rest. */
  stop(): Promise<void>;
  /** Look at queues, and forget what no chart shows any more. */
  readonly sources: readonly DueSource[];
}

/** Creates them. */
export function createFlowStatistics(
  { store, clock, timers, logger, settings, writeOthers, expectAt }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly timers: boolean;
    readonly logger: Logger;
    readonly settings: Pick<Settings, "statistics">;
    /** Has other brokers write what they gathered. */
    readonly writeOthers: () => Promise<unknown>;
    /** Told that a source is due at `at`, in ms since the epoch. */
    expectAt(source: DueSource, at: number): void;
  },
): FlowStatistics {
  const flow = new Flow();
  const steps = Object.values(flowSteps);
  /** The rest of what was due must not wait. */
  let hasMore = false;

  const behind = createWriteBehind({
    clock,
    timers,
    logger,
    gatherMs,
    async write() {
      const all = flow.takeAll();
      let at = 0;
      try {
        for (; at < all.length; at += pieceSize) {
          if (at > 0) await pause(clock);
          const piece = all.slice(at, at + pieceSize);
          await store.write(() => addFlow(piece), piece.length * steps.length);
        }
        if (all.length > 0) {
          expectAt(forgetting, Math.min(...steps.map((step) => endOf(step, all[0]!.at))));
        }
      } catch (error) {
        flow.giveBack(all.slice(at));
        throw error;
      }
    },
  });

  /** Long readings follow each other: together they would hold as much memory as there are of them. */
  let reading: Promise<unknown> = Promise.resolve();
  let readings = 0;

  const read = async (query: FlowQuery): Promise<FlowStats> => {
    await Promise.all([behind.flush(), writeOthers()]);
    const sums = createFlowSums(query, clock.now());
    const { stepMs, from, to } = sums;
    if (query.queues === undefined && query.types === undefined) {
      // Among all there are also those that have no rows of their own.
      sums.add(await store.read(readAllFlow({ stepMs, from, to })));
      if (query.by === undefined) return sums.tell();
    }
    const turns = createTurns(clock);
    for (const queue of query.queues ?? [undefined]) {
      let place: FlowPlace | undefined;
      do {
        const { rows, next } = await store.read(readFlow({ stepMs, from, to, queue }, place));
        sums.add(rows);
        place = next;
        if (turns.isOver()) await turns.pause();
      } while (place !== undefined);
    }
    return sums.tell();
  };

  /** Something may have been gathered. */
  const gathered = () => {
    if (flow.size === 0) return;
    if (flow.size > mostCells) {
      flow.takeAll();
      logger.warn("Statistics of too many minutes wait to be written, forgetting them");
    } else behind.note();
  };

  const ages = createQueueAges({
    store,
    clock,
    timers,
    settings,
    expect: (at) => expectAt(ages.source, at),
    note(queue, ageMs) {
      flow.addAge(queue, ageMs, clock.now());
      gathered();
    },
  });

  const forgetting: DueSource = {
    name: "forget statistics of minutes",
    async nextDueAt() {
      if (hasMore) return 0;
      let dueAt: number | undefined;
      for (const step of steps) {
        const first = await store.read(firstFlow(step.ms));
        if (first !== undefined) dueAt = Math.min(dueAt ?? Infinity, endOf(step, first));
      }
      return dueAt;
    },
    async run(now) {
      hasMore = false;
      for (const { ms, points } of steps) {
        hasMore = await store.write(() => forgetFlow(ms, now - (points + 1) * ms)) || hasMore;
      }
    },
  };

  return {
    add(changes) {
      if (!settings.statistics) return;
      flow.add(changes, clock.now());
      gathered();
      ages.add(changes);
    },
    read(query) {
      const isNext = readings++ > 0;
      const own = reading.then(async () => {
        // Short ones that follow each other would hold the event loop together.
        if (isNext) await pause(clock);
        return await read(query);
      }).finally(() => readings--);
      reading = own.catch(() => {}); // Who asked hears of it.
      return own;
    },
    async removeAll() {
      flow.takeAll();
      for (const { ms } of steps) {
        while (await store.write(() => forgetFlow(ms, farFuture))) await pause(clock);
      }
    },
    flush: behind.flush,
    stop: behind.stop,
    sources: [ages.source, forgetting],
  };
}

/** When the row of an instant is to be forgotten. */
function endOf({ ms, points }: FlowStep, at: number): number {
  return at + (points + 1 + Math.ceil(points * slack)) * ms;
}
