import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker, StoreError, type SyncDatabase } from "../../src/broker/mod.ts";
import { createClient, ServerError } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";

describe("broker", () => {
  it("stop: ends streams, gives their jobs back, and answers 503 from then on", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await client.enqueue(job());
      const stream = await take();
      await clock.settle();
      assert.equal(stream.jobs.length, 1);
      await broker.close();
      await clock.settle();
      assert.ok(stream.ended());
      assert.equal(clock.timers, 0);
      const late = createClient({ fetch: broker.fetch, retry: { limit: 0 } });
      await assert.rejects(late.health(), ServerError);
    }));

  it("start: gives jobs in flight at a crash back, without counting an attempt, with their errors", async () => {
    const store = openSqlite(":memory:");
    const first = createBroker({ store });
    const client = createClient({ fetch: first.fetch });
    const { id } = await client.enqueue(job());
    const stream = await client.take();
    const batches = stream.batches()[Symbol.asyncIterator]();
    while ((await batches.next()).value.length === 0);
    assert.equal((await client.get(id)).status, "in_flight");

    // The first broker is left as a crash leaves it: nobody says goodbye to the database.
    const second = createBroker({ store });
    await second.start();
    const found = await createClient({ fetch: second.fetch }).get(id);
    assert.deepEqual([found.status, found.attempts], ["ready", 0]);
    assert.equal(typeof found.dequeuedAt, "number");
    await stream.close();
    await first.close();
    await second.close();
  });

  it("start: runs before the first answer, and again after a failure", async () => {
    const { begin: _, ...driver } = openSqlite(":memory:");
    let broken = true;
    const store: SyncDatabase = {
      ...driver,
      transaction(body) {
        if (broken) throw new StoreError("disk full");
        return driver.transaction(body);
      },
    };
    driver.open();
    const broker = createBroker({ store });
    const health = async () => {
      const answer = await broker.fetch(new Request("http://broker/health"));
      return [answer.status, await answer.json()];
    };
    assert.deepEqual(await health(), [503, { error: "broker cannot start" }]);
    broken = false;
    assert.deepEqual(await Promise.all([health(), health()]), [
      [200, { status: "ok" }],
      [200, { status: "ok" }],
    ]);
    await broker.close();
  });

  it("hides a finished job when its retention ends, and deletes it within the reaper's interval", () =>
    withBroker(async ({ client, clock, take }) => {
      const stream = await take();
      const { id } = await client.enqueue(job({ retention: { completedMs: 1000 } }));
      await clock.settle();
      await client.success(stream.jobs[0]!.id);
      await clock.advance(999);
      assert.equal((await client.get(id)).status, "completed");
      await clock.advance(1);
      await assert.rejects(client.get(id), { code: "not_found" });
      assert.equal(await client.count(), 0);
      assert.deepEqual(await client.queues(), ["q"]);
      await clock.advance(30_000);
      assert.deepEqual(await client.queues(), []);
    }));

  it("failed commit: answers 500, stores nothing of the call, and serves the calls in the same commit", async () => {
    const driver = openSqlite(":memory:");
    const store: SyncDatabase = {
      ...driver,
      run(sql, params) {
        if (params.includes("poison")) throw new StoreError("disk full");
        return driver.run(sql, params);
      },
    };
    await withBroker(async ({ client }) => {
      const results = await Promise.allSettled([
        client.enqueue(job({ payload: 1 })),
        client.enqueue(job({ queue: "poison" })),
        client.enqueue(job({ payload: 2 })),
      ]);
      assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
      const { reason } = results[1] as PromiseRejectedResult;
      assert.ok(reason instanceof ServerError);
      assert.equal(reason.message, "internal server error");
      assert.equal(await client.count(), 2);
    }, { store });
  });

  it("keeps an error record whole, with any characters in it", () =>
    withBroker(async ({ client, clock, take }) => {
      const stream = await take();
      const { id } = await client.enqueue(job());
      await clock.settle();
      assert.equal(stream.jobs.length, 1);
      await client.failure(id, { message: "before\0after 😀\n", backtrace: "" });
      const { message, backtrace, errorType } = await client.error(id, 1);
      assert.deepEqual([message, backtrace, errorType], ["before\0after 😀\n", "", undefined]);
    }));

  it("maxBodyBytes: refuses a larger body, with or without a declared length, and stores nothing", () =>
    withBroker(async ({ broker, client }) => {
      const bytes = new TextEncoder().encode(JSON.stringify(job({ payload: "x".repeat(2000) })));
      const post = (body: BodyInit, headers = {}) =>
        broker.fetch(
          new Request("http://broker/jobs", {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body,
            ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
          }),
        );
      const declared = await post(bytes, { "content-length": `${bytes.length}` });
      assert.equal(declared.status, 413);
      assert.match((await declared.json()).error, /^body is \d+ bytes, at most 1000 are accepted$/);
      const counted = await post(new Blob([bytes]).stream());
      assert.equal(counted.status, 413);
      assert.equal(await client.count(), 0);
    }, { maxBodyBytes: 1000 }));

  it("names the field and the value of an invalid call, and stores nothing of it", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = [job(), job(), job(), job({ priority: 1.5 })];
      const response = await broker.fetch(
        new Request("http://broker/jobs/bulk", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ jobs }),
        }),
      );
      assert.equal(response.status, 400);
      assert.equal(
        (await response.json()).error,
        "invalid JSON: jobs[3].priority: expected an integer from 0 to 65535, got 1.5",
      );
      assert.equal(await client.count(), 0);
    }));

  it("refuses a database that a newer version wrote", async () => {
    const store = openSqlite(":memory:");
    store.open();
    store.script("CREATE TABLE schema_version (version INTEGER NOT NULL)");
    store.run("INSERT INTO schema_version VALUES (?)", [99]);
    const broker = createBroker({ store });
    await assert.rejects(broker.start(), (error: Error) => {
      assert.equal(error.name, "StoreError");
      assert.match(error.message, /schema version 99: this Millrace knows versions up to \d+/);
      return true;
    });
    await broker.stop();
  });
});
