/**
 * Enqueues the numbered jobs of the trial of a bad network, so that some always wait.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../src/client/mod.ts";
import { toBadNetworkJob } from "./bad-network-jobs.ts";

/** So many wait at least. */
const fewestReady = 400;
const jobsOfCall = 200;

/** Enqueues jobs. */
export interface Feeder {
  /** How many were enqueued. */
  readonly count: number;
  /** Enqueues nothing until it goes on: a call whose answer is lost could not be repeated. */
  pause(): Promise<void>;
  goOn(): void;
  /** Enqueues the rest of `jobs`, and resolves when all are enqueued. */
  finish(jobs: number): Promise<void>;
}

/** Starts to enqueue, straight at the broker. */
export function startFeeder(client: Client): Feeder {
  let count = 0;
  let isPaused = false;
  let until: number | undefined;
  let feeding = Promise.resolve();
  const feed = async () => {
    const numbers = Array.from({ length: jobsOfCall }, (_, at) => count + at);
    await client.enqueueMany(numbers.map(toBadNetworkJob));
    count += numbers.length;
  };
  const ended = (async () => {
    while (until === undefined || count < until) {
      const isHungry = !isPaused && await client.count({ status: ["ready"] }) < fewestReady;
      if (isHungry && !isPaused) await (feeding = feed());
      else await sleep(50);
    }
  })();
  return {
    get count() {
      return count;
    },
    async pause() {
      isPaused = true;
      await feeding;
    },
    goOn: () => void (isPaused = false),
    async finish(jobs) {
      until = jobs;
      await ended;
    },
  };
}
