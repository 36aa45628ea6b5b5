/**
 * Who serves what: which queues are read by open streams, for which types of jobs, and who asks without a stream.
 *
 * It is put together when somebody asks, from the subscribers that there are, so it costs nothing on the path of a job. Where
 * several brokers share a database, each writes then what it has, and whoever was asked reads that of the others.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { createTurns } from "../../async/turns.ts";
import type { QueueServing } from "../../protocol/serving.ts";
import type { WorkerServing } from "../../protocol/workers.ts";
import { longestAbout, readWorkerAbout } from "../../protocol/worker-about.ts";
import {
  lastStart,
  listServing,
  listServingOf,
  type Readers,
  type ReadersRow,
  writeServing,
} from "../../store/serving.ts";
import type { Store } from "../../store/store.ts";
import type { Member } from "./member.ts";

/** Those who ask without a stream are known one by one up to this number; of others only when the last one of them asked. */
const mostAskers = 1000;

/** Nor is one who names queues of more characters together: a call may name as many as a body has room for. */
const longestNames = 4000;

/** That somebody asked again within so long is not written anew, in ms. */
const askedAgainMs = 10_000;

/** Who asked within so long still serves a queue, in ms. */
const servesMs = 120_000;

/** Rows that one transaction writes. */
const pieceSize = 500;

/** Who serves what. */
export interface Serving {
  /** A worker without a stream asks for jobs of queues; all when undefined. */
  asked(worker: string | undefined, queues: readonly string[] | undefined): void;
  /**
   * Who serves a queue.
   *
   * @param type A type of jobs: tells also who runs those.
   */
  ofQueue(queue: string, type?: string): Promise<QueueServing>;
  /** What workers serve, of each of these; the others have written theirs. */
  ofWorkers(workers: readonly string[]): Promise<ReadonlyMap<string, WorkerServing>>;
  /** How many streams read each of these queues, and workers that asked for its jobs lately. The others have written theirs. */
  countReaders(queues: readonly string[]): Promise<readonly number[]>;
  /** Writes what others may ask for. */
  flush(): Promise<void>;
}

