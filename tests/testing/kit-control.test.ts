import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineJob } from "../../src/client/mod.ts";
import { handle } from "../../src/worker/mod.ts";
import { withKit } from "../support/kit.ts";

const step = defineJob<number>({ type: "step", queue: "steps" });

describe("a job of a kit", () => {
  it("is cancelled while it runs, and whoever cancels hears of it", () => {
    const began = Promise.withResolvers<string>();
    return withKit([handle(step, (_, { job, signal }) => {
      began.resolve(job.id);
      return new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    })], async (kit) => {
      await kit.client.enqueue(step, 1);
      const running = kit.runNext();
      const { outcome } = await kit.client.cancel(await began.promise, {
        reason: "not wanted",
        waitMs: 5000,
      });
      const run = await running;
      assert.deepEqual([outcome, run!.status], ["cancelled", "dead"]);
      assert.match(String(run!.error), /not wanted/);
    });
  });

  it("is waited for while others are run", () =>
    withKit([handle(step, (n) => n * 2)], async (kit) => {
      const { id } = await kit.client.enqueue(step, 21, { delay: "10m" });
      const end = kit.client.waitFor(id);
      await kit.drain();
      const { outcome } = await end;
      assert.equal(outcome, "completed");
    }));

  it("is tried again when it is dead", () => {
    let isDown = true;
    return withKit([handle(step, () => {
      if (isDown) throw new Error("down");
    })], async (kit) => {
      const { id } = await kit.client.enqueue(step, 1, { retryLimit: 1 });
      assert.equal((await kit.drain()).at(-1)!.status, "dead");
      isDown = false;
      await kit.client.retry(id);
      assert.equal((await kit.drain()).at(-1)!.status, "completed");
    });
  });
});
