/**
 * How a queue fares: how many jobs stand where, and its statistics of a day.
 *
 * @module
 */

import * as v from "valibot";
import { linksSchema, type PageLinks, type ReadPage } from "./page.ts";
import { bool, optional, readAs, text, u64 } from "./schema.ts";

/** How many jobs of a queue stand where. */
export interface QueueDetails {
  /** The name of the queue. */
  readonly queue: string;
  /** Jobs that become ready later. */
  readonly scheduled: number;
  /** Jobs that can be taken. */
  readonly ready: number;
  /** Jobs that workers have, those that are stalled included. */
  readonly inFlight: number;
  /** Jobs that wait for others. */
  readonly blocked: number;
  /** Jobs that succeeded and are kept. */
  readonly completed: number;
  /** Jobs that are dead and kept. */
  readonly dead: number;
  /** Jobs in flight whose lease has ended. */
  readonly stalled: number;
  /** Cron entries that put jobs into it. */
  readonly recurring: number;
  /** Whether the queue is paused: its jobs wait. */
  readonly paused: boolean;
  /**
   * Since when the ready job has been ready that came first of each priority, in ms since the epoch, if it was asked for (`age`).
   * Undefined if none is ready.
   */
  readonly oldestReadyAt?: number | undefined;
}

/** How long things took. Spans are in ms. */
export interface DurationStats {
  /** How many there were. */
  readonly count: number;
  /** Their mean. */
  readonly meanMs: number;
  /** The standard deviation of a sample; 0 for fewer than two. */
  readonly stdMs: number;
  /**
   * How many took how long, in 148 buckets: 0 to 59 s, 1 to 59 min, 1 to 23 h, 1 to 5 d, and 6 d or longer.
   */
  readonly histogram: readonly number[];
}

/** How the jobs of a queue fared on a day of UTC. */
export interface QueueStats {
  /** The name of the queue. */
  readonly queue: string;
  /** The day, as `YYYY-MM-DD`. */
  readonly day: string;
  /** How long jobs had been ready when they were taken on that day. */
  readonly wait: DurationStats;
  /** How long the runs took that succeeded on that day. */
  readonly run: DurationStats;
  /** How many runs failed on that day whose job was to run again. */
  readonly retries: number;
  /** How many jobs died on that day. */
  readonly failures: number;
  /** How many runs ended on that day because somebody cancelled their job. */
  readonly cancelled: number;
  /** How many of those that died on that day, and are kept, are dead still. */
  readonly failed: number;
}

/** Writes the details of a queue. */
export function toQueueDetailsWire({ inFlight, oldestReadyAt, ...details }: QueueDetails): object {
  const { queue, scheduled, ready, ...others } = details;
  const age = oldestReadyAt === undefined ? {} : { oldest_ready_at: oldestReadyAt };
  return { queue, scheduled, ready, in_flight: inFlight, ...others, ...age };
}

/** Writes the answer of `GET /queues?detail=true`. */
export function toQueueListWire(queues: readonly QueueDetails[], pages: PageLinks): object {
  return { queues: queues.map(toQueueDetailsWire), pages };
}

/** Writes the answer of `GET /queues/{queue}/stats`. */
export function toQueueStatsWire({ wait, run, ...stats }: QueueStats): object {
  const { queue, day, retries, failures, cancelled, failed } = stats;
  return {
    queue,
    day,
    wait: toDurationWire(wait),
    run: toDurationWire(run),
    retries,
    failures,
    cancelled,
    failed,
  };
}

function toDurationWire({ count, meanMs, stdMs, histogram }: DurationStats): object {
  return { count, mean_ms: meanMs, std_ms: stdMs, histogram };
}

const detailsSchema: v.GenericSchema<unknown, QueueDetails> = v.pipe(
  v.object({
    queue: text,
    scheduled: u64,
    ready: u64,
    in_flight: u64,
    blocked: u64,
    completed: u64,
    dead: u64,
    stalled: u64,
    recurring: u64,
    paused: bool,
    oldest_ready_at: optional(u64),
  }, "an object"),
  v.transform(({ in_flight, oldest_ready_at, ...wire }): QueueDetails => ({
    ...wire,
    inFlight: in_flight,
    ...oldest_ready_at != null && { oldestReadyAt: oldest_ready_at },
  })),
);

/** Reads the answer of `GET /queues/{queue}`. */
export function readQueueDetails(value: unknown): QueueDetails {
  return readAs(detailsSchema, value);
}

const listSchema: v.GenericSchema<unknown, { readonly queues: QueueDetails[] }> = v.object(
  { queues: v.array(detailsSchema, "a list") },
  "an object",
);

/** Reads the answer of `GET /queues?detail=true`. */
export function readQueueList(value: unknown): ReadPage<QueueDetails> {
  return { items: readAs(listSchema, value).queues, links: readAs(linksSchema, value).pages };
}

const durationSchema: v.GenericSchema<unknown, DurationStats> = v.pipe(
  v.object({
    count: u64,
    mean_ms: v.number("a number"),
    std_ms: v.number("a number"),
    histogram: v.array(u64, "a list"),
  }, "an object"),
  v.transform(({ count, mean_ms, std_ms, histogram }): DurationStats => {
    return { count, meanMs: mean_ms, stdMs: std_ms, histogram };
  }),
);

const statsSchema: v.GenericSchema<unknown, QueueStats> = v.object({
  queue: text,
  day: text,
  wait: durationSchema,
  run: durationSchema,
  retries: u64,
  failures: u64,
  cancelled: v.optional(u64, 0),
  failed: u64,
}, "an object");

/** Reads the answer of `GET /queues/{queue}/stats`. */
export function readQueueStats(value: unknown): QueueStats {
  return readAs(statsSchema, value);
}
