/**
 * Jobs that come at a steady rate, whatever became of those before: how long each takes from the call to its handler.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "./ratios.ts";
import type { Subject } from "./subject.ts";

/** How fast and how long. */
export interface OpenLoop {
  /** Jobs a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** Times from the call that enqueues to the handler, in ms. */
export interface Latency {
  readonly jobs: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** How much later than planned the latest call was made: what the machine did to the bench itself. */
  readonly latestCall: number;
  /** CPU time of the code under test. */
  readonly cpuMs: number;
}

/**
 * Enqueues one job at a time, at a steady rate, while a worker runs.
 *
 * @param subject Its `enqueueOne` must accept a call before the one before is answered.
 * @throws {Error} If a job was not handled exactly once, or is left.
 */
export async function runOpenLoop(
  subject: Subject,
  { rate, seconds }: OpenLoop,
): Promise<Latency> {
  const jobs = Math.round(rate * seconds);
  const handledAt = new Map<string, number>();
  let twice: string | undefined;
  const cpuBefore = await subject.cpuMs();
  const drained = subject.drain(jobs, 25, (id) => {
    if (handledAt.has(id)) twice = id;
    handledAt.set(id, performance.now());
  });
  // The handler may run before the call is answered: only then is the id known here.
  const calledAt = new Map<string, number>();
  const calls: Promise<void>[] = [];
  let latestCall = 0;
  const startedAt = performance.now();
  for (let at = 0; at < jobs; at++) {
    const dueAt = startedAt + at * 1000 / rate;
    // Without spinning, as the server needs the processor too. A late call is timed from when it was made.
    while (performance.now() < dueAt) await sleep(1);
    const now = performance.now();
    latestCall = Math.max(latestCall, now - dueAt);
    calls.push(subject.enqueueOne(at).then((id) => void calledAt.set(id, now)));
  }
  await Promise.all([drained, ...calls]);
  const cpuMs = await subject.cpuMs() - cpuBefore;
  if (twice !== undefined) throw new Error(`Job ${twice} was delivered twice`);
  const times = [...calledAt].map(([id, called]) => {
    const handled = handledAt.get(id);
    if (handled === undefined) throw new Error(`Job ${id} was not delivered`);
    return handled - called;
  });
  const left = await subject.count();
  if (times.length !== jobs || left > 0) {
    throw new Error(`${times.length} of ${jobs} jobs were delivered, ${left} are left`);
  }
  return {
    jobs,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    longest: quantile(times, 1),
    latestCall,
    cpuMs,
  };
}
