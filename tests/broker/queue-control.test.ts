/** Pausing queues, limits on what is in flight, forgetting: docs/protocol.md, section 16.1. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createCountingDatabase, withEngine } from "../support/engine.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const enqueue = async ({ client }: TestBroker, count: number, queue = "q") => {
  const jobs = await client.enqueueMany(Array.from({ length: count }, () => job({ queue })));
  return jobs.map(({ id }) => id);
};

const set = ({ broker }: TestBroker, queue: string, patch: unknown) =>
  send(broker, "PATCH", `/queues/${queue}`, patch);

describe("the settings of a queue", () => {
  it("are answered, kept, and shown, also for a queue that nobody knows", () =>
    withBroker(async (parts) => {
      const { broker } = parts;
      assert.deepEqual(await send(broker, "GET", "/queues/none/settings"), {
        status: 200,
        body: { queue: "none", paused: false },
      });
      assert.deepEqual(await set(parts, "a%20b", { paused: true, max_in_flight: 3 }), {
        status: 200,
        body: { queue: "a b", paused: true, max_in_flight: 3 },
      });
      assert.deepEqual((await set(parts, "a%20b", { paused: false })).body, {
        queue: "a b",
        paused: false,
        max_in_flight: 3,
      });
      assert.equal((await send(broker, "GET", "/queues/a%20b/settings")).body.max_in_flight, 3);
      assert.deepEqual((await set(parts, "a%20b", { max_in_flight: null })).body, {
        queue: "a b",
        paused: false,
      });
      assert.deepEqual((await set(parts, "q", {})).body, { queue: "q", paused: false });
    }));

  for (
    const [path, patch, status, error] of [
      ["q", { max_in_flight: 0 }, 422, /^max_in_flight must be at least 1, got 0/],
      ["q", { max_in_flight: 1.5 }, 400, /max_in_flight: expected an integer .* got 1.5/],
      ["q", { max_in_flight: -1 }, 400, /max_in_flight/],
      ["q", { paused: "yes" }, 400, /paused: expected true or false, got "yes"/],
      ["q", { pause: true }, 400, /unknown fields/],
      ["q", 7, 400, /expected an object/],
      ["a*b", { paused: true }, 422, /queue must not contain '\*'/],
    ] as const
  ) {
    it(`are refused: ${path} ${JSON.stringify(patch)}`, () =>
      withBroker(async (parts) => {
        const answer = await set(parts, path, patch);
        assert.equal(answer.status, status);
        assert.match(answer.body.error, error);
        assert.deepEqual((await send(parts.broker, "GET", "/queues/q/settings")).body, {
          queue: "q",
          paused: false,
        });
      }));
  }

  it("survive a restart, with what is in flight", async () => {
    const path = await import("node:fs/promises").then(({ mkdtemp }) => mkdtemp("/tmp/millrace-"));
    const clock = createTestClock();
    const open = () => createBroker({ store: openSqlite(`${path}/jobs.db`), clock });
    const first = open();
    await send(first, "PATCH", "/queues/q", { max_in_flight: 2 });
    await send(first, "PATCH", "/queues/r", { paused: true });
    await first.stop();
    const second = open();
    const client = createClient({ fetch: second.fetch });
    for (const queue of ["q", "q", "q", "r"]) await client.enqueue(job({ queue }));
    const stream = await client.take({ prefetch: 9 });
    const got: string[] = [];
    void (async () => {
      for await (const frame of stream.frames()) {
        if (frame.kind === "jobs") got.push(...frame.jobs.map(({ queue }) => queue));
      }
    })();
    await clock.settle();
    assert.deepEqual(got, ["q", "q"]);
    await stream.close();
    await second.stop();
  });
});

describe("a paused queue", () => {
  it("gives nothing to anybody, while jobs are stored and reported, and wakes its readers when it is resumed", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await enqueue(parts, 2);
      const busy = await take({ queues: ["q"], prefetch: 1 });
      await clock.settle();
      assert.equal(busy.jobs.length, 1);
      await set(parts, "q", { paused: true });
      const all = await take({ prefetch: 9 });
      const own = await take({ queues: ["q"], prefetch: 9 });
      await client.success(busy.jobs[0]!);
      await enqueue(parts, 1);
      await enqueue(parts, 1, "other");
      await clock.settle();
      assert.deepEqual(all.jobs.map(({ queue }) => queue), ["other"]);
      assert.deepEqual([own.jobs.length, busy.jobs.length], [0, 1]);
      assert.equal(await client.count({ queue: "q", status: "ready" }), 2);
      await set(parts, "q", { paused: false });
      await clock.settle();
      assert.equal(await client.count({ queue: "q", status: "in_flight" }), 2);
    }));

  it("stops its jobs that run when it is told to, and counts no attempt", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await enqueue(parts, 3);
      await enqueue(parts, 1, "other");
      const taken = await take({ prefetch: 9 });
      await clock.settle();
      assert.equal(taken.jobs.length, 4);
      await set(parts, "q", { paused: true, stop_running: true });
      assert.equal(await client.count({ queue: "q", status: "ready" }), 3);
      assert.equal(await client.count({ queue: "other", status: "in_flight" }), 1);
      const own = taken.jobs.find(({ queue }) => queue === "q")!;
      await assert.rejects(client.success(own), { status: 409 });
      await set(parts, "q", { paused: false });
      await clock.settle();
      assert.equal(taken.jobs.length, 7);
      assert.deepEqual(taken.jobs.map(({ attempts }) => attempts), Array(7).fill(0));
    }));

  for (
    const [what, before, patch] of [
      ["resumes its queue", true, { paused: false, stop_running: true }],
      ["leaves its queue open", false, { stop_running: true }],
    ] as const
  ) {
    it(`takes nothing away that is given to somebody by a call which ${what}`, () =>
      withBroker(async (parts) => {
        const { broker, client, clock, take } = parts;
        const [id] = await enqueue(parts, 1);
        await take({ prefetch: 1 });
        await clock.settle();
        const waiting = send(broker, "POST", "/jobs/take", { wait_ms: 30_000 });
        await clock.settle();
        if (before) {
          await set(parts, "q", { paused: true });
          await enqueue(parts, 1);
        }
        await set(parts, "q", patch);
        await clock.settle();
        const [got] = (await waiting).body.jobs;
        assert.equal(got.id, id);
        assert.equal((await client.get(got.id)).leaseExpiresAt, got.lease_expires_at);
      }));
  }

  it("gives nothing to a call that takes once, which is answered at once", () =>
    withBroker(async (parts) => {
      const { broker } = parts;
      await set(parts, "q", { max_in_flight: 1 });
      await enqueue(parts, 3);
      await enqueue(parts, 1, "paused");
      await set(parts, "paused", { paused: true });
      const takeOnce = async (body: object) =>
        (await send(broker, "POST", "/jobs/take", body)).body.jobs.length;
      assert.equal(await takeOnce({ queues: ["paused"] }), 0);
      assert.equal(await takeOnce({ count: 9 }), 1);
      assert.equal(await takeOnce({ queues: ["q"], count: 9 }), 0);
      assert.equal(await takeOnce({}), 0);
      await set(parts, "q", { paused: true, stop_running: true });
      await set(parts, "q", { paused: false });
      assert.equal(await takeOnce({ queues: ["q"] }), 1);
    }));

  it("costs nothing while jobs come and nobody may have them", async () => {
    const { database, asked } = createCountingDatabase();
    await withEngine(async ({ engine, enqueue, listen, settle }) => {
      await engine.queueControl.change("q", { paused: true });
      listen({ queues: ["q"] });
      listen();
      await settle();
      asked();
      await enqueue({ queue: "q" });
      await settle();
      assert.equal(asked().commits, 1);
    }, { database });
  });
});

describe("a limit on what is in flight", () => {
  it("holds over streams of all kinds, and leaves other queues alone", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await set(parts, "q", { max_in_flight: 3 });
      const streams = [
        await take({ queues: ["q"], prefetch: 2 }),
        await take({ queues: ["q", "other"], prefetch: 9 }),
        await take({ prefetch: 9 }),
      ];
      await enqueue(parts, 9);
      await enqueue(parts, 4, "other");
      await clock.settle();
      const inFlight = (queue: string) => client.count({ queue, status: "in_flight" });
      assert.deepEqual([await inFlight("q"), await inFlight("other")], [3, 4]);
      const held = streams.flatMap(({ jobs }) => jobs).filter(({ queue }) => queue === "q");
      await client.success(held[0]!);
      await client.failure(held[1]!, { message: "m" });
      await client.delete(held[2]!.id);
      await clock.settle();
      assert.equal(await inFlight("q"), 3);
    }));

  it("is no hindrance any more once it is lifted, raised, or a job has moved away", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await set(parts, "q", { max_in_flight: 1 });
      await enqueue(parts, 9);
      const taken = await take({ queues: ["q"], prefetch: 99 });
      await clock.settle();
      assert.equal(taken.jobs.length, 1);
      await set(parts, "q", { max_in_flight: 3 });
      await clock.settle();
      assert.equal(taken.jobs.length, 3);
      await client.patch(taken.jobs[0]!.id, { queue: "other" });
      await clock.settle();
      assert.equal(taken.jobs.length, 4);
      await set(parts, "q", { max_in_flight: null });
      await clock.settle();
      assert.equal(taken.jobs.length, 9);
      await set(parts, "q", { max_in_flight: 8 });
      await enqueue(parts, 1);
      await clock.settle();
      assert.equal(taken.jobs.length, 9);
      await client.success(taken.jobs[3]!);
      await clock.settle();
      assert.equal(taken.jobs.length, 10);
    }));

  it("lets a job with a budget wait, without a charge", () =>
    withBroker(async (parts) => {
      const { client, clock, take } = parts;
      await set(parts, "q", { max_in_flight: 1 });
      const budgets = [{
        key: "b",
        createWith: { allocation: 5, strategy: { type: "while_in_flight" } },
      }] as const;
      for (const queue of ["q", "q", "other"]) await client.enqueue(job({ queue, budgets }));
      const taken = await take({ prefetch: 9 });
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ queue }) => queue).sort(), ["other", "q"]);
    }));
});

describe("forgetting a queue", () => {
  it("takes its settings, once it has no unfinished job", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      const forget = (queue: string) => send(broker, "DELETE", `/queues/${queue}`);
      assert.deepEqual(await forget("none"), {
        status: 404,
        body: { error: "queue 'none' not found" },
      });
      await set(parts, "q", { paused: true });
      const [id] = await enqueue(parts, 2);
      await client.enqueue(job({ delayMs: 1000 }));
      assert.deepEqual(await forget("q"), {
        status: 409,
        body: { error: "queue 'q' is not empty: it has 1 scheduled, 2 ready" },
      });
      assert.equal((await send(broker, "GET", "/queues/q/settings")).body.paused, true);
      await client.deleteMany({ queue: "q" });
      assert.equal((await forget("q")).status, 204);
      assert.equal((await send(broker, "GET", "/queues/q/settings")).body.paused, false);
      assert.equal((await forget("q")).status, 404);
      assert.ok(id);
    }));

  it("leaves finished jobs, and gives what comes later to workers", () =>
    withBroker(async (parts) => {
      const { broker, client, clock, take } = parts;
      const taken = await take({ prefetch: 9 });
      await client.enqueue(job({ retention: { completedMs: 1e6 } }));
      await clock.settle();
      await client.success(taken.jobs[0]!);
      await set(parts, "q", { paused: true });
      assert.equal((await send(broker, "DELETE", "/queues/q")).status, 204);
      assert.equal(await client.count({ queue: "q", status: "completed" }), 1);
      await enqueue(parts, 1);
      await clock.settle();
      assert.equal(taken.jobs.length, 2);
    }));
});

describe("POST /reset", () => {
  it("takes back what is set for queues", () =>
    withBroker(async (parts) => {
      await set(parts, "q", { paused: true });
      await parts.client.reset();
      await enqueue(parts, 1);
      const taken = await parts.take();
      await parts.clock.settle();
      assert.equal(taken.jobs.length, 1);
    }));
});
