/**
 * A disk that is full or broken for a while: each call fails by itself and whole, and the broker goes on when the
 * disk does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { createFailingDatabase, type FailingDatabase } from "../support/failing-database.ts";

/** Runs a test with a broker whose disk it can break. */
async function withDisk(test: (parts: TestBroker & { disk: FailingDatabase }) => Promise<void>) {
  const disk = createFailingDatabase(openSqlite(":memory:"));
  await withBroker((parts) => test({ ...parts, disk }), { store: disk.database });
}

/** One call, not repeated as the client would. */
async function send(
  { broker }: TestBroker,
  method: string,
  path: string,
  body?: unknown,
): Promise<[status: number, body: unknown]> {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const answer = await broker.fetch(new Request(`http://broker${path}`, init));
  const text = await answer.text();
  return [answer.status, text === "" ? undefined : JSON.parse(text)];
}

const internal = [500, { error: "internal server error" }];

describe("a broker whose disk fails", () => {
  it("stores all of a call or nothing, and says which", async () => {
    await withDisk(async ({ disk, ...parts }) => {
      const { client } = parts;
      await client.enqueue(job());
      disk.fail();
      assert.deepEqual(await send(parts, "POST", "/jobs", job()), internal);
      assert.deepEqual(await send(parts, "POST", "/jobs/bulk", { jobs: [job(), job()] }), internal);
      assert.deepEqual(await send(parts, "DELETE", "/jobs"), internal);
      assert.deepEqual(await send(parts, "PATCH", "/jobs", { priority: 1 }), internal);
      assert.deepEqual(await send(parts, "POST", "/reset"), internal);
      assert.equal(await client.count({}), 1, "what is stored can still be read");
      disk.heal();
      await client.enqueue(job());
      assert.equal(await client.count({}), 2);
    });
  });

  it("keeps a job in flight when its success cannot be stored, and accepts it later", async () => {
    await withDisk(async ({ disk, ...parts }) => {
      const { client, clock, take } = parts;
      const { id } = await client.enqueue(job());
      const other = await client.enqueue(job());
      const taken = await take({ prefetch: 2 });
      await clock.settle();
      assert.equal(taken.jobs.length, 2);
      disk.fail();
      assert.deepEqual(await send(parts, "POST", `/jobs/${id}/success`), internal);
      const failure = { message: "boom" };
      assert.deepEqual(await send(parts, "POST", `/jobs/${other.id}/failure`, failure), internal);
      disk.heal();
      assert.deepEqual(await send(parts, "POST", `/jobs/${id}/success`), [204, undefined]);
      const [status] = await send(parts, "POST", `/jobs/${other.id}/failure`, failure);
      assert.equal(status, 200);
      assert.equal((await client.get(other.id))?.attempts, 1);
    });
  });

  it("ends a stream that it cannot serve, and serves the next", async () => {
    await withDisk(async ({ disk, client, clock, take }) => {
      await client.enqueue(job());
      disk.fail();
      const first = await take();
      await clock.settle();
      assert.equal(first.ended(), true);
      assert.deepEqual(first.jobs, []);
      disk.heal();
      const second = await take();
      await clock.settle();
      assert.equal(second.jobs.length, 1);
    });
  });

  it("promotes jobs that were due meanwhile, and gives jobs back, once it works again", async () => {
    await withDisk(async ({ disk, client, clock, take }) => {
      await client.enqueue(job());
      const worker = await take();
      await clock.settle();
      assert.equal(worker.jobs.length, 1);
      await client.enqueue(job({ readyAt: clock.now() + 5000 }));
      disk.fail();
      await worker.close();
      await clock.advance(10_000);
      assert.equal(await client.count({ status: "ready" }), 0);
      disk.heal();
      await clock.advance(1000);
      assert.equal(await client.count({ status: "ready" }), 2);
    });
  });

  it("stores the other jobs of a group commit when one has no room", async () => {
    const driver = openSqlite(":memory:");
    await withBroker(async (parts) => {
      const { client } = parts;
      await client.enqueue(job());
      const pages = Number(driver.all("PRAGMA page_count", [])[0]?.["page_count"]);
      driver.script(`PRAGMA max_page_count = ${pages + 10}`);
      const large = job({ payload: "x".repeat(200_000) });
      const answers = await Promise.all([
        send(parts, "POST", "/jobs", job()),
        send(parts, "POST", "/jobs", large),
        send(parts, "POST", "/jobs", job()),
      ]);
      assert.deepEqual(answers.map(([status]) => status), [201, 500, 201]);
      assert.equal(await client.count({}), 3);
      driver.script(`PRAGMA max_page_count = ${pages + 1000}`);
      await client.enqueue(large);
      assert.equal(await client.count({}), 4);
    }, { store: driver });
  });
});