/** Creates it. */
export function createServing(
  { store, clock, subscribers, broker, writeOthers }: {
    readonly store: Store;
    readonly clock: Clock;
    /** Who is subscribed. */
    readonly subscribers: () => Iterable<Member>;
    /** The row of `brokers` that stands for this broker. */
    readonly broker: () => number;
    /** Has other brokers write what they have; gives whether all have. */
    readonly writeOthers: () => Promise<boolean>;
  },
): Serving {
  /** When who asked for what, those last who asked last. */
  const asked = new Map<string, Askers>();
  /** When the last one of those asked who are not known any more; they may have asked for anything. */
  let forgottenAt: number | undefined;
  const startedAt = clock.now();
  let written = new Map<string, ReadersRow>();
  let writtenAs: number | undefined;
  let entries = 0;
  let writing: Promise<void> | undefined;

  const noteAsked = (worker: string | undefined, queues: readonly string[] | undefined) => {
    if (isLong(queues)) {
      forgottenAt = clock.now();
      return;
    }
    const key = toKey({ worker, queues });
    asked.delete(key);
    asked.set(key, { worker, queues, askedAt: clock.now() });
    if (asked.size <= mostAskers) return;
    const [oldest, { askedAt }] = asked.entries().next().value!;
    asked.delete(oldest);
    forgottenAt = Math.max(forgottenAt ?? 0, askedAt);
  };

  /** What this broker knows, by who says the same. */
  const gather = async (): Promise<Map<string, Readers>> => {
    const found = new Map<string, Readers>();
    const add = (source: Source, more: Partial<Readers>) => {
      const key = toKey(source);
      const { streams = 0, resting = 0, askedAt = null } = more;
      const known = found.get(key);
      found.set(key, {
        worker: source.worker ?? null,
        queues: source.queues === undefined ? null : JSON.stringify(source.queues),
        about: source.about ?? null,
        streams: (known?.streams ?? 0) + streams,
        resting: (known?.resting ?? 0) + resting,
        askedAt: Math.max(known?.askedAt ?? 0, askedAt ?? 0) || null,
      });
    };
    const turns = createTurns(clock);
    for (const { subscriber, taking } of [...subscribers()]) {
      if (turns.isOver()) await turns.pause();
      const { worker, queues, about } = subscriber;
      if (subscriber.isOnce) {
        add(isLong(queues) ? anybody : { worker, queues }, { askedAt: clock.now() });
      } else {
        const said = (about?.length ?? 0) > longestAbout ? undefined : about;
        add({ worker, queues, about: said }, taking ? { streams: 1 } : { resting: 1 });
      }
    }
    for (const { askedAt, ...source } of [...asked.values()]) {
      if (turns.isOver()) await turns.pause();
      add(source, { askedAt });
    }
    if (forgottenAt !== undefined) add(anybody, { askedAt: forgottenAt });
    return found;
  };

  const write = async () => {
    const own = broker();
    if (own !== writtenAs) written = new Map();
    writtenAs = own;
    const found = await gather();
    const gone = [...written].filter(([key]) => !found.has(key));
    const changed: [string, ReadersRow][] = [];
    for (const [key, readers] of found) {
      const before = written.get(key);
      if (before !== undefined && isSame(before, readers)) continue;
      changed.push([key, { ...readers, entry: before?.entry ?? ++entries }]);
    }
    for (let at = 0; at < Math.max(changed.length, gone.length); at += pieceSize) {
      const piece = changed.slice(at, at + pieceSize);
      const leaving = gone.slice(at, at + pieceSize);
      await store.write(() =>
        writeServing(own, {
          changed: piece.map(([, row]) => row),
          gone: leaving.map(([, { entry }]) => entry),
        }), piece.length + leaving.length);
      for (const [key, row] of piece) written.set(key, row);
      for (const [key] of leaving) written.delete(key);
    }
  };

  const flush = async () => {
    if (!store.isShared) return;
    // One that is under way may have looked before the last one came.
    if (writing !== undefined) await writing.catch(() => {});
    await (writing ??= write().finally(() => writing = undefined));
  };

  const readOthers = async (): Promise<readonly Readers[]> =>
    store.isShared ? await store.read(listServing(broker())) : [];

  return {
    asked: noteAsked,
    async ofQueue(queue, type) {
      const complete = await writeOthers();
      const all = [...(await gather()).values(), ...await readOthers()];
      const since = store.isShared ? await store.read(lastStart()) : startedAt;
      let [streams, resting, untyped, ofType, askedAt] = [0, 0, 0, 0, 0];
      const turns = createTurns(clock);
      for (const readers of all) {
        if (turns.isOver()) await turns.pause();
        if (!reads(readers, queue)) continue;
        const { types } = readWorkerAbout(readers.about);
        streams += readers.streams;
        resting += readers.resting;
        if (types === undefined) untyped += readers.streams;
        else if (type !== undefined && types.includes(type)) ofType += readers.streams;
        askedAt = Math.max(askedAt, readers.askedAt ?? 0);
      }
      return {
        queue,
        streams,
        resting,
        untyped,
        ...type !== undefined && { ofType },
        ...askedAt > 0 && { askedAt },
        since,
        complete,
      };
    },
    async ofWorkers(workers) {
      const readers = new Map<string, Readers[]>(workers.map((worker) => [worker, []]));
      const others = store.isShared ? await store.read(listServingOf(workers, broker())) : [];
      for (const one of [...(await gather()).values(), ...others]) {
        if (one.worker !== null) readers.get(one.worker)?.push(one);
      }
      return new Map([...readers].map(([worker, all]) => [worker, toWorkerServing(all)]));
    },
    async countReaders(queues) {
      const since = clock.now() - servesMs;
      const counts = new Map<string, number>();
      let ofAll = 0;
      const turns = createTurns(clock);
      for (const readers of [...(await gather()).values(), ...await readOthers()]) {
        if (turns.isOver()) await turns.pause();
        const readersHere = readers.streams + ((readers.askedAt ?? 0) > since ? 1 : 0);
        if (readers.queues === null) ofAll += readersHere;
        else {
          for (const queue of JSON.parse(readers.queues) as string[]) {
            counts.set(queue, (counts.get(queue) ?? 0) + readersHere);
          }
        }
      }
      return queues.map((queue) => ofAll + (counts.get(queue) ?? 0));
    },
    flush,
  };
}

/** Who reads what. */
interface Source {
  readonly worker: string | undefined;
  readonly queues: readonly string[] | undefined;
  readonly about?: string | undefined;
}

interface Askers extends Source {
  readonly askedAt: number;
}

/** So many names are told of one worker. */
const mostNames = 100;

function toWorkerServing(all: readonly Readers[]): WorkerServing {
  const queues = new Set<string>();
  const types = new Set<string>();
  let [streams, stoppable, readsAll, saysTypes] = [0, 0, all.length === 0, all.length > 0];
  for (const readers of all) {
    const open = readers.streams + readers.resting;
    const about = readWorkerAbout(readers.about);
    streams += open;
    if (about.stops) stoppable += open;
    if (readers.queues === null) readsAll = true;
    else for (const queue of JSON.parse(readers.queues) as string[]) queues.add(queue);
    if (about.types === undefined) saysTypes = false;
    for (const type of about.types ?? []) types.add(type);
  }
  return {
    streams,
    stoppable,
    ...!readsAll && { queues: [...queues].sort().slice(0, mostNames) },
    ...saysTypes && { types: [...types].sort().slice(0, mostNames) },
  };
}

/** One of whom nothing is known: it may have asked for any queue. */
const anybody: Source = { worker: undefined, queues: undefined };

function isLong(queues: readonly string[] | undefined): boolean {
  let length = 0;
  return queues?.some((queue) => (length += queue.length) > longestNames) === true;
}

/** The same for all who say the same. */
function toKey({ worker, queues, about }: Source): string {
  return JSON.stringify([worker, queues, about]);
}

function reads({ queues }: Readers, queue: string): boolean {
  return queues === null || (JSON.parse(queues) as string[]).includes(queue);
}

function isSame(before: Readers, now: Readers): boolean {
  const elapsedMs = (now.askedAt ?? 0) - (before.askedAt ?? 0);
  return before.streams === now.streams && before.resting === now.resting &&
    elapsedMs < askedAgainMs;
}
