/**
 * A worker of the trial of a bad network, in a process of its own. Tells its parent each start and end of a run, and
 * what it logs, one JSON line each.
 *
 * Run with the broker's URL, the number of jobs that run at a time, and the format of the client.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../src/client/mod.ts";
import type { Format } from "../../src/protocol/codec.ts";
import { createWorker, handle, type JobContext, snooze } from "../../src/worker/mod.ts";
import { definitionOf, type JobKind, kinds, toSign, workMsOf } from "./bad-network-jobs.ts";
import { formats } from "../../tests/support/formats.ts";

/** A line from a worker to its parent. */
export type WorkerLine =
  | { readonly kind: "connected" }
  | { readonly kind: "run"; readonly n: number; readonly key: string }
  | { readonly kind: "over"; readonly key: string; readonly done: boolean }
  | { readonly kind: "log"; readonly level: string; readonly text: string }
  | { readonly kind: "fault"; readonly text: string };

const tell = (line: WorkerLine) => writeSync(1, `${JSON.stringify(line)}\n`);
const log = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
  const error = fields?.["error"];
  tell({ kind: "log", level, text: error === undefined ? message : `${message}: ${error}` });
};

/** What a job comes to, and whether that is its success. */
async function work(kind: JobKind, n: number, { job, signal }: JobContext) {
  switch (kind) {
    case "slow":
      // Every other one does not listen to its signal.
      await sleep(workMsOf(n), undefined, n % 2 === 0 ? { signal } : {});
      return undefined;
    case "flaky":
      await sleep(5);
      if (job.attempts === 0) throw new Error("Fails once");
      return undefined;
    case "snoozed":
      return job.deliveries === 1 ? snooze(300) : undefined;
    case "quick":
      return undefined;
  }
}

let runs = 0;
const handlers = kinds.map((kind) =>
  handle(definitionOf(kind), async ({ n, sign }, context) => {
    if (sign !== toSign(n)) throw new Error("The payload was changed on its way");
    const key = `${process.pid}-${++runs}`;
    tell({ kind: "run", n, key });
    let done = false;
    try {
      const result = await work(kind, n, context);
      done = result === undefined;
      return result;
    } finally {
      tell({ kind: "over", key, done });
    }
  })
);

process.on("unhandledRejection", (reason) => {
  tell({ kind: "fault", text: `Unhandled rejection: ${(reason as Error)?.stack ?? reason}` });
});

const [, , url, concurrency, format] = process.argv;
const worker = createWorker({
  client: createClient({ url: url!, format: formats[format as Format], timeoutMs: 3000 }),
  handlers,
  concurrency: Number(concurrency),
  idleTimeoutMs: 3000,
  answersWithinMs: 4000,
  logger: { debug() {}, info() {}, warn: log("warn"), error: log("error") },
});
worker.on("connected", () => tell({ kind: "connected" }));
await worker.start();

// The parent holds the other end: this process ends when its parent does.
process.stdin.on("end", () => process.exit(0)).resume();
