/**
 * Processes for workers and for single jobs, in real time.
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { handleInProcess } from "../../adapters/forks/handle-in-process.ts";
import { type Forked, forkPlace, runForked } from "../../adapters/forks/run-forked.ts";
import { spawn } from "../../adapters/forks/spawn.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { type Client, createClient, createLeases, type Job } from "../../src/client/mod.ts";
import { buildJob } from "../../src/testing/mod.ts";
import { createWorker, type WorkerOptions } from "../../src/worker/mod.ts";
import { type Deed, work } from "./forks/work.ts";

const limit = { timeout: 30_000 };
const runtime = await loadRuntime();

/** Waits until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    if (await isSo()) return;
    await sleep(20);
  }
  assert.fail("It took too long");
}

/** Runs one job in a process of its own, and gives what became of it. */
async function runOne(
  deed: Deed,
  options: { readonly timeout?: number; readonly withLeases?: boolean } & Partial<WorkerOptions> =
    {},
): Promise<{ job: Job; error: string | undefined; names: string[]; after: Job[] }> {
  const { timeout, withLeases = false, ...workerOptions } = options;
  const broker = createBroker({ store: runtime.openSqlite(":memory:") });
  const client = createClient({ fetch: broker.fetch });
  const leases = withLeases ? createLeases({ fetch: broker.fetch }) : undefined;
  const names: string[] = [];
  const entry = new URL("./forks/job-process.ts", import.meta.url);
  const worker = createWorker({
    client,
    leases,
    handlers: [handleInProcess(work, { entry, timeout })],
    onError: [({ error }) => void names.push((error as Error).name)],
    ...workerOptions,
  });
  try {
    const { id } = await client.enqueue(work, deed, { retention: { completedMs: 60_000 } });
    await worker.start();
    await until(async () => !["ready", "in_flight"].includes((await client.get(id)).status));
    await worker.stop();
    const job = await client.get(id);
    const error = job.attempts === 0 ? undefined : (await client.error(id, 1)).message;
    const after = await Array.fromAsync(client.list({ type: "after" }));
    return { job, error, names, after };
  } finally {
    await broker.stop();
  }
}

describe("handleInProcess()", () => {
  it("does a job in a process of its own", limit, async () => {
    const { job, error } = await runOne("return");
    assert.deepEqual([job.status, error], ["completed", undefined]);
  });

  // Deno may tell of the end of a process ahead of its last message: the report would be lost.
  it("keeps the process until its report has arrived", limit, async () => {
    const entry = new URL("./forks/job-process.ts", import.meta.url);
    const reported = Promise.withResolvers<void>();
    const child = spawn({ entry }, (message) => {
      const { millrace } = message as { millrace: string };
      if (millrace === "ready") child.send({ millrace: "run", job: buildJob(work, "return") });
      else reported.resolve();
    });
    await reported.promise;
    assert.equal(await Promise.race([child.ended, sleep(500, "goes on")]), "goes on");
    child.send({ millrace: "received" });
    assert.deepEqual(await child.ended, { code: 0, signal: undefined });
  });

  it("brings over what was thrown", limit, async () => {
    const { job, error, names } = await runOne("throw");
    assert.deepEqual([job.status, error, names], ["dead", "out of range", ["RangeError"]]);
  });

  it("brings over an outcome", limit, async () => {
    const { job } = await runOne("snooze");
    assert.deepEqual([job.status, job.attempts], ["scheduled", 0]);
    const cancelled = await runOne("cancel");
    assert.deepEqual([cancelled.job.status, cancelled.error], ["dead", "Nobody wants it"]);
  });

  it("brings over the jobs that are stored with a success", limit, async () => {
    const { job, after } = await runOne("finish");
    assert.deepEqual([job.status, job.result], ["completed", 7]);
    assert.deepEqual(after.map(({ payload, spawnedFrom }) => [payload, spawnedFrom]), [
      ["finish", job.id],
    ]);
  });

  it("passes on heartbeats of a job under a lease", limit, async () => {
    const { job, error } = await runOne("beat", { withLeases: true });
    assert.deepEqual([job.status, error], ["completed", undefined]);
    const without = await runOne("beat");
    assert.match(without.error!, /the worker has no 'leases'/);
  });

  it("fails when the process ends before the job is done", limit, async () => {
    const { error } = await runOne("exit");
    assert.equal(error, "Process of the job ended with code 9, before the job was done");
  });

  it("kills a process that holds its event loop when its time is over", limit, async () => {
    const { error } = await runOne("block", { timeout: 400 });
    assert.equal(error, "Job ran longer than 400 ms");
  });
});

