import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { defineJob } from "../../src/client/mod.ts";
import { buildJob, runHandler, runJobs, whileRunning } from "../../src/testing/mod.ts";
import { cancelOn, createWorker, handle, snooze } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";

const step = defineJob({ type: "step", queue: "steps", payload: v.number() });

describe("buildJob()", () => {
  it("gives a job that was delivered just now, with its payload through JSON", () => {
    const job = buildJob(step, { at: new Date(0), none: undefined });
    assert.deepEqual(job.payload, { at: "1970-01-01T00:00:00.000Z" });
    assert.deepEqual([job.type, job.queue, job.status, job.attempts], [
      "step",
      "steps",
      "in_flight",
      0,
    ]);
    assert.ok(job.leaseExpiresAt! > job.dequeuedAt!);
    assert.equal(buildJob(step, 1, { more: { attempts: 3 } }).attempts, 3);
  });
});

describe("runHandler()", () => {
  it("tells what a handler came to", async () => {
    const handler = handle(step, async (n, { attempt, job }) => {
      if (n === 1) throw new RangeError(`attempt ${attempt}`);
      if (n === 2) return snooze("1m");
      await job;
    });
    assert.equal((await runHandler(handler, 0)).kind, "succeeded");
    const failed = await runHandler(handler, 1, { job: { attempts: 2 } });
    assert.deepEqual([failed.kind, (failed.error as Error).message, failed.retry], [
      "failed",
      "attempt 3",
      true,
    ]);
    assert.equal((await runHandler(handler, 2)).outcome!.kind, "snoozed");
    const bad = await runHandler(handler, "two");
    assert.deepEqual([bad.kind, bad.retry], ["failed", true]);
  });

  it("keeps heartbeats, and has middleware and rules", async () => {
    const seen: unknown[] = [];
    const beating = handle(step, async (n, context) => {
      await context.heartbeat({ progress: n });
      throw new Error("x");
    });
    const run = await runHandler(beating, 0.5, {
      middleware: [async ({ job }, next) => {
        seen.push(job.payload);
        await next();
      }],
      onError: [cancelOn([Error])],
    });
    assert.deepEqual([run.kind, run.heartbeats, seen], ["cancelled", [{ progress: 0.5 }], [0.5]]);
  });
});

describe("runJobs()", () => {
  it("drains the queues, or runs so many jobs", () =>
    withBroker(async ({ client, clock }) => {
      const ran: number[] = [];
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(step, async (n) => {
          ran.push(n);
          if (n > 0) await client.enqueue(step, n - 1);
        })],
      });
      await client.enqueue(step, 3);
      assert.equal((await runJobs(worker, { clock })).succeeded, 4);
      assert.deepEqual(ran, [3, 2, 1, 0]);
      await client.enqueueMany(step, [0, 0, 0]);
      const two = await runJobs(worker, { clock, maxJobs: 2 });
      assert.deepEqual([two.succeeded, two.reason], [2, "jobs"]);
      assert.equal(await client.count(), 1);
    }));

  it("rejects as the worker does", () =>
    withBroker(async ({ client, clock }) => {
      const worker = createWorker({ client, clock, handlers: [handle(step, () => {})] });
      await worker.stop();
      await assert.rejects(runJobs(worker, { clock }), /Cannot run a worker once/);
    }));
});

describe("whileRunning()", () => {
  it("stops the worker whatever comes of it", () =>
    withBroker(async ({ client, clock }) => {
      const create = () => createWorker({ client, clock, handlers: [handle(step, () => {})] });
      const worker = create();
      assert.equal(await whileRunning(worker, () => worker.health().state), "running");
      assert.equal(worker.health().state, "stopped");
      const other = create();
      await assert.rejects(whileRunning(other, () => Promise.reject(new Error("x"))), /x/);
      assert.equal(other.health().state, "stopped");
    }));
});
