/**
 * The messages of `PUT /workers/{run}`: what a worker says of itself, and what it is told.
 *
 * @module
 */

import * as v from "valibot";
import type { JobProgress } from "./job-extra.ts";
import { readAs, texts } from "./schema.ts";

/** A delivery that a worker has. */
export interface HeldDelivery {
  /** The id of the job. */
  readonly id: string;
  /** Which delivery of it. */
  readonly delivery: number;
}

/** How far a run is that a worker has. */
export interface RunProgress extends HeldDelivery {
  /** How far it is. */
  readonly progress: JobProgress;
}

/** What a worker says of itself. */
export interface WorkerStatement {
  /** The number of the last question that it has heard; undefined if it has heard none. */
  readonly heard?: number | undefined;
  /** Whether it takes jobs. If not, it gets nothing more, and has nothing but what it says. */
  readonly taking: boolean;
  /** How many jobs it wants to have at a time from now on; undefined for as many as before. */
  readonly prefetch?: number | undefined;
  /** All deliveries that it has and that the broker has not confirmed a report of. */
  readonly holds: readonly HeldDelivery[];
  /** How far some of them are, as far as it is to be told anew. */
  readonly progress?: readonly RunProgress[] | undefined;
}

/** Writes the body. */
export function toStatementWire(
  { heard, taking, prefetch, holds, progress }: WorkerStatement,
): object {
  return {
    heard,
    taking,
    prefetch,
    ids: holds.map(({ id }) => id),
    deliveries: holds.map(({ delivery }) => delivery),
    progress,
  };
}

/** Reads the answer: the ids of those that the worker has and that are not its any more. */
export function readGone(value: unknown): readonly string[] {
  return readAs(goneSchema, value).gone;
}

const goneSchema: v.GenericSchema<unknown, { readonly gone: string[] }> = v.object(
  { gone: texts },
  "an object",
);
