/** Batches that collect until they are due: docs/protocol.md, section 4.4. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { batchBy, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const batch = { key: "k", when: "true", fold: "$existing + $new" };
const collecting = { ...batch, collect: true };
const minute = 60_000;

const post = async (broker: Broker, payload: number[], changes: object = {}) =>
  (await send(broker, "POST", "/jobs", {
    type: "t",
    queue: "q",
    payload,
    batch: collecting,
    delay_ms: minute,
    ...changes,
  })).body;

describe("batches that collect", () => {
  it("take in what comes until they are due, and then until they are taken", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const first = await post(broker, [1]);
      assert.deepEqual([first.status, first.folded, first.batch], ["scheduled", false, batch]);
      await clock.advance(minute / 2);
      const second = await post(broker, [2]);
      assert.deepEqual([second.id, second.folded, second.status], [first.id, true, "scheduled"]);
      assert.equal(second.ready_at, first.ready_at);
      await clock.advance(minute / 2);
      assert.equal((await client.get(first.id)).status, "ready");
      const late = await post(broker, [3]);
      assert.deepEqual([late.id, late.folded], [first.id, true]);
      const taken = await take();
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ payload }) => payload), [[1, 2, 3]]);
      const next = await post(broker, [4]);
      assert.deepEqual([next.folded, next.status], [false, "scheduled"]);
      assert.equal((await post(broker, [5])).id, next.id);
    }));

  it("fold within one call, and begin anew when the rule says so", () =>
    withBroker(async ({ broker, client }) => {
      const few = { ...collecting, when: "$existing | length < 2" };
      const jobs = [1, 2, 3].map((n) => ({
        type: "t",
        queue: "q",
        payload: [n],
        batch: few,
        delay_ms: minute,
      }));
      const { body } = await send(broker, "POST", "/jobs/bulk", { jobs });
      assert.deepEqual(body.jobs.map(({ folded }: { folded: boolean }) => folded), [
        false,
        true,
        false,
      ]);
      assert.deepEqual((await client.page()).jobs.map(({ payload }) => payload), [[1, 2], [3]]);
    }));

  it("are what they were for who does not ask for it: jobs that are due later are not folded", () =>
    withBroker(async ({ broker, client }) => {
      const first = await post(broker, [1]);
      const foreign = await post(broker, [2], { batch });
      assert.deepEqual([foreign.folded, foreign.status], [false, "scheduled"]);
      assert.equal((await post(broker, [3])).id, first.id);
      // A job that is ready is not held up: it is the head from now on.
      const ready = await post(broker, [4], { batch, delay_ms: undefined });
      assert.deepEqual([ready.folded, ready.status], [false, "ready"]);
      assert.equal((await post(broker, [5], { batch, delay_ms: undefined })).id, ready.id);
      assert.equal((await post(broker, [6])).id, ready.id);
      const payloads = (await client.page()).jobs.map(({ payload }) => payload);
      assert.deepEqual(payloads, [[1, 3], [2], [4, 5, 6]]);
    }));

  it("take nothing in any more when they were taken once", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const { id } = await post(broker, [1]);
      await clock.advance(minute);
      const taken = await take();
      await clock.settle();
      await client.failure(id, { message: "again", delayMs: minute });
      await taken.close();
      assert.equal((await client.get(id)).status, "scheduled");
      assert.equal((await post(broker, [2])).folded, false);
    }));

  it("are closed when they are deleted, and stay open when they are put off", () =>
    withBroker(async ({ broker, client, clock }) => {
      const first = await post(broker, [1]);
      await client.patch(first.id, { readyAt: clock.now() + 2 * minute });
      assert.equal((await post(broker, [2])).id, first.id);
      await client.delete(first.id);
      assert.equal((await post(broker, [3])).folded, false);
    }));

  it("may ask for it and be ready", () =>
    withBroker(async ({ broker }) => {
      const ready = await post(broker, [1], { delay_ms: 0 });
      assert.equal(ready.status, "ready");
      assert.equal((await post(broker, [2], { delay_ms: 0, batch })).id, ready.id);
      const { status } = await send(broker, "POST", "/jobs", {
        type: "t",
        queue: "q",
        payload: 1,
        batch: { ...batch, collect: "yes" },
      });
      assert.equal(status, 400);
    }));

  it("are what a definition with a batch and a delay makes", () =>
    withBroker(async ({ client, clock }) => {
      const notify = defineJob<{ user: number; items: string[] }>({
        type: "notify",
        queue: "mail",
        batch: batchBy({ path: "items", key: ["user"] }),
        delay: "10m",
      });
      const got: unknown[] = [];
      const worker = createWorker({
        client,
        clock,
        handlers: [handle(notify, ({ user, items }) => void got.push([user, items]))],
      });
      await worker.start();
      await client.enqueue(notify, { user: 7, items: ["a"] });
      await clock.advance(5 * minute);
      await client.enqueueMany(notify, [{ user: 7, items: ["b"] }, { user: 8, items: ["c"] }]);
      await clock.advance(5 * minute - 1);
      assert.deepEqual(got, []);
      await clock.advance(1);
      assert.deepEqual(got, [[7, ["a", "b"]]]);
      await clock.advance(5 * minute);
      assert.deepEqual(got, [[7, ["a", "b"]], [8, ["c"]]]);
      const alone = defineJob<number[]>({
        type: "alone",
        queue: "q",
        batch: { ...batch, collect: false },
        delay: "1m",
      });
      assert.equal((await client.enqueue(alone, [1])).folded, false);
      assert.equal((await client.enqueue(alone, [2])).folded, false);
      await worker.stop();
    }));
});
