/** Handlers that send their jobs on or keep what came of them, and jobs that are put anew while they run. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMovement, defineJob, type Job } from "../../src/client/mod.ts";
import { advance, complete, createWorker, handle, type Outcome } from "../../src/worker/mod.ts";
import { toAcknowledgement } from "../../src/worker/report.ts";
import { withBroker } from "../support/broker.ts";

const page = defineJob<{ text: string }>({
  type: "page",
  queue: "fetch",
  retention: { completedMs: 3_600_000 },
});

describe("advance() and complete()", () => {
  it("lead a job through its queues, one worker after the other", () =>
    withBroker(async ({ client, clock }) => {
      const { id } = await client.enqueue(page, { text: "a b" });
      const steps: string[] = [];
      const decided: string[] = [];
      const step = async (queue: string, outcome: (text: string) => Outcome) => {
        const handler = handle(page, ({ text }) => {
          steps.push(`${queue} ${text}`);
          return outcome(text);
        });
        const worker = createWorker({ client, handlers: [handler], queues: [queue] });
        worker.on("decided", ({ outcome }) => decided.push(outcome.message));
        worker.on("succeeded", () => decided.push("succeeded"));
        await worker.runOnce();
      };
      await step("fetch", (text) => advance({ queue: "parse", payload: { text: `${text} c` } }));
      assert.equal((await client.get(id)).status, "ready");
      await step("parse", () => advance({ queue: "index", delayMs: 50 }));
      assert.equal((await client.get(id)).status, "scheduled");
      await clock.advance(50);
      await step("index", () => complete(3));
      const { status, payload, queue } = await client.get(id);
      assert.deepEqual([status, payload, queue], ["completed", 3, "index"]);
      assert.deepEqual(steps, ["fetch a b", "parse a b c", "index a b c"]);
      assert.deepEqual(decided, [
        "Advanced to queue 'parse'",
        "Advanced to queue 'index'",
        "succeeded",
      ]);
    }));

  it("run a job again that goes on in the queue of the same worker", () =>
    withBroker(async ({ client }) => {
      await client.enqueue(page, { text: "" });
      const done = Promise.withResolvers<void>();
      const seen: string[] = [];
      const handler = handle(page, ({ text }) => {
        seen.push(text);
        if (text.length === 3) return done.resolve();
        return advance({ queue: "fetch", payload: { text: `${text}x` } });
      });
      const worker = createWorker({ client, handlers: [handler] });
      await worker.start();
      await done.promise;
      assert.deepEqual(seen, ["", "x", "xx", "xxx"]);
      await worker.stop();
    }));

  it("end a job on a server that cannot do that, and say so", () => {
    for (const outcome of [advance({ queue: "q" }), complete(1)]) {
      const told = toAcknowledgement(outcome, false)!;
      assert.ok(told.kind === "failure" && told.failure.kill);
      assert.match(told.failure.message, /only a Millrace broker can do that/);
      assert.equal(toAcknowledgement(outcome, true)!.kind, "finish");
    }
  });

  it("refuse what cannot be", () => {
    assert.throws(() => advance({ queue: "a,b" }), TypeError);
    assert.throws(() => advance({ queue: "q", delayMs: -1 }), RangeError);
    assert.throws(() => complete(undefined), TypeError);
  });
});

describe("a job that is put anew while a worker has it", () => {
  it("runs anew, and what the former run came to is not taken for it", () =>
    withBroker(async ({ broker, client, clock }) => {
      const jobs = createMovement({ fetch: broker.fetch });
      const put = (text: string) =>
        jobs.put("a", { type: "page", queue: "fetch", payload: { text } });
      await put("old");
      const seen: string[] = [];
      const started = Promise.withResolvers<void>();
      const renewed = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const handler = handle(page, async ({ text }, { job }: { readonly job: Job }) => {
        seen.push(`${text} ${job.deliveries}`);
        if (text === "new") return renewed.resolve();
        started.resolve();
        await goOn.promise;
      });
      const worker = createWorker({ client, handlers: [handler] });
      await worker.start();
      await started.promise;
      await clock.advance(5);
      await put("new");
      await renewed.promise;
      goOn.resolve();
      await worker.stop();
      assert.deepEqual(seen, ["old 1", "new 2"]);
      await assert.rejects(client.get("a"), { name: "NotFoundError" });
    }));

  it("runs anew also when its success is under way", () =>
    withBroker(async ({ broker, client, clock }) => {
      const jobs = createMovement({ fetch: broker.fetch });
      const put = (text: string) =>
        jobs.put("a", { type: "page", queue: "fetch", payload: { text } });
      await put("old");
      const seen: string[] = [];
      const renewed = Promise.withResolvers<void>();
      const handler = handle(page, ({ text }) => {
        seen.push(text);
        if (text === "new") renewed.resolve();
      });
      // The report arrives after the job was put anew.
      const late: typeof client = Object.assign(Object.create(client), {
        async successMany(...args: Parameters<typeof client.successMany>) {
          if (seen.length === 1) {
            await clock.advance(5);
            await put("new");
            await clock.settle();
          }
          return await client.successMany(...args);
        },
      });
      const worker = createWorker({ client: late, handlers: [handler] });
      await worker.start();
      await renewed.promise;
      await worker.stop();
      assert.deepEqual(seen, ["old", "new"]);
      await assert.rejects(client.get("a"), { name: "NotFoundError" });
    }));
});
