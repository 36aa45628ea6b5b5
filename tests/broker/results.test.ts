/** What jobs came to, kept with those that are kept: docs/protocol.md, section 14.5. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases, createMovement } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const asked = { "millrace-extensions": "1" };
const kept = { retention: { completedMs: 1000 } };

describe("the result of a job", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`is shown as long as the job is kept, to who asks for extensions, in ${format}`, () =>
      withBroker(async ({ broker, clock }) => {
        const options = {
          fetch: (request: Request) => broker.fetch(request),
          format: formats[format],
        };
        const client = createClient(options);
        const leases = createLeases(options);
        const values = [{ words: [1.5, "x"] }, null, false, "", 7];
        await client.enqueueMany(values.map(() => job(kept)));
        const jobs = await leases.take({ count: 5 });
        await client.success(jobs[0]!, { result: values[0] });
        const results = Object.fromEntries(jobs.slice(1).map(({ id }, at) => [id, values[at + 1]]));
        await client.successMany(jobs.slice(1), { results });
        const shown: unknown[] = [];
        for await (const job of client.list({ status: "completed" })) shown.push(job.result);
        assert.deepEqual(shown, values);
        assert.deepEqual((await client.get(jobs[0]!.id)).result, values[0]);
        const hidden = await send(broker, "GET", `/jobs/${jobs[0]!.id}`);
        assert.equal("result" in hidden.body, false);
        const seen = await send(broker, "GET", `/jobs/${jobs[1]!.id}`, undefined, asked);
        assert.equal(seen.body.result, null);
        await clock.advance(1001);
        assert.equal(await client.count(), 0);
      }));
  }

  it("is over when the job begins anew", () =>
    withBroker(async ({ broker, client }) => {
      const leases = createLeases({ fetch: broker.fetch });
      const { id } = await client.enqueue(job(kept));
      const run = async (result?: unknown) => {
        const [taken] = await leases.take();
        await client.success(taken!, { result });
        return (await client.get(id)).result;
      };
      assert.equal(await run("first"), "first");
      await createMovement({ fetch: broker.fetch }).requeue(id);
      assert.equal((await client.get(id)).result, undefined);
      assert.equal(await run(), undefined);
    }));

  it("is for those that waited too, whether or not the job is kept, and whoever goes first", () =>
    withBroker(async ({ broker, client, clock }) => {
      const leases = createLeases({ fetch: broker.fetch });
      for (const first of ["parent", "child"] as const) {
        const parent = await client.enqueue(job(kept));
        const child = await client.enqueue(job({ queue: "child", dependsOn: [parent.id] }));
        const [taken] = await leases.take({ queues: ["q"] });
        await client.success(taken!, { result: { n: 1 } });
        const results = async () => (await client.get(child.id)).parentResults;
        assert.deepEqual(await results(), { [parent.id]: { n: 1 } });
        if (first === "parent") {
          await client.delete(parent.id);
          assert.deepEqual(await results(), { [parent.id]: { n: 1 } });
          await client.delete(child.id);
        } else {
          await client.delete(child.id);
          assert.deepEqual((await client.get(parent.id)).result, { n: 1 });
        }
      }
      await clock.advance(1001);
      assert.equal(await client.count(), 0);
    }));

  it("is 64 KiB at most, and larger ones leave the job in flight", () =>
    withBroker(async ({ broker, client }) => {
      const leases = createLeases({ fetch: broker.fetch });
      await client.enqueue(job(kept));
      const [taken] = await leases.take();
      await assert.rejects(client.success(taken!, { result: "x".repeat(65_535) }), {
        status: 400,
        message: "invalid JSON: result: has 65537 bytes, at most 65536 are accepted",
      });
      await client.success(taken!, { result: "x".repeat(65_534) });
      assert.equal(await client.count({ status: "completed" }), 1);
    }));
});

describe("large results that many jobs waited for", () => {
  /** 20 jobs that waited for the same 16, which came to 1 MiB together. */
  const withChildren = (
    body: (broker: {
      readonly fetch: (request: Request) => Promise<Response>;
      readonly client: ReturnType<typeof createClient>;
    }) => Promise<void>,
  ) =>
    withBroker(async ({ broker, client }) => {
      const parents = await client.enqueueMany(Array.from({ length: 16 }, () => job()));
      const dependsOn = parents.map(({ id }) => id);
      await client.enqueueMany(
        Array.from({ length: 20 }, () => job({ queue: "child", dependsOn })),
      );
      const taken = await createLeases({ fetch: broker.fetch }).take({ queues: ["q"], count: 16 });
      const result = "x".repeat(65_534);
      for (const one of taken) await client.success(one, { result });
      await body({ fetch: broker.fetch, client });
    });
  const isWhole = ({ parentResults }: { readonly parentResults?: object | undefined }) =>
    Object.keys(parentResults ?? {}).length === 16;

  it("are shown for the first jobs of an answer, 8 MiB together, and for each by itself", () =>
    withChildren(async ({ client }) => {
      const shown: boolean[] = [];
      let last: string | undefined;
      for await (const job of client.list({ queue: "child" })) {
        assert.equal(job.moreLinks === true, !isWhole(job));
        shown.push(isWhole(job));
        last = job.id;
      }
      assert.deepEqual(shown, Array.from({ length: 20 }, (_, at) => at < 8));
      assert.ok(isWhole(await client.get(last!)));
    }));

  it("go whole to who takes the jobs, which are fewer at a time", () =>
    withChildren(async ({ fetch }) => {
      const leases = createLeases({ fetch });
      const sizes: number[] = [];
      for (let jobs = await leases.take({ queues: ["child"], count: 500 }); jobs.length > 0;) {
        assert.ok(jobs.every(isWhole));
        sizes.push(jobs.length);
        jobs = await leases.take({ queues: ["child"], count: 500 });
      }
      assert.equal(sizes.reduce((sum, size) => sum + size), 20);
      assert.ok(Math.max(...sizes) <= 2, `${sizes}`);
    }));
});
