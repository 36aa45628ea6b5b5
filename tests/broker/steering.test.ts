/** Making workers quiet, and stopping them: docs/protocol.md, section 13.10. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient, createInsight, createLeases, defineJob } from "../../src/client/mod.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

describe("a quiet worker", () => {
  it("gets no more jobs over a stream, and all again when it is resumed", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const insight = createInsight({ fetch: broker.fetch });
      const alpha = await take({ workerId: "alpha", prefetch: 10 });
      await client.enqueue(job());
      await clock.settle();
      assert.equal(alpha.jobs.length, 1);
      await insight.quietWorker("alpha");
      await client.enqueueMany([job(), job()]);
      await client.success(alpha.jobs[0]!);
      await clock.settle();
      assert.equal(alpha.jobs.length, 1);
      assert.equal(alpha.ended(), false);
      // Another stream of the same name gets none either, one of another name does.
      const again = await take({ workerId: "alpha", prefetch: 10 });
      const beta = await take({ workerId: "beta", prefetch: 1 });
      await clock.settle();
      assert.deepEqual([again.jobs.length, beta.jobs.length], [0, 1]);
      await insight.resumeWorker("alpha");
      await clock.settle();
      assert.equal(alpha.jobs.length + again.jobs.length, 2);
    }));

  it("gets none by calls either, which are answered at once", () =>
    withBroker(async ({ broker, client }) => {
      const insight = createInsight({ fetch: broker.fetch });
      const leases = createLeases({ fetch: broker.fetch });
      await leases.take({ workerId: "puller" });
      await insight.quietWorker("puller");
      await client.enqueue(job());
      assert.deepEqual(await leases.take({ workerId: "puller" }), []);
      await insight.resumeWorker("puller");
      assert.equal((await leases.take({ workerId: "puller" })).length, 1);
    }));

  it("is shown, with what it serves", () =>
    withBroker(async ({ broker, take }) => {
      const insight = createInsight({ fetch: broker.fetch });
      const run = { id: "run-of-alpha", withinMs: 60_000, about: "stop=1&type=b&type=a" };
      await take({ workerId: "alpha", queues: ["q", "p"], run });
      await take({ workerId: "beta" });
      await insight.quietWorker("alpha");
      const { workers } = (await send(broker, "GET", "/workers?order=asc")).body;
      const shown = workers.map(({ last_seen_at: _, ...rest }: { last_seen_at: number }) => rest)
        .sort((a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1);
      const none = { jobs: 0, stalled: 0 };
      assert.deepEqual(shown, [
        {
          id: "alpha",
          ...none,
          ...{ streams: 1, stoppable: 1, queues: ["p", "q"], types: ["a", "b"], quiet: true },
        },
        {
          id: "beta",
          ...none,
          ...{ streams: 1, stoppable: 0, queues: null, types: null, quiet: false },
        },
      ]);
      const { streams, quiet, types } = await insight.worker("alpha");
      assert.deepEqual([streams, quiet, types], [1, true, ["a", "b"]]);
      const { streams: reading, resting } = await insight.serving("q");
      assert.deepEqual([reading, resting], [1, 1]);
    }));

  it("stays so when the broker starts anew", async () => {
    const database = openSqlite(":memory:");
    // It stays open for the next broker, as a file would.
    const store: SyncDatabase = {
      dialect: database.dialect,
      open: () => database.open(),
      all: (sql, params) => database.all(sql, params),
      run: (sql, params) => database.run(sql, params),
      script: (sql) => database.script(sql),
      transaction: (body) => database.transaction(body),
      close() {},
    };
    const clock = createTestClock();
    const first = createBroker({ store, clock, logger: false });
    const leases = createLeases({ fetch: first.fetch });
    await leases.take({ workerId: "alpha" });
    await createInsight({ fetch: first.fetch }).quietWorker("alpha");
    await createClient({ fetch: first.fetch }).enqueue(job());
    await first.close();
    const second = createBroker({ store, clock, logger: false });
    assert.deepEqual(await createLeases({ fetch: second.fetch }).take({ workerId: "alpha" }), []);
    assert.equal((await createInsight({ fetch: second.fetch }).worker("alpha")).quiet, true);
    await second.close();
    database.close();
  });

  it("is forgotten when it was not seen for long, and not while it listens", () =>
    withBroker(async ({ broker, clock, take }) => {
      const insight = createInsight({ fetch: broker.fetch });
      const stay = await take({ workerId: "stays" });
      const gone = await take({ workerId: "gone" });
      for (const id of ["stays", "gone"]) await insight.quietWorker(id);
      await gone.close();
      for (let hour = 0; hour < 30; hour++) {
        await clock.advance(3_600_000);
        await send(broker, "GET", "/workers");
      }
      assert.equal((await insight.worker("stays")).quiet, true);
      await assert.rejects(insight.resumeWorker("gone"), { name: "NotFoundError" });
      await take({ workerId: "gone" });
      assert.equal((await insight.worker("gone")).quiet, false);
      await stay.close();
    }));

  it("is one that is known", () =>
    withBroker(async ({ broker }) => {
      for (const deed of ["quiet", "resume", "stop"]) {
        const { status, body } = await send(broker, "POST", `/workers/nobody/${deed}`);
        assert.deepEqual([status, body], [404, { error: "worker not found" }]);
      }
    }));
});

describe("a worker that is told to stop", () => {
  for (const way of ["over HTTP", "in the same process"]) {
    it(`finishes what it runs and ends, ${way}`, () =>
      withBroker(async ({ broker, client: direct }) => {
        const slow = defineJob<number>({ type: "slow", queue: "q" });
        // A function of its own hides that the broker is in this process.
        const client = way === "over HTTP"
          ? createClient({ fetch: (request) => broker.fetch(request) })
          : direct;
        const insight = createInsight({ fetch: broker.fetch });
        const begun = Promise.withResolvers<void>();
        const go = Promise.withResolvers<void>();
        const worker = createWorker({
          client,
          handlers: [handle(slow, async () => {
            begun.resolve();
            await go.promise;
          })],
          concurrency: 1,
          workerId: "ours",
          logger: false,
        });
        const retired = new Promise<string>((resolve) =>
          worker.on("retired", ({ reason }) => resolve(reason))
        );
        const ended = worker.run();
        await client.enqueue(slow, 1);
        await begun.promise;
        await client.enqueue(slow, 2);
        assert.equal(await insight.stopWorker("ours"), 1);
        assert.equal(await retired, "Told to stop");
        go.resolve();
        await ended;
        assert.deepEqual([await client.count({ status: "ready" }), await client.count()], [1, 1]);
      }));
  }

  it("has to understand it, and to listen", () =>
    withBroker(async ({ broker, take }) => {
      const insight = createInsight({ fetch: broker.fetch });
      const foreign = await take({ workerId: "foreign" });
      await assert.rejects(insight.stopWorker("foreign"), {
        name: "RefusedError",
        status: 409,
        message: /does not understand/,
      });
      assert.equal(foreign.ended(), false);
      await foreign.close();
      await assert.rejects(insight.stopWorker("foreign"), {
        status: 409,
        message: /no take stream/,
      });
    }));
});
