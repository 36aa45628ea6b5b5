/**
 * Runs a broker under steady load for a long time, and says whether it stays as it is: every job completes exactly once,
 * and memory, file, log and descriptors do not grow.
 *
 *     deno run -A scripts/trials/soak.ts --runtime bun --program $(which bun) --minutes 60
 *
 * The broker is a process of `millrace serve`. Two processes of workers take jobs over HTTP, of which one is killed every 15 s
 * with jobs in its hands. Some jobs fail first, some wait for a time. Completed jobs are kept for 10 s. The disk holds some
 * 20 MB of jobs and the log at any time, however long this runs. Of the jobs that were `started` and not `completed`, some
 * failed as they should, and the others were in the hands of a worker that was killed. Prints JSON, and ends with 1 if something is wrong.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient, NotFoundError } from "../../src/client/mod.ts";
import { percentile, toFlatness, type Tolerance } from "./flatness.ts";
import { readSoakFlags } from "./soak-flags.ts";
import { toSoakJob } from "./soak-jobs.ts";
import { Ledger } from "./soak-ledger.ts";
import { startBroker, startWorker, type Usage } from "./soak-processes.ts";
import type { WorkerMessage } from "./soak-worker.ts";

const mega = 1024 * 1024;

/** How far each figure may grow from the second third of the time to the last. */
const tolerances: Readonly<Record<keyof Usage, Tolerance>> = {
  rssBytes: { ratio: 0.1, amount: 16 * mega },
  descriptors: { ratio: 0.1, amount: 4 },
  fileBytes: { ratio: 0.1, amount: 2 * mega },
  logBytes: { ratio: 0.1, amount: 2 * mega },
};

/** The log may not be longer than this at any time. */
const longestLog = 17 * mega;

/** Enqueuing waits while so many jobs are under way: what is on the disk stays bounded. */
const mostPending = 5000;

const killEveryMs = 15_000;
const sampleEveryMs = 1000;

/** Jobs that are not completed so long after the last was enqueued are lost. */
const drainMs = 60_000;

const { runtime, minutes, rate } = readSoakFlags(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), "millrace-soak-"));
const broker = await startBroker(runtime, join(folder, "jobs.db"));
const client = createClient({ url: broker.url });
const ledger = new Ledger();
const samples: Usage[] = [];
const healthMs: number[] = [];
const failures: string[] = [];
let kills = 0;
let started = 0;
const endsAt = performance.now() + minutes * 60_000;
const isOver = () => performance.now() >= endsAt;

const record = (message: WorkerMessage) => {
  if (message.kind === "started") started++;
  if (message.kind === "ran") ledger.recordRun(message.id);
  if (message.kind === "acked") ledger.recordCompleted(message.ids);
};

/** Enqueues a part of each tenth of a second's jobs in one call, and waits while too many are under way. */
async function enqueue(): Promise<void> {
  const size = Math.max(1, Math.round(rate / 10));
  for (let n = 0; !isOver();) {
    const startedAt = performance.now();
    if (ledger.pending < mostPending) {
      const jobs = Array.from({ length: size }, () => toSoakJob(n++, Date.now()));
      const stored = await client.enqueueMany(jobs);
      ledger.recordEnqueued(stored.map(({ id }) => id));
    }
    await sleep(Math.max(0, startedAt + 100 - performance.now()));
  }
}

async function killWorkers(): Promise<void> {
  let worker = await startWorker(runtime, broker.url, record);
  while (!isOver()) {
    await sleep(Math.min(killEveryMs, Math.max(0, endsAt - performance.now())));
    await worker.kill();
    kills++;
    worker = await startWorker(runtime, broker.url, record);
  }
  await untilDrained();
  await worker.kill();
}

async function watch(): Promise<void> {
  while (!isOver()) {
    const startedAt = performance.now();
    await client.health();
    healthMs.push(performance.now() - startedAt);
    samples.push(broker.usage());
    await sleep(Math.max(0, startedAt + sampleEveryMs - performance.now()));
  }
}

async function untilDrained(): Promise<void> {
  const deadline = performance.now() + drainMs;
  while (performance.now() < deadline && (await countUnfinished(client)) > 0) await sleep(200);
}

try {
  const steady = await startWorker(runtime, broker.url, record);
  await Promise.all([enqueue(), killWorkers(), watch()]);
  await steady.kill();
  const lost: string[] = [];
  let unheard = 0;
  // A worker that was killed cannot tell of its last successes, so the broker is asked.
  for (const { id, ran } of ledger.list()) {
    if (ran && await isDone(id)) unheard++;
    else lost.push(id);
  }
  const exitCode = await broker.stop();
  const figures = toFigures();
  const { completedTwice, ...counts } = ledger.toCounts();
  if (lost.length > 0) failures.push(`${lost.length} jobs were lost: ${lost.slice(0, 5)}`);
  if (completedTwice.length > 0) {
    failures.push(
      `${completedTwice.length} jobs completed twice: ${completedTwice.slice(0, 5)}`,
    );
  }
  if (exitCode !== 0) failures.push(`The broker ended with ${exitCode}`);
  const health = { p50: percentile(healthMs, 0.5), p99: percentile(healthMs, 0.99) };
  console.log(JSON.stringify(
    {
      runtime: runtime.name,
      minutes,
      rate,
      jobs: { ...counts, started, unheard, kills },
      figures,
      healthMs: { ...health, max: percentile(healthMs, 1) },
      failures,
    },
    null,
    2,
  ));
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true });
}
process.exit(failures.length === 0 ? 0 : 1);

/** Compares the thirds of each figure; notes what is not flat. */
function toFigures(): Record<string, unknown> {
  const figures: Record<string, unknown> = {};
  for (const [name, tolerance] of Object.entries(tolerances)) {
    const values = samples.map((sample) => sample[name as keyof Usage])
      .filter((value) => value !== undefined);
    if (values.length === 0) continue;
    const { before, after, flat } = toFlatness(values, tolerance);
    const max = percentile(values, 1);
    figures[name] = { secondThird: before, lastThird: after, max, flat };
    if (!flat) failures.push(`${name} grew from ${before} to ${after}`);
    if (name === "logBytes" && max > longestLog) failures.push(`The log had ${max} bytes`);
  }
  return figures;
}

/** A job that was completed is kept for a while, and then it is gone. */
async function isDone(id: string): Promise<boolean> {
  try {
    return (await client.get(id))?.status === "completed";
  } catch (error) {
    if (error instanceof NotFoundError) return true;
    throw error;
  }
}

async function countUnfinished(client: Client): Promise<number> {
  return await client.count({ status: ["ready", "scheduled", "in_flight"] });
}
