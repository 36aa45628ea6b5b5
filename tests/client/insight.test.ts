import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createInsight, type JobPage } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

for (const format of ["json", "msgpack"] as const) {
  describe(`createInsight, ${format}`, () => {
    it("lists groups of failures, and requeues them", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job(), job(), job()]);
        const taken = await take({ prefetch: 0 });
        await clock.advance(1);
        for (const [at, failureGroup] of ["a/b", "a/b", "c"].entries()) {
          await client.failure(taken.jobs[at]!.id, { message: "m", failureGroup, kill: true });
        }
        await taken.close();
        const groups = await Array.fromAsync(insight.failures({ limit: 1 }));
        assert.deepEqual(groups, [{ group: "a/b", count: 2 }, { group: "c", count: 1 }]);
        assert.equal(await client.count({ failureGroup: "a/b" }), 2);
        assert.equal(await insight.requeueFailures("a/b", { limit: 1, queue: "again" }), 1);
        assert.equal(await insight.requeueFailures(undefined), 2);
        assert.equal(await client.count({ status: "ready" }), 3);
      }));

    it("lists jobs in the order of an instant, with their last errors", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job(), job(), job()]);
        const { jobs } = await take({ prefetch: 0 });
        await clock.advance(0);
        for (const [at, { id }] of jobs.entries()) {
          await clock.advance(1);
          await client.failure(id, { message: `m${at}`, errorType: "E", kill: true });
        }
        const query = { status: "dead", sort: "failedAt", order: "desc", lastError: true } as const;
        const ids = jobs.map(({ id }) => id).reverse();
        const pages: JobPage[] = [];
        for await (const page of insight.jobs({ ...query, limit: 2 }).pages()) pages.push(page);
        const found = pages.flatMap(({ jobs }) => jobs);
        assert.deepEqual([pages.length, found.map(({ id }) => id)], [2, ids]);
        assert.deepEqual(found[0]!.lastError, {
          attempt: 1,
          message: "m2",
          errorType: "E",
          dequeuedAt: clock.now() - 3,
          failedAt: clock.now(),
        });
        const none = insight.jobs({ queue: [] });
        assert.deepEqual(await Array.fromAsync(none), []);
        assert.equal((await insight.job(ids[0]!)).lastError?.message, "m2");
      }));

    it("tells how queues fare, and what comes next", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        await client.enqueueMany([job({ payload: 1 }), job({ queue: "a/b" }), job({ payload: 2 })]);
        const next = await insight.next("q", 1);
        assert.deepEqual(next.map(({ payload }) => payload), [1]);
        assert.equal((await insight.next("q")).length, 2);
        const { jobs } = await take({ queues: ["q"] });
        await clock.advance(2000);
        await client.success(jobs[0]!);
        await clock.advance(1);
        const details = await insight.queue("q");
        assert.deepEqual([details.inFlight, details.ready], [1, 0]);
        const queues = await Array.fromAsync(insight.queues({ limit: 1 }));
        assert.deepEqual(queues.map(({ queue }) => queue), ["a/b", "q"]);
        const { day, run, wait, retries } = await insight.stats("q");
        assert.deepEqual([run.count, run.meanMs, run.stdMs, run.histogram[2]], [1, 2000, 0, 1]);
        assert.deepEqual([wait.count, retries], [2, 0]);
        assert.equal((await insight.stats("q", "2020-02-29")).run.count, 0);
        assert.equal(day, new Date(clock.now()).toISOString().slice(0, 10));
        await assert.rejects(insight.stats("q", "today"), { status: 400 });
      }));

    it("tells what happened to jobs, and who works", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format: formats[format] });
        const { id } = await client.enqueue(job({ history: true }));
        await take({ workerId: "w/1" });
        await clock.advance(1);
        const at = clock.now();
        const entry = await insight.record(id, { what: "step", data: [1] });
        assert.deepEqual(entry, { what: "step", at, data: [1] });
        assert.deepEqual(await Array.fromAsync(insight.history(id, { limit: 2 })), [
          { what: "put", at: at - 1, queue: "q" },
          { what: "popped", at: at - 1, workerId: "w/1" },
          entry,
        ]);
        const [worker, ...others] = await Array.fromAsync(insight.workers());
        const serves = { streams: 1, stoppable: 0, quiet: false };
        const seen = { id: "w/1", lastSeenAt: at - 1, ...serves };
        assert.deepEqual(worker, { ...seen, jobs: 1, stalled: 0 });
        assert.deepEqual(others, []);
        const details = { ...seen, jobs: [id], stalled: [] };
        assert.deepEqual(await insight.worker("w/1"), details);
        await insight.deregisterWorker("w/1");
        assert.equal((await insight.worker("w/1")).lastSeenAt, undefined);
        const missing = { code: "not_found", message: "worker not found" };
        await assert.rejects(insight.worker("none"), missing);
      }));
  });
}

describe("createInsight and another server", () => {
  it("says that the server has no such endpoint", async () => {
    const fetch = () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 }));
    const insight = createInsight({ fetch });
    await assert.rejects(insight.stats("q"), {
      code: "not_found",
      message: /^The server has no endpoint 'GET \/queues\/\{queue\}\/stats'/,
    });
  });
});
