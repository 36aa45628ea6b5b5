import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createInsight, type JobPage } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";

for (const format of ["json", "msgpack"] as const) {
  describe(`createInsight, ${format}`, () => {
    it("lists groups of failures, and requeues them", () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const insight = createInsight({ fetch: broker.fetch, format });
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
        const insight = createInsight({ fetch: broker.fetch, format });
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
  });
}
