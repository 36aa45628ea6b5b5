/**
 * `millrace demo`: broker, client and workers at work on real files, with a worker killed half-way.
 *
 * A broker on an SQLite file serves a port; one worker runs in this process and calls the broker without a port, another runs in a process of its own over HTTP, until that is killed. Uses the public API only.
 *
 * @module
 */

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient } from "../../src/client/mod.ts";
import { createWorker } from "../../src/worker/mod.ts";
import type { DemoConfig } from "./demo-flags.ts";
import { type Child, startChild } from "./demo/child.ts";
import type { FileFacts } from "./demo/file-facts.ts";
import { createHandlers } from "./demo/handlers.ts";
import { call, failOnce, readFile, remind } from "./demo/jobs.ts";
import { Ledger } from "./demo/ledger.ts";
import { createProgress, type Progress, seconds } from "./demo/progress.ts";
import {
  describeFiles,
  describeRedelivery,
  describeStages,
  describeTotals,
  type Stage,
} from "./demo/summary.ts";
import { walk } from "./demo/walk.ts";
import { UsageError } from "./options.ts";
import { loadRuntime } from "./runtime.ts";

/** Handlers that one worker runs at a time. */
const concurrency = 25;

/** Each small job waits this long, as a call to another service would. */
const callMs = 10;

/** Jobs that fail on their first attempt. */
const failingJobs = 20;

/** At most so many files are read: a big folder would make a long demo. */
const maxFiles = 5000;

/** Jobs that are not completed by then count as lost. */
const deadlineMs = 50_000;

/**
 * Runs the demo.
 *
 * @param folder Where to find files; default this checkout.
 * @returns The exit code: 1 if a job was lost or completed twice.
 * @throws {UsageError} If `folder` is none.
 */
export async function runDemo(folder: string | undefined, { burst }: DemoConfig): Promise<number> {
  const root = folder === undefined ? ownFolder() : resolve(folder);
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`Argument '${folder}' is not a folder, expected one with files to read`);
  }
  const runtime = await loadRuntime();
  const dataFolder = await mkdtemp(join(tmpdir(), "millrace-demo-"));
  const progress = createProgress(process.stdout);
  const ledger = new Ledger();
  const files = new Map<string, FileFacts>();
  const recordRun = (id: string, facts?: FileFacts) => {
    ledger.recordRun(id);
    if (facts !== undefined) files.set(id, facts);
  };

  const broker = createBroker({
    store: runtime.openSqlite(join(dataFolder, "demo.db")),
    // Kept, so that the record can be compared with what the broker has.
    defaultCompletedRetentionMs: 3_600_000,
  });
  const server = await runtime.serve(broker, { port: 0 });
  const client = createClient({ fetch: broker.fetch });
  const worker = createWorker({
    client,
    handlers: createHandlers(recordRun),
    concurrency,
    logger: false, // Jobs that fail are a part of the show, and are counted.
  });
  worker.on("started", ({ job }) => ledger.recordStart(job.id));
  worker.on("acked", ({ ids, notFound }) => ledger.recordAcks(ids, notFound));
  const child = startChild(server.url, concurrency, (message) => {
    if (message.kind === "started") ledger.recordStart(message.id);
    if (message.kind === "ran") recordRun(message.id, message.facts);
    if (message.kind === "acked") ledger.recordAcks(message.ids, message.notFound);
  });
  try {
    progress.print(`Broker on ${server.url}, its database in ${dataFolder}`);
    await child.connected;
    progress.print(
      `Workers: one in this process, one in process ${child.pid}, ${concurrency} jobs at a time each`,
    );
    await worker.start();

    const startedAt = performance.now();
    const stages = await enqueueAll(client, ledger, root, burst);
    await waitUntilCompleted(client, ledger.enqueued, child, progress, startedAt);
    stages.push({
      name: "completed",
      jobs: await client.count({ status: "completed" }),
      ms: performance.now() - startedAt,
    });

    await worker.stop();
    const completed = [];
    for await (const job of client.list({ status: "completed", limit: 2000 })) completed.push(job);
    const totals = ledger.toTotals(completed);
    progress.print(
      ["", describeStages(stages), "", ...describeFiles([...files.values()])].join("\n"),
    );
    progress.print(describeRedelivery(totals));
    progress.print(describeTotals(totals));
    return totals.lost.length + totals.completedTwice.length === 0 ? 0 : 1;
  } finally {
    await child.kill();
    worker.kill();
    await Promise.all([server.stop({ timeoutMs: 1000 }), broker.stop({ timeoutMs: 1000 })]);
    await rm(dataFolder, { recursive: true });
  }
}

/** Enqueues everything, and gives how long it took. */
async function enqueueAll(
  client: Client,
  ledger: Ledger,
  root: string,
  burst: number,
): Promise<Stage[]> {
  const startedAt = performance.now();
  for await (const path of walk(root, maxFiles)) {
    ledger.recordEnqueued([await client.enqueue(readFile, { path })]);
  }
  for (let number = 1; number <= failingJobs; number++) {
    ledger.recordEnqueued([await client.enqueue(failOnce, { number })]);
  }
  ledger.recordEnqueued([await client.enqueue(remind, { text: "two seconds have passed" })]);
  const single = {
    name: "enqueued one by one",
    jobs: ledger.enqueued,
    ms: performance.now() - startedAt,
  };

  const burstStartedAt = performance.now();
  const payloads = Array.from({ length: burst }, (_, number) => ({ number, waitMs: callMs }));
  ledger.recordEnqueued(await client.enqueueMany(call, payloads));
  const bulk = { name: "enqueued in bulk", jobs: burst, ms: performance.now() - burstStartedAt };
  return [single, bulk];
}

/** Waits until all is completed, and kills the child half-way. */
async function waitUntilCompleted(
  client: Client,
  total: number,
  child: Child,
  progress: Progress,
  startedAt: number,
): Promise<void> {
  let killed = false;
  for (;;) {
    const elapsedMs = performance.now() - startedAt;
    const done = await client.count({ status: "completed" });
    progress.show(done, total, elapsedMs);
    if (!killed && done >= total / 2) {
      killed = true;
      await child.kill();
      progress.print(
        `${
          seconds(elapsedMs)
        } s: killed process ${child.pid} with SIGKILL, in the middle of its jobs`,
      );
    }
    if (done >= total || elapsedMs > deadlineMs) return progress.end();
    await sleep(50);
  }
}

/** The checkout, or the installed package, that this file belongs to. */
function ownFolder(): string {
  const url = new URL("../..", import.meta.url);
  return url.protocol === "file:" ? fileURLToPath(url) : process.cwd();
}
