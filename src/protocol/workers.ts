/**
 * The workers of a broker, as answers show them.
 *
 * @module
 */

import * as v from "valibot";
import { linksSchema, type PageLinks, type ReadPage } from "./page.ts";
import { readAs, text, texts, u32, u64 } from "./schema.ts";

/** A worker, and how much it has. */
export interface SeenWorker {
  /** What it calls itself. */
  readonly id: string;
  /** When it was seen last, in ms since the epoch. */
  readonly lastSeenAt: number;
  /** How many jobs it has, those with a lease that ended excepted. */
  readonly jobs: number;
  /** How many jobs it has whose lease ended. */
  readonly stalled: number;
}

/** A worker, and what it has. */
export interface WorkerDetails {
  /** What it calls itself. */
  readonly id: string;
  /** When it was seen last, in ms since the epoch; undefined if it was deregistered since. */
  readonly lastSeenAt?: number | undefined;
  /** The ids of its jobs, at most 2000, those with a lease that ended excepted. */
  readonly jobs: readonly string[];
  /** The ids of its jobs whose lease ended, at most 2000. */
  readonly stalled: readonly string[];
}

/** Writes a worker of `GET /workers`. */
function toSeenWire({ id, lastSeenAt, jobs, stalled }: SeenWorker): object {
  return { id, last_seen_at: lastSeenAt, jobs, stalled };
}

/** Writes the answer of `GET /workers`. */
export function toWorkersWire(workers: readonly SeenWorker[], pages: PageLinks): object {
  return { workers: workers.map(toSeenWire), pages };
}

/** Writes the answer of `GET /workers/{id}`. */
export function toWorkerWire({ id, lastSeenAt, jobs, stalled }: WorkerDetails): object {
  return { id, last_seen_at: lastSeenAt ?? null, jobs, stalled };
}

const workersSchema: v.GenericSchema<unknown, { readonly workers: SeenWorker[] }> = v.object({
  workers: v.array(
    v.pipe(
      v.object({ id: text, last_seen_at: u64, jobs: u32, stalled: u32 }, "an object"),
      v.transform(({ id, last_seen_at, jobs, stalled }): SeenWorker => {
        return { id, lastSeenAt: last_seen_at, jobs, stalled };
      }),
    ),
    "a list",
  ),
}, "an object");

/** Reads the answer of `GET /workers`. */
export function readWorkers(value: unknown): ReadPage<SeenWorker> {
  return { items: readAs(workersSchema, value).workers, links: readAs(linksSchema, value).pages };
}

const workerSchema: v.GenericSchema<unknown, WorkerDetails> = v.pipe(
  v.object({ id: text, last_seen_at: v.nullish(u64), jobs: texts, stalled: texts }, "an object"),
  v.transform(({ id, last_seen_at, jobs, stalled }): WorkerDetails => {
    return {
      id,
      jobs,
      stalled,
      ...typeof last_seen_at === "number" && { lastSeenAt: last_seen_at },
    };
  }),
);

/** Reads the answer of `GET /workers/{id}`. */
export function readWorker(value: unknown): WorkerDetails {
  return readAs(workerSchema, value);
}
