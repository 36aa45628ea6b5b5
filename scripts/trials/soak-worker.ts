/**
 * A worker of a soak, in a process of its own, which is killed now and then. Reports to its parent, one JSON line each; at
 * once and not through a stream, so that none is lost when it is killed.
 *
 * Run with the broker's URL.
 *
 * @module
 */

import { writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { soakJob } from "./soak-jobs.ts";

/** A line from a worker to its parent. */
export type WorkerMessage =
  | { readonly kind: "connected" }
  | { readonly kind: "started" }
  | { readonly kind: "ran"; readonly id: string }
  | { readonly kind: "acked"; readonly ids: readonly string[] };

const report = (message: WorkerMessage) => writeSync(1, `${JSON.stringify(message)}\n`);

const worker = createWorker({
  client: createClient({ url: process.argv[2]! }),
  handlers: [
    handle(soakJob, async ({ failures, workMs }, { attempt, job }) => {
      await sleep(workMs);
      if (attempt <= failures) throw new Error(`Failure ${attempt} of ${failures}`);
      report({ kind: "ran", id: job.id });
    }),
  ],
  // So few that one worker could not keep up alone: both have jobs in their hands when one is killed.
  concurrency: 30,
  prefetch: 30,
});
worker.on("connected", () => report({ kind: "connected" }));
worker.on("started", () => report({ kind: "started" }));
worker.on("acked", ({ ids, notFound }) => {
  const unknown = new Set(notFound);
  report({ kind: "acked", ids: ids.filter((id) => !unknown.has(id)) });
});
await worker.start();

// The parent holds the other end: this process ends when its parent does.
process.stdin.on("end", () => process.exit(0)).resume();
