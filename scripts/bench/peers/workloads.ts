/**
 * What every system is measured by. Every job is counted: what was enqueued is handled once, and nothing is left.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../ratios.ts";
import type { Peer, Work, Workers } from "./peer.ts";

/** How much is measured. */
export interface Load {
  /** Jobs of the larger figures. */
  readonly jobs: number;
  /** Jobs a second of the open loop. */
  readonly rate: number;
  /** How long the open loop is. */
  readonly seconds: number;
}

/** What one workload took. */
export interface PeerFigure {
  readonly name: string;
  readonly jobs: number;
  /** On the clock; of a drain, from the first handler to the last completion. */
  readonly ms: number;
  /** CPU time of this process. */
  readonly cpuMs: number;
  /** From the call that enqueues to the handler, in ms; of the open loop only. */
  readonly latency?: { readonly p50: number; readonly p99: number; readonly latestCall: number };
}

/** Jobs in one call that enqueues many, and callers that enqueue one by one. */
const many = 1000;
const callers = 25;

/** The names of the figures, in their order. */
const figures = [
  "enqueue, 1,000 a call",
  "drain, concurrency 100",
  "enqueue one, 25 callers",
  "drain, concurrency 25",
  "drain, concurrency 1",
  "open loop",
] as const;

/** No drain takes longer, in ms: a job that never comes is a job that was lost. */
const longestMs = 120_000;

/**
 * Measures all figures, on a system without jobs, and leaves none. Stops before each, when all is prepared, and after it, so that
 * several systems can be measured in turn.
 *
 * @returns A figure after each workload, nothing before it.
 */
export async function* measureAll(
  peer: Peer,
  { jobs, rate, seconds }: Load,
): AsyncGenerator<PeerFigure | undefined, void> {
  let given = 0;
  const takeNumbers = (count: number) => Array.from({ length: count }, () => given++);

  const enqueueInBulk = async (count: number) => {
    for (let left = count; left > 0; left -= many) {
      await peer.enqueueMany(takeNumbers(Math.min(many, left)));
    }
  };
  const enqueueSingly = async (count: number) => {
    let left = count;
    await Promise.all(Array.from({ length: callers }, async () => {
      while (left-- > 0) await peer.enqueueOne(given++);
    }));
  };
  const [bulk, drain100, single, drain25, drain1, open] = figures;

  yield;
  yield await measure(bulk, jobs, () => enqueueInBulk(jobs));
  yield;
  yield await measure(drain100, jobs, () => drain(peer, { from: 0, to: given, concurrency: 100 }));

  const singles = Math.ceil(jobs / 2);
  const from = given;
  yield;
  yield await measure(single, singles, () => enqueueSingly(singles));
  yield;
  yield await measure(
    drain25,
    singles,
    () => drain(peer, { from, to: given, concurrency: 25 }),
  );

  const few = Math.ceil(jobs / 10);
  const fromFew = given;
  await enqueueInBulk(few);
  yield;
  yield await measure(drain1, few, () => drain(peer, { from: fromFew, to: given, concurrency: 1 }));

  yield;
  const first = given;
  const count = rate * seconds;
  given += count;
  let latency!: NonNullable<PeerFigure["latency"]>;
  const figure = await measure(open, count, async () => {
    latency = await runOpenLoop(peer, { first, count, rate });
  });
  yield { ...figure, latency };
}

async function measure(
  name: string,
  jobs: number,
  run: () => Promise<number | void>,
): Promise<PeerFigure> {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const took = await run();
  const ms = took ?? performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return { name, jobs, ms, cpuMs: (user + system) / 1000 };
}

/** Counts that each number of a range comes once. */
function createTally(from: number, to: number): { add(number: number): void; end(): void } {
  const seen = new Uint8Array(to - from);
  let wrong: string | undefined;
  return {
    add(number) {
      if (number < from || number >= to) wrong ??= `Job ${number} is none of these`;
      else if (seen[number - from]!++ > 0) wrong ??= `Job ${number} was delivered twice`;
    },
    end() {
      const at = seen.indexOf(0);
      if (wrong === undefined && at !== -1) wrong = `Job ${from + at} was not delivered`;
      if (wrong !== undefined) throw new Error(wrong);
    },
  };
}

async function demandEmpty(peer: Peer): Promise<void> {
  // A completion may be told before it is through.
  let left = await peer.count();
  for (let times = 0; left > 0 && times < 100; times++) {
    await sleep(50);
    left = await peer.count();
  }
  if (left > 0) throw new Error(`${left} jobs are left`);
}

/** Works off all jobs. Gives the time from the first handler to the last completion, in ms. */
async function drain(
  peer: Peer,
  { from, to, concurrency }: { from: number; to: number; concurrency: number },
): Promise<number> {
  const tally = createTally(from, to);
  let firstAt: number | undefined;
  let left = to - from;
  let finish = () => {};
  let fail = (_: Error) => {};
  const finished = new Promise<number>((resolve, reject) => {
    finish = () => resolve(performance.now());
    fail = reject;
  });
  const late = setTimeout(() => fail(new Error(`${left} jobs were not over in time`)), longestMs);
  const workers = await peer.work({
    concurrency,
    purpose: "drain",
    onJob(number) {
      firstAt ??= performance.now();
      tally.add(number);
    },
    onDone(count) {
      left -= count;
      if (left <= 0) finish();
    },
  });
  const ms = await finished - firstAt!;
  clearTimeout(late);
  await workers.stop();
  tally.end();
  await demandEmpty(peer);
  return ms;
}

/** Enqueues one job after another at a steady rate, whatever becomes of those before, while a worker runs. */
async function runOpenLoop(
  peer: Peer,
  { first, count, rate }: { first: number; count: number; rate: number },
): Promise<NonNullable<PeerFigure["latency"]>> {
  const tally = createTally(first, first + count);
  const calledAt = new Float64Array(count);
  const times = new Float64Array(count);
  let left = count;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  const work: Work = {
    concurrency: 25,
    purpose: "latency",
    onJob(number) {
      tally.add(number);
      times[number - first] = performance.now() - calledAt[number - first]!;
      if (--left === 0) finish();
    },
    onDone() {},
  };
  const workers: Workers = await peer.work(work);
  await sleep(300); // Until it listens.
  const calls: Promise<void>[] = [];
  let latestCall = 0;
  const startedAt = performance.now();
  for (let at = 0; at < count; at++) {
    const dueAt = startedAt + at * 1000 / rate;
    // Without spinning, as the server needs the processor too. A late call is timed from when it was made.
    while (performance.now() < dueAt) await sleep(1);
    calledAt[at] = performance.now();
    latestCall = Math.max(latestCall, calledAt[at]! - dueAt);
    calls.push(peer.enqueueOne(first + at));
  }
  await Promise.all(calls);
  await Promise.race([finished, sleep(longestMs, undefined, { ref: false })]);
  await workers.stop();
  tally.end();
  await demandEmpty(peer);
  const all = [...times];
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), latestCall };
}
