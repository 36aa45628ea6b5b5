/**
 * Who gets the next job.
 *
 * A consumer (an open take stream) has a seat. A seat is *hungry* while ready jobs may be there for it, and
 * *waiting* while it is hungry and has room. Only waiting seats cost anything: when a pick leaves no
 * job behind, the seat sleeps until a job becomes ready in one of its queues, and a full seat sleeps until
 * one of its jobs leaves flight. Nothing polls.
 *
 * | Event                          | hungry          | waiting                       |
 * | ------------------------------ | --------------- | ----------------------------- |
 * | connect                        | yes             | yes                           |
 * | a job became ready in a queue  | yes             | if it has room                |
 * | a pick left no job behind      | no (unless one became ready meanwhile) | no     |
 * | a pick filled the seat         | –               | no                            |
 * | a job of the seat left flight, or its reader caught up | – | if hungry           |
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import { budgetsOf } from "../../protocol/binding.ts";
import type { JobRecord } from "../../protocol/record.ts";
import type { Store } from "../../store/store.ts";
import { takeJobs } from "../../store/take.ts";
import type { ReadyJob } from "../../store/due.ts";
import { releaseJobs } from "../../store/finish.ts";
import { listLines } from "../../store/read.ts";
import { createLines } from "./lines.ts";

/** Jobs of one pick for one seat at most: bounds a chunk, and how long a transaction holds the loop. */
const pickSize = 500;

/** How long to wait before jobs of a vanished consumer are handed back again after the store failed, in ms. */
const retryMs = 1000;

/** What reads jobs: an open take stream. */
export interface Consumer {
  /** The queues it reads; all of them when undefined. */
  readonly queues: readonly string[] | undefined;
  /** How many jobs it may hold unfinished. */
  readonly prefetch: number;
  /** Whether it can be written to now: a reader that is slow to read gets nothing more. */
  canWrite(): boolean;
  /** Gets jobs, already in flight. */
  deliver(jobs: readonly JobRecord[]): void;
  /** The broker ends the stream. */
  end(): void;
}

/** A consumer's place. */
export interface Seat {
  /** Its reader has caught up. */
  drained(): void;
  /** The consumer is gone; its unfinished jobs go back. Doing it twice is fine. */
  leave(): Promise<void>;
}

/** Hands ready jobs to consumers. */
export interface Dispatcher {
  /** Seats a consumer. */
  seat(consumer: Consumer): Seat;
  /** These jobs became ready. */
  ready(jobs: Iterable<ReadyJob>): void;
  /** These jobs are in flight no more: their consumers have room again, and their budgets tokens. */
  settle(ids: Iterable<string>): void;
  /** More may be drawn on these budgets than before, or others go first; on all of them when undefined. */
  reopen(keys?: readonly string[]): void;
  /** Any job may have become ready, anywhere. */
  reload(): Promise<void>;
  /** How many jobs are in flight. */
  inFlight(): number;
  /** Ends every stream and hands their jobs back. */
  close(): Promise<void>;
}

interface Place {
  readonly consumer: Consumer;
  readonly held: Set<string>;
  hungry: boolean;
  gone: boolean;
}

