/**
 * One of several brokers on one database, with a client and a worker in this process. Started by `brokers.ts`: each line on the
 * standard input is something to do, and each line on the standard output says what came of it. It ends when the input does.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { openMillrace } from "./millrace.ts";
import type { Workers } from "./peer.ts";

/** What to do. */
export type BrokerWork =
  /** Enqueues jobs one by one, by 25 callers. */
  | { readonly kind: "enqueue"; readonly from: number; readonly count: number }
  /** Works until `stop`, and says how many jobs are over. */
  | { readonly kind: "work" }
  /** Stops to work. */
  | { readonly kind: "stop" };

/** What came of it. */
export interface BrokerAnswer {
  /** What was asked for is done. */
  readonly done?: true;
  /** So many jobs are over since `work`. */
  readonly over?: number;
  /** The jobs that were handled, and when the first began and the last was over, in ms since the epoch. */
  readonly handled?: readonly number[];
  readonly firstAt?: number;
  readonly lastAt?: number;
}

const callers = 25;
const concurrency = 25;

/** How often it says how many jobs are over, in ms. */
const tellMs = 20;

const now = () => performance.timeOrigin + performance.now();
const tell = (answer: BrokerAnswer) => console.log(JSON.stringify(answer));

const { checkout, database } = JSON.parse(process.argv[2]!) as Record<string, string>;
const peer = await openMillrace(checkout!, { place: { database: database! }, isTuned: false });
let workers: Workers | undefined;
let handled: number[] = [];
let over = 0;
let firstAt: number | undefined;
let lastAt = 0;
let told = 0;
setInterval(() => {
  if (over !== told) tell({ over: told = over });
}, tellMs);
tell({ done: true });

for await (const line of createInterface({ input: process.stdin })) {
  const work = JSON.parse(line) as BrokerWork;
  if (work.kind === "enqueue") {
    let next = work.from;
    const end = work.from + work.count;
    await Promise.all(Array.from({ length: callers }, async () => {
      while (next < end) await peer.enqueueOne(next++);
    }));
    tell({ done: true });
  } else if (work.kind === "work") {
    [handled, over, told, firstAt] = [[], 0, 0, undefined];
    workers = await peer.work({
      concurrency,
      purpose: "drain",
      onJob(number) {
        firstAt ??= now();
        handled.push(number);
      },
      onDone(count) {
        over += count;
        lastAt = now();
      },
    });
  } else {
    await workers?.stop();
    tell({ handled, ...firstAt !== undefined && { firstAt, lastAt } });
  }
}
await peer.close();
process.exit();
