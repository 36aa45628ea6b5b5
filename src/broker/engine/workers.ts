/**
 * The workers of the broker: who was seen when, and what each has.
 *
 * A worker is seen when it opens a take stream, asks for jobs, renews a lease, or says that it lives. That is kept in memory, and written once a
 * minute for each worker at most, and before it is asked for.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { pause } from "../../async/turns.ts";
import type { Logger } from "../../log.ts";
import { maxPageLimit } from "../../protocol/limits.ts";
import type { PageQuery } from "../../protocol/query.ts";
import type { SeenWorker, WorkerDetails, WorkerServing } from "../../protocol/workers.ts";
import type { Change } from "../../store/changes.ts";
import type { Store } from "../../store/store.ts";
import {
  countLeased,
  countOnStream,
  findWorker,
  forgetWorkers,
  listOfWorker,
  listOnStream,
  listStreams,
  listWorkers,
  markSeen,
  removeWorker,
  removeWorkers,
} from "../../store/workers.ts";
import type { Member } from "./member.ts";
import type { Serving } from "./serving.ts";
import type { Settings } from "./settings.ts";
import type { Steering } from "./steering.ts";
import { createWriteBehind } from "./write-behind.ts";

/** How often it is written that a worker was seen, in ms. */
const writeIntervalMs = 60_000;

/** How often it is looked for quiet workers that are gone for good, in ms. */
const quietIntervalMs = 3_600_000;

/** Workers in memory at most; with more, all that is known is written and forgotten. */
const mostInMemory = 10_000;

/** Workers that one transaction writes. */
const pieceSize = 500;

/** A page of workers. */
export interface WorkerPage {
  readonly workers: readonly SeenWorker[];
  /** Whether there are more behind it. */
  readonly more: boolean;
}

/** The workers. */
export interface Workers {
  /** A worker was seen, which may have no name. */
  seen(worker: string | undefined): void;
  /** Workers took jobs, as a commit tells. */
  add(changes: readonly Change[]): void;
  /** Those that were seen in a while, in the order in which they were seen. */
  list(page: PageQuery<{ readonly id: string; readonly seenAt: number }>): Promise<WorkerPage>;
  /** Undefined if it was not seen in a while, and has nothing. */
  get(id: string): Promise<WorkerDetails | undefined>;
  /** Forgets that a worker was seen; its jobs stay its. Gives whether it was. */
  remove(id: string): Promise<boolean>;
  /** Hands a worker no more jobs; gives whether it is known. */
  quiet(id: string): Promise<boolean>;
  /** Hands it jobs again; gives whether it is known. */
  resume(id: string): Promise<boolean>;
  /**
   * Tells a worker to stop, on those of its streams that understand it.
   *
   * @returns How many streams it has, and how many understand it; undefined if it is not known.
   */
  tellStop(id: string): Promise<Pick<WorkerServing, "streams" | "stoppable"> | undefined>;
  /** Forgets all. */
  removeAll(): Promise<void>;
  /** Writes what was gathered. */
  flush(): Promise<void>;
  /** Writes the rest. */
  stop(): Promise<void>;
}

