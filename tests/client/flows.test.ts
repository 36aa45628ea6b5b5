/** Flows: graphs of jobs as one call, with results that travel from step to step. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFlows, defineJob, defineStep, ProtocolError } from "../../src/client/mod.ts";
import { createWorker, handle, handleStep, type JobHandler, result } from "../../src/worker/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const split = defineStep<string, string[]>({ type: "split", queue: "words" });
const count = defineStep<number, number, { parts: typeof split }>({
  type: "count",
  queue: "words",
});
const sum = defineStep<null, number, { counts: (typeof count)[] }>({ type: "sum", queue: "words" });

/** Works until nothing is left to do. */
async function work({ client, clock, broker }: TestBroker, handlers: readonly JobHandler[]) {
  const worker = createWorker({ client, handlers, concurrency: 10, clock });
  const running = worker.run();
  for (let round = 0; round < 50; round++) await clock.settle();
  assert.equal((await send(broker, "GET", "/jobs/count?status=ready,in_flight")).body.count, 0);
  const stopped = worker.stop();
  await clock.settle();
  await stopped;
  await running;
}

describe("createFlows()", () => {
  it("fans out and in: the results of the parents are given to the children", () =>
    withBroker(async (parts) => {
      const sums: number[] = [];
      const jobs = await createFlows({ fetch: parts.broker.fetch }).start(({ add }) => {
        const parts = add(split, "three small parts");
        const counts = [0, 1, 2].map((part) => add(count, part, { after: { parts } }));
        add(sum, null, { after: { counts } });
      });
      assert.deepEqual(jobs.map(({ status }) => status), ["ready", ...Array(4).fill("blocked")]);
      assert.deepEqual(jobs[4]!.dependsOn, jobs.slice(1, 4).map(({ id }) => id));
      await work(parts, [
        handleStep(split, (text) => text.split(" ")),
        handleStep(count, (part, { parents, attempt, job }) => {
          assert.deepEqual([attempt, job.type], [1, "count"]);
          return parents.parts[part]!.length;
        }),
        handleStep(sum, (_, { parents }) => {
          sums.push(parents.counts.reduce((total, length) => total + length, 0));
          return sums[0]!;
        }),
      ]);
      assert.deepEqual(sums, [15]);
      assert.equal(await parts.client.count(), 0);
    }));

  it("keeps a result for a job that is tried again, and no longer", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const seen: unknown[] = [];
      const first = await client.enqueue(job({ type: "a" }));
      await client.enqueue(job({ type: "b", dependsOn: [first.id] }));
      await client.enqueue(job({ type: "b", dependsOn: [{ id: first.id, name: "page" }] }));
      const a = defineJob({ type: "a", queue: "q" });
      const b = defineJob({ type: "b", queue: "q" });
      const handlers = [
        handle(a, () => result({ links: [1, 2.5], none: null })),
        handle(b, (_, { job, attempt }) => {
          seen.push(job.parentResults);
          if (attempt === 1) throw new Error("again");
        }),
      ];
      await work(parts, handlers);
      await clock.advance(60_000);
      await work(parts, handlers);
      const value = { links: [1, 2.5], none: null };
      const both = [{ [first.id]: value }, { page: value }];
      assert.deepEqual(seen, [...both, ...both]);
      assert.equal((await send(broker, "GET", "/jobs/count")).body.count, 0);
    }));

  it("refuses an 10,001st node, and a server that would run all jobs at once", async () => {
    const step = defineStep<number, number>({ type: "t", queue: "q" });
    await withBroker(async ({ broker }) => {
      const flows = createFlows({ fetch: broker.fetch });
      await assert.rejects(
        flows.start(({ add }) => {
          for (let at = 0; at <= 10_000; at++) add(step, at);
        }),
        RangeError,
      );
    });
    let enqueued = 0;
    const flows = createFlows({
      fetch: ({ url }) => {
        if (!url.endsWith("/version")) enqueued++;
        return Promise.resolve(Response.json({ version: "0.6.1" }));
      },
    });
    await assert.rejects(flows.start(({ add }) => void add(step, 1)), ProtocolError);
    assert.equal(enqueued, 0);
  });
});

describe("results over HTTP", () => {
  it("are taken with one success and with many, and shown by a get", () =>
    withBroker(async ({ broker, clock, take }) => {
      const ids: string[] = [];
      for (let at = 0; at < 2; at++) {
        ids.push((await send(broker, "POST", "/jobs", job())).body.id);
      }
      const wire = { ...job(), queue: "later", depends_on: ids };
      const child = (await send(broker, "POST", "/jobs", wire)).body.id;
      await take({ prefetch: 9, queues: ["q"] });
      await clock.settle();
      const large = await send(broker, "POST", `/jobs/${ids[0]}/success`, {
        result: "x".repeat(70_000),
      });
      assert.equal(large.status, 400);
      const one = await send(broker, "POST", `/jobs/${ids[0]}/success`, { result: 1.0 });
      assert.equal(one.status, 204);
      const many = await send(broker, "POST", "/jobs/success", {
        ids: [ids[1]],
        results: { [ids[1]!]: [{ a: 1.5 }] },
      });
      assert.equal(many.status, 204);
      const { body } = await send(broker, "GET", `/jobs/${child}`);
      assert.deepEqual(body.parent_results, { [ids[0]!]: 1, [ids[1]!]: [{ a: 1.5 }] });
      assert.equal((await send(broker, "DELETE", `/jobs/${child}`)).status, 204);
    }));
});
