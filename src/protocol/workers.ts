/**
 * The workers of a broker, as answers show them.
 *
 * @module
 */

import * as v from "valibot";
import { linksSchema, type PageLinks, type ReadPage } from "./page.ts";
import { bool, readAs, text, texts, u32, u64 } from "./schema.ts";

/** What a worker serves. */
export interface WorkerServing {
  /** How many take streams it has open, at all brokers. */
  readonly streams: number;
  /** How many of these belong to a worker that stops when it is told to. */
  readonly stoppable: number;
  /** The queues that it reads, at most 100; undefined for all, or if it is not known. */
  readonly queues?: readonly string[] | undefined;
  /** The types of jobs that it says that it runs, at most 100; undefined if it does not say. */
  readonly types?: readonly string[] | undefined;
}

/** What a worker serves, and whether it is to. */
export interface SteeredWorker extends WorkerServing {
  /** Whether it gets no jobs, because somebody wants it so. */
  readonly quiet: boolean;
}

/** A worker, and how much it has. */
export interface SeenWorker extends SteeredWorker {
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
export interface WorkerDetails extends SteeredWorker {
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
function toSeenWire({ id, lastSeenAt, jobs, stalled, ...steered }: SeenWorker): object {
  return { id, last_seen_at: lastSeenAt, jobs, stalled, ...toSteeredWire(steered) };
}

function toSteeredWire({ streams, stoppable, queues, types, quiet }: SteeredWorker): object {
  return { streams, stoppable, queues: queues ?? null, types: types ?? null, quiet };
}

/** Writes the answer of `GET /workers`. */
export function toWorkersWire(workers: readonly SeenWorker[], pages: PageLinks): object {
  return { workers: workers.map(toSeenWire), pages };
}

/** Writes the answer of `GET /workers/{id}`. */
export function toWorkerWire(
  { id, lastSeenAt, jobs, stalled, ...steered }: WorkerDetails,
): object {
  return { id, last_seen_at: lastSeenAt ?? null, jobs, stalled, ...toSteeredWire(steered) };
}

/** Brokers of before say nothing of it. */
const steeredEntries = {
  streams: v.optional(u32, 0),
  stoppable: v.optional(u32, 0),
  queues: v.nullish(texts),
  types: v.nullish(texts),
  quiet: v.optional(bool, false),
};

function toSteered(
  { streams, stoppable, queues, types, quiet }: {
    readonly streams: number;
    readonly stoppable: number;
    readonly queues?: readonly string[] | null | undefined;
    readonly types?: readonly string[] | null | undefined;
    readonly quiet: boolean;
  },
): SteeredWorker {
  return { streams, stoppable, quiet, ...queues && { queues }, ...types && { types } };
}

const workersSchema: v.GenericSchema<unknown, { readonly workers: SeenWorker[] }> = v.object({
  workers: v.array(
    v.pipe(
      v.object(
        { id: text, last_seen_at: u64, jobs: u32, stalled: u32, ...steeredEntries },
        "an object",
      ),
      v.transform(({ id, last_seen_at, jobs, stalled, ...wire }): SeenWorker => {
        return { id, lastSeenAt: last_seen_at, jobs, stalled, ...toSteered(wire) };
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
  v.object({
    id: text,
    last_seen_at: v.nullish(u64),
    jobs: texts,
    stalled: texts,
    ...steeredEntries,
  }, "an object"),
  v.transform(({ id, last_seen_at, jobs, stalled, ...wire }): WorkerDetails => {
    return {
      id,
      jobs,
      stalled,
      ...toSteered(wire),
      ...typeof last_seen_at === "number" && { lastSeenAt: last_seen_at },
    };
  }),
);

/** Reads the answer of `GET /workers/{id}`. */
export function readWorker(value: unknown): WorkerDetails {
  return readAs(workerSchema, value);
}

/** Reads the answer of `POST /workers/{id}/stop`: on how many streams the worker was told. */
export function readTold(value: unknown): number {
  return readAs(toldSchema, value).told;
}

const toldSchema: v.GenericSchema<unknown, { readonly told: number }> = v.object(
  { told: u32 },
  "an object",
);