/** Keeps processes with workers alive, against a served broker. */
async function withForked(
  { maxJobs = 1000, processes = 2, leaseMs = 0 }: {
    maxJobs?: number;
    processes?: number;
    leaseMs?: number;
  },
  test: (parts: { forked: Forked; client: Client; ends: unknown[] }) => Promise<void>,
): Promise<void> {
  const broker = createBroker({ store: runtime.openSqlite(":memory:") });
  const server = await runtime.serve(broker, { port: 0 });
  const client = createClient({ url: server.url });
  const ends: unknown[] = [];
  const note = (text: string, fields?: { code?: unknown }) =>
    void (text === "Process ended" && ends.push(fields?.code));
  // A bad end is a warning.
  const logger = { debug() {}, info: note, warn: note, error() {} };
  const forked = runForked({
    entry: new URL("./forks/worker-process.ts", import.meta.url),
    args: [server.url, String(maxJobs), String(leaseMs)],
    processes,
    startDelayMs: 0,
    logger,
  });
  try {
    await test({ forked, client, ends });
  } finally {
    await forked.kill();
    await Promise.all([server.stop(), broker.stop()]);
  }
}

describe("runForked()", () => {
  it(
    "starts processes, and one that is killed is replaced in its place",
    limit,
    () =>
      withForked({}, async ({ forked, client, ends }) => {
        await until(() => forked.pids.length === 2);
        await client.enqueueMany(work, Array<Deed>(20).fill("return"));
        await until(async () => await client.count() === 0);
        const [first, second] = forked.pids;
        process.kill(first!, "SIGKILL");
        await until(() => forked.pids.length === 2 && !forked.pids.includes(first!));
        assert.ok(forked.pids.includes(second!));
        await forked.stop({ timeoutMs: 5000 });
        assert.deepEqual([forked.pids, ends.length], [[], 3]);
        assert.deepEqual(ends.slice(1), [0, 0]);
        await forked.done;
      }),
  );

  it(
    "replaces a process that has run its jobs, at once",
    limit,
    () =>
      withForked({ maxJobs: 2, processes: 1 }, async ({ client, ends }) => {
        await client.enqueueMany(work, Array<Deed>(5).fill("return"));
        await until(async () => await client.count() === 0);
        assert.deepEqual(ends.slice(0, 2), [0, 0]);
      }),
  );

  it(
    "ends a process whose handler does not end, with code 73, and its job has failed",
    limit,
    () =>
      withForked({ processes: 1 }, async ({ client, ends }) => {
        const { id } = await client.enqueue(work, "hang");
        await until(() => ends.length === 1);
        assert.deepEqual(ends, [73]);
        assert.equal((await client.get(id)).status, "dead");
      }),
  );

  it(
    "ends a process whose handler goes on with a job that is lost, with code 11",
    limit,
    () =>
      withForked({ processes: 1, leaseMs: 1000 }, async ({ client, ends }) => {
        const { id } = await client.enqueue(work, "hang");
        await until(async () => (await client.get(id)).status === "in_flight");
        await client.delete(id);
        await until(() => ends.length === 1);
        assert.deepEqual(ends, [11]);
      }),
  );

  it(
    "pauses and resumes all, and kills what runs",
    limit,
    () =>
      withForked({ processes: 1 }, async ({ forked, client, ends }) => {
        await client.enqueue(work, "return");
        await until(async () => await client.count() === 0);
        forked.pause();
        await sleep(300); // It hears of that in a process of its own.
        await client.enqueue(work, "return");
        await sleep(300);
        assert.equal(await client.count(), 1);
        forked.resume();
        await until(async () => await client.count() === 0);
        forked.killJobs();
        await until(() => ends.length === 1);
        await until(() => forked.pids.length === 1);
      }),
  );

  it("is refused without a process, and knows no place of its own", () => {
    assert.throws(() => runForked({ entry: "x.ts", processes: 0 }), {
      message: "Cannot use 'processes' 0: expected an integer of 1 or more",
    });
    assert.equal(forkPlace(), undefined);
  });
});
