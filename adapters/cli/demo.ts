/**
 * `millrace demo`: the whole thing at work on real files, with a worker killed half-way.
 *
 * A broker on an SQLite file serves a port; one worker runs in this process and asks the broker with no port in
 * between, another runs in a process of its own over HTTP, until that is killed. Uses the public API only.
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
import { call, readFile, remind, stumble } from "./demo/jobs.ts";
import { Ledger } from "./demo/ledger.ts";
import { createProgress, type Progress, seconds } from "./demo/progress.ts";
import {
  describeFiles,
  describeRedelivery,
  describeStages,
  describeVerdict,
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
const stumbles = 20;

/** A big folder would make a long demo. */
const maxFiles = 5000;

/** What is not done by then is called lost, in ms. */
const deadlineMs = 50_000;

/** Runs the demo on a folder (default: this checkout) and gives the exit code: 1 when something was lost or done twice. */
export async function runDemo(folder: string | undefined, { burst }: DemoConfig): Promise<number> {
  const root = folder === undefined ? ownFolder() : resolve(folder);
  if (!(await stat(root).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`Argument '${folder}' is not a folder, expected one with files to read`);
  }
  const runtime = await loadRuntime();
  const place = await mkdtemp(join(tmpdir(), "millrace-demo-"));
  const progress = createProgress(process.stdout);
  const ledger = new Ledger();
  const files = new Map<string, FileFacts>();
  const hear = (id: string, facts?: FileFacts) => {
    ledger.run(id);
    if (facts !== undefined) files.set(id, facts);
  };

  const broker = createBroker({
    store: runtime.openSqlite(join(place, "demo.db")),
    // Kept, so that the books can be closed against what the broker holds.
    defaultCompletedRetentionMs: 3_600_000,
  });
  const server = await runtime.serve(broker, { port: 0 });
  const client = createClient({ fetch: broker.fetch });
  const worker = createWorker({ client, handlers: createHandlers(hear), concurrency });
  worker.on("started", ({ job }) => ledger.start(job.id));
  worker.on("acked", ({ ids, notFound }) => ledger.acknowledge(ids, notFound));
  const child = startChild(server.url, concurrency, (message) => {
    if (message.kind === "started") ledger.start(message.id);
    if (message.kind === "ran") hear(message.id, message.facts);
    if (message.kind === "acked") ledger.acknowledge(message.ids, message.notFound);
  });
  try {
    progress.say(`Broker on ${server.url}, its database in ${place}`);
    await child.connected;
    progress.say(
      `Workers: one in this process, one in process ${child.pid}, ${concurrency} jobs at a time each`,
    );
    await worker.start();

    const startedAt = performance.now();
    const stages = await enqueueAll(client, ledger, root, burst);
    await watch(client, ledger.enqueued, child, progress, startedAt);
    stages.push({
      name: "completed",
      jobs: await client.count({ status: "completed" }),
      ms: performance.now() - startedAt,
    });

    await worker.stop();
    const completed = [];
    for await (const job of client.list({ status: "completed", limit: 2000 })) completed.push(job);
    const verdict = ledger.close(completed);
    progress.say(
      ["", describeStages(stages), "", ...describeFiles([...files.values()])].join("\n"),
    );
    progress.say(describeRedelivery(verdict));
    progress.say(describeVerdict(verdict));
    return verdict.lost.length + verdict.completedTwice.length === 0 ? 0 : 1;
  } finally {
    await child.kill();
    worker.kill();
    await Promise.all([server.stop({ timeoutMs: 1000 }), broker.stop({ timeoutMs: 1000 })]);
    await rm(place, { recursive: true });
  }
}

/** Enqueues everything, and tells how long it took. */
async function enqueueAll(
  client: Client,
  ledger: Ledger,
  root: string,
  burst: number,
): Promise<Stage[]> {
  const startedAt = performance.now();
  for await (const path of walk(root, maxFiles)) {
    ledger.enqueue([await client.enqueue(readFile, { path })]);
  }
  for (let number = 1; number <= stumbles; number++) {
    ledger.enqueue([await client.enqueue(stumble, { number })]);
  }
  ledger.enqueue([await client.enqueue(remind, { text: "two seconds have passed" })]);
  const one = {
    name: "enqueued one by one",
    jobs: ledger.enqueued,
    ms: performance.now() - startedAt,
  };

  const burstAt = performance.now();
  const payloads = Array.from({ length: burst }, (_, number) => ({ number, waitMs: callMs }));
  ledger.enqueue(await client.enqueueMany(call, payloads));
  const bulk = { name: "enqueued in bulk", jobs: burst, ms: performance.now() - burstAt };
  return [one, bulk];
}

/** Waits until all is completed, and kills the child half-way. */
async function watch(
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
      progress.say(
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