/** Creates a dispatcher that lets at most `limit` jobs be in flight (0: any number). */
export function createDispatcher(
  { store, clock, logger, limit }: {
    readonly store: Store;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly limit: number;
  },
): Dispatcher {
  const places = new Set<Place>();
  /** In the order they are served: who was served goes to the end. */
  const waiting = new Set<Place>();
  const holders = new Map<string, Place>();
  /** The budgets of jobs in flight that draw on some. */
  const drawing = new Map<string, readonly string[]>();
  const lines = createLines();
  let opensAt = Infinity;
  let stopOpening = () => {};
  let wakes = 0;
  let dispatching = false;
  let closed = false;

  const roomOf = ({ consumer, held, gone }: Place) =>
    gone || !consumer.canWrite() ? 0 : Math.min(consumer.prefetch - held.size, pickSize);

  const call = (place: Place) => {
    if (place.hungry && roomOf(place) > 0) waiting.add(place);
  };

  /** The picks that the waiting places and the global limit allow now. */
  const plan = () => {
    const picks: { readonly place: Place; readonly limit: number }[] = [];
    let left = limit === 0 ? Infinity : limit - holders.size;
    for (const place of waiting) {
      if (left <= 0) break;
      const wanted = Math.min(roomOf(place), left);
      waiting.delete(place);
      if (wanted <= 0) continue;
      picks.push({ place, limit: wanted });
      left -= wanted;
    }
    return picks;
  };

  const hand = (place: Place, jobs: readonly JobRecord[]) => {
    for (const job of jobs) {
      holders.set(job.id, place);
      place.held.add(job.id);
      if (job.budgets !== null) drawing.set(job.id, budgetsOf(job));
    }
    if (place.gone) handBack(place);
    else if (jobs.length > 0) deliver(place, jobs);
  };

  /** What cannot be written goes back at once; the picks of others must not suffer from it. */
  const deliver = (place: Place, jobs: readonly JobRecord[]) => {
    try {
      place.consumer.deliver(jobs);
    } catch (error) {
      logger.error("Cannot write jobs to a stream, ending it", { error });
      place.consumer.end();
      leave(place);
    }
  };

  const dispatchOnce = async (picks: ReturnType<typeof plan>) => {
    const wakesBefore = wakes;
    const demands = picks.map(({ place, limit }) => ({ queues: place.consumer.queues, limit }));
    const open = lines.look();
    const taken = await store.write(() => takeJobs(demands, clock.now(), open));
    const opened = lines.learn(taken.news, taken.shut);
    openInTime();
    for (const [index, { place }] of picks.entries()) {
      const { jobs, exhausted } = taken.picks[index]!;
      if (exhausted && wakes === wakesBefore) place.hungry = false;
      hand(place, jobs);
      call(place);
    }
    wakeReaders(opened);
  };

  /** Sleeps until a budget opens by itself. */
  const openInTime = () => {
    const at = lines.nextOpening();
    if (at === opensAt) return;
    stopOpening();
    opensAt = at;
    if (at === Infinity) return;
    stopOpening = clock.setTimer(() => {
      opensAt = Infinity;
      wakeReaders(lines.reopenDue(clock.now()));
      openInTime();
    }, at - clock.now());
  };

  const dispatch = async () => {
    if (dispatching) return;
    dispatching = true;
    for (let picks = plan(); picks.length > 0; picks = plan()) {
      try {
        await dispatchOnce(picks);
      } catch (error) {
        lines.forget();
        logger.error("Cannot take jobs, ending the streams that asked", { error });
        for (const { place } of picks) {
          place.consumer.end();
          await leave(place);
        }
      }
    }
    dispatching = false;
  };

  /** Hands back all that a place holds, however often the store fails meanwhile. */
  const handBack = async (place: Place) => {
    const ids = [...place.held];
    place.held.clear();
    if (ids.length === 0) return;
    let bound: readonly ReadyJob[] | undefined;
    while (bound === undefined) {
      try {
        bound = await store.write(() => releaseJobs(ids.filter((id) => holders.get(id) === place)));
      } catch (error) {
        if (closed) break; // the next start recovers them
        logger.error("Cannot hand jobs back, trying again", { error, jobs: ids.length });
        await new Promise<void>((resolve) => clock.setTimer(resolve, retryMs));
      }
    }
    for (const id of ids) {
      if (holders.get(id) !== place) continue;
      holders.delete(id);
      drawing.delete(id);
    }
    lines.ready(bound ?? []);
    lines.release(new Set(bound?.flatMap(budgetsOf)));
    wake();
  };

  const leave = async (place: Place) => {
    if (place.gone) return;
    place.gone = true;
    places.delete(place);
    waiting.delete(place);
    await handBack(place);
  };

  /** Jobs may be ready in these queues; in any, when undefined. */
  const wake = (names?: ReadonlySet<string>) => {
    wakes++;
    for (const place of places) {
      if (place.hungry) continue;
      const reads = place.consumer.queues;
      if (names && reads && !reads.some((queue) => names.has(queue))) continue;
      place.hungry = true;
      call(place);
    }
    if (waiting.size > 0) dispatch();
  };

  const wakeReaders = (queues: ReadonlySet<string>) => {
    if (queues.size > 0) wake(queues);
  };

  return {
    seat(consumer) {
      const place: Place = { consumer, held: new Set(), hungry: true, gone: false };
      places.add(place);
      call(place);
      dispatch();
      return {
        drained() {
          call(place);
          dispatch();
        },
        leave: () => leave(place),
      };
    },
    ready: (jobs) => wakeReaders(lines.ready(jobs)),
    settle(ids) {
      const released = new Set<string>();
      for (const id of ids) {
        const place = holders.get(id);
        if (place === undefined) continue;
        holders.delete(id);
        place.held.delete(id);
        call(place);
        for (const key of drawing.get(id) ?? []) released.add(key);
        drawing.delete(id);
      }
      if (released.size > 0) wakeReaders(lines.release(released));
      if (waiting.size > 0) dispatch();
    },
    reopen: (keys) => wakeReaders(lines.reopen(keys)),
    async reload() {
      lines.replace(await store.read(listLines()));
      wake();
    },
    inFlight: () => holders.size,
    async close() {
      closed = true;
      stopOpening();
      await Promise.all([...places].map((place) => {
        place.consumer.end();
        return leave(place);
      }));
    },
  };
}