/** Creates what knows the workers. */
export function createWorkers(
  { store, clock, timers, logger, settings, subscribers, quiet, steering, serving, writeOthers }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly timers: boolean;
    readonly logger: Logger;
    readonly settings: Pick<Settings, "maxWorkerAgeMs">;
    /** Who is subscribed. */
    readonly subscribers: () => Iterable<Member>;
    /** The names of workers that get no jobs. */
    readonly quiet: ReadonlySet<string>;
    readonly steering: Omit<Steering, "load">;
    readonly serving: Pick<Serving, "ofWorkers">;
    /** Has other brokers write what they gathered. */
    readonly writeOthers: () => Promise<boolean>;
  },
): Workers {
  /** When each was seen last, and what of that is written. */
  const known = new Map<string, { seenAt: number; writtenAt: number }>();
  const since = () => clock.now() - settings.maxWorkerAgeMs;

  /** Those who get no jobs are seen as long as they listen: they are quiet until they are gone. */
  const seeQuiet = () => {
    if (quiet.size === 0) return;
    for (const { subscriber: { worker } } of subscribers()) {
      if (worker !== undefined && quiet.has(worker)) seen(worker);
    }
  };

  let quietLookedAt = clock.now();
  /** Not within a write: the others are to write first who listens to them. */
  const forgetQuiet = async () => {
    if (quiet.size === 0 || clock.now() - quietLookedAt < quietIntervalMs) return;
    quietLookedAt = clock.now();
    try {
      if (await writeOthers()) await steering.forget(since());
    } catch (error) {
      logger.warn("Cannot forget quiet workers, trying again later", { error });
    }
  };

  const behind = createWriteBehind({
    clock,
    timers,
    logger,
    async write() {
      seeQuiet();
      const all = [...known].filter(([, { seenAt, writtenAt }]) => seenAt !== writtenAt);
      for (let at = 0; at < all.length; at += pieceSize) {
        if (at > 0) await pause(clock);
        const piece = all.slice(at, at + pieceSize).map(([id, { seenAt }]) => ({ id, seenAt }));
        await store.write(() => markSeen(piece), piece.length);
        for (const { id, seenAt } of piece) {
          const worker = known.get(id);
          if (worker !== undefined) worker.writtenAt = seenAt;
        }
      }
      if (all.length === 0) return;
      const idle = clock.now() - writeIntervalMs;
      const isFull = known.size > mostInMemory;
      for (const [id, { seenAt, writtenAt }] of known) {
        if (seenAt === writtenAt && (isFull || seenAt < idle)) known.delete(id);
      }
      while (await store.write(() => forgetWorkers(since()))) await pause(clock);
      void forgetQuiet();
    },
  });

  const seen = (id: string | undefined) => {
    if (id === undefined) return;
    const seenAt = clock.now();
    const worker = known.get(id);
    if (worker !== undefined) worker.seenAt = seenAt;
    // Nobody is kept whom the store cannot take.
    else if (known.size < 2 * mostInMemory) known.set(id, { seenAt, writtenAt: -Infinity });
    else return;
    if (seenAt - (worker?.writtenAt ?? -Infinity) >= writeIntervalMs) behind.note();
  };

  const countJobs = async (workers: readonly string[]): Promise<ReadonlyMap<string, Load>> => {
    const now = clock.now();
    const counts = new Map<string, Load>();
    for (const [at, worker] of workers.entries()) {
      if (at > 0 && at % streamsOfTurn === 0) await pause(clock);
      counts.set(worker, await store.read(countLeased(worker, now)));
    }
    for (const [at, { holder, worker }] of (await store.read(listStreams(workers))).entries()) {
      if (at > 0 && at % streamsOfTurn === 0) await pause(clock);
      const { jobs, stalled } = counts.get(worker)!;
      counts.set(worker, { jobs: jobs + await store.read(countOnStream(holder)), stalled });
    }
    return counts;
  };

  const isKnown = async (id: string): Promise<boolean> => {
    await Promise.all([behind.flush(), writeOthers()]);
    return quiet.has(id) || await store.read(findWorker(id, since())) !== undefined;
  };

  return {
    seen,
    add(changes) {
      for (const change of changes) {
        if (change.kind === "jobs" && change.cause === "taken" && "worker" in change) {
          seen(change.worker);
        }
      }
    },
    async list({ from, order, limit }) {
      await Promise.all([behind.flush(), writeOthers()]);
      const range = { behind: from, order, limit: limit + 1 };
      const found = await store.read(listWorkers(since(), range));
      const page = found.slice(0, limit);
      const ids = page.map(({ id }) => id);
      const counts = await countJobs(ids);
      const served = await serving.ofWorkers(ids);
      return {
        workers: page.map(({ id, seenAt }) => {
          const work = { ...counts.get(id)!, ...served.get(id)! };
          return { id, lastSeenAt: seenAt, ...work, quiet: quiet.has(id) };
        }),
        more: found.length > limit,
      };
    },
    async get(id) {
      await Promise.all([behind.flush(), writeOthers()]);
      const lastSeenAt = await store.read(findWorker(id, since()));
      const most = { now: clock.now(), limit: maxPageLimit };
      const stalled = await store.read(listOfWorker(id, { ...most, ended: true }));
      const jobs = await store.read(listOfWorker(id, { ...most, ended: false }));
      for (const { holder } of await store.read(listStreams([id]))) {
        if (jobs.length >= maxPageLimit) break;
        jobs.push(...await store.read(listOnStream(holder, maxPageLimit - jobs.length)));
      }
      if (lastSeenAt === undefined && jobs.length + stalled.length === 0) return undefined;
      const served = (await serving.ofWorkers([id])).get(id)!;
      return { id, lastSeenAt, jobs, stalled, ...served, quiet: quiet.has(id) };
    },
    async remove(id) {
      const wasKnown = known.delete(id);
      return await store.write(() => removeWorker(id)) || wasKnown;
    },
    async quiet(id) {
      if (!await isKnown(id)) return false;
      await steering.quiet(id);
      return true;
    },
    async resume(id) {
      if (!await isKnown(id)) return false;
      await steering.resume(id);
      return true;
    },
    async tellStop(id) {
      if (!await isKnown(id)) return undefined;
      const { streams, stoppable } = (await serving.ofWorkers([id])).get(id)!;
      if (stoppable > 0) await steering.stop(id);
      return { streams, stoppable };
    },
    async removeAll() {
      known.clear();
      await store.write(removeWorkers);
    },
    flush: behind.flush,
    stop: behind.stop,
  };
}

/** How many jobs a worker has. */
type Load = Pick<SeenWorker, "jobs" | "stalled">;

/** Streams, or workers, whose jobs are counted in one turn. */
const streamsOfTurn = 20;
