/** Settings that a definition makes of the payload, and jobs that are put together for later. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type } from "arktype";
import * as v from "valibot";
import { defineJob, fixed, type JobOptions, PayloadError } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { withBroker } from "../support/broker.ts";

interface Order {
  readonly customer: string;
  readonly total: number;
}
const names = { type: "order", queue: "orders" };
const order = { customer: "ada", total: 20 };

describe("settings that depend on the payload", () => {
  it("may be all of them", async () => {
    const clock = createTestClock();
    const job = defineJob<Order>({
      ...names,
      priority: ({ total }) => total > 10 ? 1 : undefined,
      delay: ({ total }) => `${total}s`,
      retryLimit: ({ total }) => total,
      backoff: () => fixed("1m"),
      retention: ({ total }) => ({ completed: `${total}h`, deadMs: 5 }),
      uniqueKey: ({ customer }, { type, queue }) => `${type}/${queue}/${customer}`,
      uniqueWhile: ({ total }) => total > 10 ? "active" : undefined,
      budgets: ({ customer }) => [{ key: customer }],
      tags: ({ customer }) => [customer],
      meta: ({ customer }) => ({ customer }),
    });
    assert.deepEqual(await job.toRequest(order, {}, clock), {
      ...names,
      payload: order,
      priority: 1,
      readyAt: clock.now() + 20_000,
      delayMs: 20_000,
      retryLimit: 20,
      backoff: { exponent: 0, baseMs: 59_000, jitterMs: 0 },
      retention: { completed: "20h", deadMs: 5 },
      uniqueKey: "order/orders/ada",
      uniqueWhile: "active",
      budgets: [{ key: "ada" }],
      tags: ["ada"],
      meta: { customer: "ada" },
      batch: undefined,
      dependsOn: undefined,
    });
    assert.equal((await job.toRequest({ ...order, total: 1 })).priority, undefined);
  });

  it("give way to those of an enqueue", async () => {
    const job = defineJob<Order>({
      ...names,
      priority: () => 1,
      delay: () => "1h",
      tags: () => ["a"],
      meta: () => ({ a: "1", b: "1" }),
    });
    const settings = { priority: 2, readyAt: 5, tags: [], meta: { b: "2" } };
    const { priority, readyAt, delayMs, tags, meta } = await job.toRequest(order, settings);
    assert.deepEqual([priority, readyAt, delayMs, tags], [2, 5, undefined, []]);
    assert.deepEqual(meta, { a: "1", b: "2" });
  });

  it("do not take a schema that is a function for a setting", async () => {
    const job = defineJob({ ...names, payload: type({ total: "number" }), priority: 3 });
    assert.equal((await job.toRequest({ total: 1 })).priority, 3);
  });

  it("that are wrong are errors that name them and the type", async () => {
    const cases: [Partial<JobOptions<Order>>, RegExp][] = [
      [{ priority: () => 70_000 }, /^Job 'order': .*'priority' 70000: expected an integer/],
      [{ priority: (() => "high") as never }, /^Job 'order': .*'priority' high: expected/],
      [{ retryLimit: () => -1 }, /^Job 'order': .*'retryLimit' -1/],
      [{ delay: (() => "soon") as never }, /^Job 'order': Cannot read 'delay' "soon": expected ms/],
      [{ tags: (() => "vip") as never }, /^Job 'order': Cannot use 'tags' "vip": expected a list/],
      [{ budgets: (() => ({})) as never }, /^Job 'order': Cannot use 'budgets' \{\}: expected a l/],
      [{ budgets: () => [{ key: "a", cost: 1.5 }] }, /^Job 'order': .*'cost' 1.5: expected/],
      [{ uniqueKey: (() => 7) as never }, /^Job 'order': Cannot use 'uniqueKey' 7: expected a t/],
      [{ backoff: (() => "1m") as never }, /^Job 'order': Cannot use 'backoff' "1m": expected an/],
      [
        { retention: () => ({ completed: "1h", completedMs: 1 }) },
        /^Job 'order': Cannot use both 'retention.completed' and 'retention.completedMs'/,
      ],
      [
        { request: (() => undefined) as never },
        /^Job 'order': Cannot use 'request' undefined: expected a function that gives a request/,
      ],
    ];
    for (const [options, message] of cases) {
      const job = defineJob<Order>({ ...names, ...options });
      await assert.rejects(async () => await job.toRequest(order), { message });
    }
  });

  it("are sent", () =>
    withBroker(async ({ client }) => {
      const job = defineJob<Order>({
        ...names,
        retention: { dead: "2d", completed: "1h" },
        budgets: ({ customer }) => [{
          key: `customer:${customer}`,
          createWith: { allocation: 1, strategy: { type: "while_in_flight" } },
        }],
      });
      const stored = await client.enqueue(job, order);
      assert.deepEqual(stored.retention, { completedMs: 3_600_000, deadMs: 172_800_000 });
      assert.deepEqual(stored.budgets, [{ key: "customer:ada", cost: 1 }]);
    }));
});

describe("the hook of a definition", () => {
  it("sees the request with its payload, and gives the one that is sent", () =>
    withBroker(async ({ client }) => {
      const job = defineJob<Order>({
        ...names,
        priority: 7,
        request: (request, { customer }) => ({
          ...request,
          queue: `${request.queue}-${customer}`,
          payload: { ...request.payload as Order, by: "hook" },
          priority: request.priority! + 1,
        }),
      });
      const { id, queue, priority } = await client.enqueue(job, order);
      assert.deepEqual([queue, priority], ["orders-ada", 8]);
      assert.deepEqual((await client.get(id)).payload, { ...order, by: "hook" });
      assert.equal((await client.enqueue(job, order, { priority: 20 })).priority, 21);
    }));

  it("may take its time", async () => {
    const job = defineJob<Order>({
      ...names,
      request: (request) => Promise.resolve({ ...request, tags: ["late"] }),
    });
    assert.deepEqual((await job.toRequest(order)).tags, ["late"]);
  });
});

describe("jobs that are put together for later", () => {
  const mail = defineJob({ ...names, type: "mail", payload: v.object({ to: v.string() }) });
  const tick = defineJob<void>({ type: "tick", queue: "q", delay: "1s" });

  it("are enqueued together, whatever their definitions", () =>
    withBroker(async ({ client }) => {
      const jobs = await client.enqueueMany([
        mail.of({ to: "ada" }, { priority: 1 }),
        tick.of(),
        { type: "hand", queue: "q", payload: 1 },
      ]);
      assert.deepEqual(jobs.map(({ type, priority, status }) => [type, priority, status]), [
        ["mail", 1, "ready"],
        ["tick", 32768, "scheduled"],
        ["hand", 32768, "ready"],
      ]);
      assert.equal((await client.enqueue(mail.of({ to: "bob" }))).type, "mail");
    }));

  it("are checked then, and the one that does not fit is named", () =>
    withBroker(async ({ client }) => {
      const bad = mail.of({ to: 5 } as never);
      await assert.rejects(client.enqueueMany([tick.of(), bad]), (error) => {
        assert.ok(error instanceof PayloadError);
        assert.match(error.message, /^requests\[1\]: Payload of 'mail' does not fit: to: /);
        return true;
      });
      assert.equal(await client.count(), 0);
    }));
});
