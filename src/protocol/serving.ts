/**
 * Who serves a queue, as the answer of `GET /queues/{queue}/serving` shows it.
 *
 * @module
 */

import * as v from "valibot";
import { bool, readAs, text, u32, u64 } from "./schema.ts";

/** Who serves a queue. */
export interface QueueServing {
  /** The queue. */
  readonly queue: string;
  /** How many open take streams read the queue, of workers that take jobs now. */
  readonly streams: number;
  /** How many open take streams read the queue, of workers that take none now: they stop, or are paused. */
  readonly resting: number;
  /** How many of `streams` belong to workers that do not say which types of jobs they run. */
  readonly untyped: number;
  /** How many of `streams` belong to workers that say that they run the type; undefined if no type was asked for. */
  readonly ofType?: number | undefined;
  /** When a worker without a stream last asked for jobs of the queue, in ms since the epoch; undefined if none has. */
  readonly askedAt?: number | undefined;
  /** Since when the brokers know who asks, in ms since the epoch: the one that was started last knows of no earlier instant. */
  readonly since: number;
  /** Whether all brokers have said what they know; if not, there may be more than this. */
  readonly complete: boolean;
}

/** Writes the answer. */
export function toServingWire(
  { queue, streams, resting, untyped, ofType, askedAt, since, complete }: QueueServing,
): object {
  return {
    queue,
    streams,
    resting,
    untyped,
    of_type: ofType,
    asked_at: askedAt ?? null,
    since,
    complete,
  };
}

const servingSchema: v.GenericSchema<unknown, QueueServing> = v.pipe(
  v.object({
    queue: text,
    streams: u32,
    resting: u32,
    untyped: u32,
    of_type: v.optional(u32),
    asked_at: v.nullish(u64),
    since: u64,
    complete: bool,
  }, "an object"),
  v.transform(({ of_type, asked_at, ...wire }): QueueServing => ({
    ...wire,
    ...of_type !== undefined && { ofType: of_type },
    ...asked_at != null && { askedAt: asked_at },
  })),
);

/** Reads the answer. */
export function readServing(value: unknown): QueueServing {
  return readAs(servingSchema, value);
}
