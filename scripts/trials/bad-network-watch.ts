/**
 * Watches how fast workers finish jobs and how long jobs are in flight, and says when that is as usual again.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../src/client/mod.ts";

/** How long it took from the end of a phase, in ms; undefined for too long. */
export interface Recovery {
  /** Until each worker finished jobs at the usual rate. */
  readonly rateMs: number | undefined;
  /** Until no job was in flight for longer than any job takes. */
  readonly heldMs: number | undefined;
}

/** No job takes so long, with the time that it waits in a worker, in ms: one that is in flight for longer is run by nobody. */
const longestFlightMs = 2000;

/** The rate is that of the last second. */
const rateOverMs = 1000;

/** What is as usual: this part of the rate that was measured at first. */
const usualPart = 0.7;

/** A worker that gets a refusal that needs a person asks every half a minute. */
const patienceMs = 60_000;

/** The finished jobs of each worker. */
export class Finishes {
  readonly #times = new Map<string, number[]>();
  #usual = 0;

  constructor(workers: readonly string[]) {
    for (const worker of workers) this.#times.set(worker, []);
  }

  record(worker: string, count: number): void {
    const times = this.#times.get(worker);
    const now = performance.now();
    for (let at = 0; at < count; at++) times?.push(now);
  }

  /** Jobs in the last second, of the worker that has finished the fewest. */
  slowest(): number {
    const from = performance.now() - rateOverMs;
    const counts = [...this.#times.values()].map((times) => {
      while (times.length > 0 && times[0]! < from) times.shift();
      return times.length;
    });
    return Math.min(...counts);
  }

  /** Takes the median over some seconds for the usual rate. */
  async learnUsual(seconds: number): Promise<number> {
    const rates: number[] = [];
    for (let at = 0; at < seconds; at++) {
      await sleep(rateOverMs);
      rates.push(this.slowest());
    }
    this.#usual = rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)]!;
    return this.#usual;
  }

  get isUsual(): boolean {
    return this.slowest() >= this.#usual * usualPart;
  }
}

/** The longest time that a job is in flight now, in ms. */
async function findLongestFlightMs(client: Client): Promise<number> {
  let earliest = Infinity;
  for await (const { dequeuedAt } of client.list({ status: ["in_flight"], limit: 500 })) {
    earliest = Math.min(earliest, dequeuedAt ?? Infinity);
  }
  return Date.now() - earliest;
}

/** Waits until everything is as usual. */
export async function untilRecovered(client: Client, finishes: Finishes): Promise<Recovery> {
  const startedAt = performance.now();
  let rateMs: number | undefined;
  let heldMs: number | undefined;
  while (rateMs === undefined || heldMs === undefined) {
    const sinceMs = Math.round(performance.now() - startedAt);
    if (sinceMs > patienceMs) break;
    if (finishes.isUsual) rateMs ??= sinceMs;
    const isHeld = await findLongestFlightMs(client) > longestFlightMs;
    if (isHeld) heldMs = undefined;
    else heldMs ??= sinceMs;
    await sleep(100);
  }
  return { rateMs, heldMs };
}
