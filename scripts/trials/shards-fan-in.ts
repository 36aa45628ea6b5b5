/**
 * Workers that look at some of the shards each: how long do jobs wait?
 *
 * A simulation by events. Jobs come to shards at random moments and wait in their order; a worker has places, and a place that is free
 * takes the oldest job of the shards that its worker looks at. Times are in the mean time that a job takes.
 *
 * @module
 */

import { choose } from "./shards-routing.ts";

/** What is simulated. */
export interface FanIn {
  /** What each shard has of all jobs, in shares that make 1. */
  readonly shares: readonly number[];
  readonly workers: number;
  /** How many jobs a worker does at once. */
  readonly places: number;
  /** At how many shards a worker looks. */
  readonly looksAt: number;
  /** How busy all places are together, from 0 to 1. */
  readonly load: number;
  readonly jobs: number;
  readonly random: () => number;
}

/** How long jobs waited, in the mean time that a job takes. */
export interface Waits {
  readonly p50: number;
  readonly p99: number;
  /** The p99 of the shard where it is longest. */
  readonly worstP99: number;
  /** Streams of all workers together. */
  readonly streams: number;
  /** Shards that nobody looks at. */
  readonly unseen: number;
}

/** Ends of jobs, the next one first: a binary heap of instants and workers. */
class Ends {
  readonly #at: number[] = [];
  readonly #worker: number[] = [];

  get next(): number {
    return this.#at[0] ?? Infinity;
  }

  push(at: number, worker: number): void {
    let place = this.#at.push(at) - 1;
    this.#worker.push(worker);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#at[above]! <= this.#at[place]!) return;
      this.#swap(place, above);
      place = above;
    }
  }

  pop(): number {
    const worker = this.#worker[0]!;
    const last = this.#at.length - 1;
    this.#swap(0, last);
    this.#at.pop();
    this.#worker.pop();
    for (let place = 0;;) {
      const left = 2 * place + 1;
      if (left >= last) return worker;
      const right = left + 1;
      const less = right < last && this.#at[right]! < this.#at[left]! ? right : left;
      if (this.#at[place]! <= this.#at[less]!) return worker;
      this.#swap(place, less);
      place = less;
    }
  }

  #swap(a: number, b: number): void {
    [this.#at[a], this.#at[b]] = [this.#at[b]!, this.#at[a]!];
    [this.#worker[a], this.#worker[b]] = [this.#worker[b]!, this.#worker[a]!];
  }
}

/** Lets jobs come and go. */
export function simulateFanIn(
  { shares, workers, places, looksAt, load, jobs, random }: FanIn,
): Waits {
  const shards = shares.map((_, shard) => shard);
  const seen = Array.from({ length: workers }, (_, worker) => choose(worker, shards, looksAt));
  const watchers: number[][] = shards.map(() => []);
  seen.forEach((list, worker) => list.forEach((shard) => watchers[shard]!.push(worker)));
  const served = shards.filter((shard) => watchers[shard]!.length > 0);
  const total = served.reduce((sum, shard) => sum + shares[shard]!, 0);
  const bounds: number[] = [];
  served.reduce((sum, shard) => (bounds.push(sum + shares[shard]! / total), bounds.at(-1)!), 0);

  const exponential = () => -Math.log(1 - random());
  const free = new Int32Array(workers).fill(places);
  const queues: { readonly items: number[]; head: number }[] = shards.map(() => ({
    items: [],
    head: 0,
  }));
  const waits: number[][] = shards.map(() => []);
  const ends = new Ends();
  const rate = load * workers * places;
  let now = 0;
  let arrival = exponential() / rate;

  const begin = (shard: number, worker: number, cameAt: number) => {
    waits[shard]!.push(now - cameAt);
    free[worker]!--;
    ends.push(now + exponential(), worker);
  };
  for (let came = 0; came < jobs;) {
    if (arrival <= ends.next) {
      now = arrival;
      arrival = now + exponential() / rate;
      came++;
      const at = random();
      const shard = served[bounds.findIndex((bound) => at < bound)] ?? served.at(-1)!;
      // The broker hands a job to whoever of its streams has room; chance says who.
      const list = watchers[shard]!;
      const first = Math.floor(random() * list.length);
      let taker: number | undefined;
      for (let step = 0; step < list.length && taker === undefined; step++) {
        const worker = list[(first + step) % list.length]!;
        if (free[worker]! > 0) taker = worker;
      }
      if (taker === undefined) queues[shard]!.items.push(now);
      else begin(shard, taker, now);
    } else {
      now = ends.next;
      const worker = ends.pop();
      free[worker]!++;
      let oldest: number | undefined;
      for (const shard of seen[worker]!) {
        const { items, head } = queues[shard]!;
        if (head === items.length) continue;
        if (oldest === undefined) oldest = shard;
        else if (items[head]! < queues[oldest]!.items[queues[oldest]!.head]!) oldest = shard;
      }
      if (oldest !== undefined) {
        const queue = queues[oldest]!;
        begin(oldest, worker, queue.items[queue.head++]!);
      }
    }
  }
  // Those that still wait have waited so long at least.
  queues.forEach(({ items, head }, shard) => {
    for (const cameAt of items.slice(head)) waits[shard]!.push(now - cameAt);
  });
  const all = waits.flat().sort((a, b) => a - b);
  const p99s = waits.filter((list) => list.length > 0).map((list) =>
    quantile(list.sort((a, b) => a - b), 0.99)
  );
  return {
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    worstP99: Math.max(...p99s),
    streams: workers * looksAt,
    unseen: shards.length - served.length,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
