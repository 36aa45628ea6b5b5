/** Large calls are whole, bounded, and leave turns to others. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { StoreError } from "../../src/errors.ts";
import type { SyncDatabase } from "../../src/store/database.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const lean = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ type: "t", queue: `q${n % 3}`, payload: n }));

describe("calls on many jobs", () => {
  it("find all of them in more queues than are counted at once", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = Array.from({ length: 11_000 }, (_, n) => {
        return { type: "t", queue: `q${n % 5500}`, priority: n % 10, payload: n };
      });
      assert.equal((await send(broker, "POST", "/jobs/bulk", { jobs })).status, 201);
      const calls: [method: string, target: string, body: unknown, answer: object][] = [
        ["GET", "/jobs/count?priority=3", undefined, { count: 1100 }],
        ["GET", "/jobs/count?filter=.%3C5", undefined, { count: 5 }],
        ["PATCH", "/jobs?priority=3", { priority: 77 }, { patched: 1100 }],
        ["DELETE", "/jobs?priority=77", undefined, { deleted: 1100 }],
        ["DELETE", "/jobs?status=ready&attempts=0", undefined, { deleted: 9900 }],
      ];
      for (const [method, target, body, answer] of calls) {
        assert.deepEqual((await send(broker, method, target, body)).body, answer, target);
      }
      assert.equal(await client.count(), 0);
    }));
});

describe("a bulk enqueue of many jobs", () => {
  it("stores all of them, and tells of each", () =>
    withBroker(async ({ broker, client }) => {
      const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs: lean(12_345) });
      assert.equal(status, 201);
      assert.equal(body.jobs.length, 12_345);
      const ids = body.jobs.map(({ id }: { id: string }) => id);
      assert.deepEqual(ids, ids.toSorted());
      assert.equal(await client.count({ queue: "q1" }), 4115);
    }));

  it("stores none when it fails at the last statement, and serves who came meanwhile", async () => {
    const real = openSqlite(":memory:");
    let fails = true;
    const store: SyncDatabase = {
      ...real,
      begin() {
        const transaction = real.begin!();
        return {
          ...transaction,
          commit() {
            const [jobs] = real.all("SELECT count(*) AS count FROM jobs", []);
            if (fails && Number(jobs!["count"]) > 1000) {
              throw new StoreError("Database 'jobs.db' failed: disk full");
            }
            transaction.commit();
          },
        };
      },
    };
    await withBroker(async ({ broker, client }) => {
      await client.queues();
      const large = send(broker, "POST", "/jobs/bulk", { jobs: lean(3000) });
      const small = client.enqueue({ type: "t", queue: "small", payload: 1 });
      const count = client.count();
      assert.equal((await large).status, 500);
      assert.equal((await small).queue, "small");
      assert.ok(await count <= 1);
      assert.equal(await client.count(), 1);
      fails = false;
      assert.equal((await send(broker, "POST", "/jobs/bulk", { jobs: lean(3000) })).status, 201);
      assert.equal(await client.count(), 3001);
    }, { store });
  });

  it("refuses more items than a call may bring", () =>
    withBroker(async ({ broker, client }) => {
      const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs: lean(11) });
      assert.equal(status, 413);
      assert.match(body.error, /'jobs' has more than 10 items/);
      const ids = Array.from({ length: 11 }, (_, n) => `${n}`);
      assert.equal((await send(broker, "POST", "/jobs/success", { ids })).status, 413);
      assert.equal(await client.count(), 0);
    }, { maxItemsPerCall: 10 }));

  it("names the job that is wrong by its place in the whole list", () =>
    withBroker(async ({ broker }) => {
      const jobs: unknown[] = lean(20_000);
      jobs[17_000] = { type: "t", queue: "q", payload: 1, priority: 1.5 };
      const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs });
      assert.equal(status, 400);
      assert.match(body.error, /jobs\[17000\]\.priority/);
    }));
});

describe("changes of many jobs", () => {
  it("are made in pieces, and are whole in the end", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      await client.enqueueMany(lean(2700));
      const held = await take({ prefetch: 0 });
      for (let turn = 0; held.jobs.length < 2700 && turn < 100; turn++) await clock.settle();
      assert.equal(held.jobs.length, 2700);
      await held.close();
      for (let turn = 0; await client.count({ status: "ready" }) < 2700; turn++) {
        assert.ok(turn < 100);
        await clock.settle();
      }
      assert.equal(await client.patchMany({ queue: "q1" }, { priority: 1 }), 900);
      assert.equal(await client.count({ priority: { max: 1 } }), 900);
      assert.equal(await client.deleteMany({ queue: ["q1", "q2"] }), 1800);
      assert.equal(await client.count(), 900);
      assert.equal((await send(broker, "POST", "/reset")).status, 204);
      assert.deepEqual(await client.queues(), []);
    }, { globalInFlightLimit: 0 }));
});

describe("a page of jobs", () => {
  it("ends when its payloads are large, and says how to go on", () =>
    withBroker(async ({ client }) => {
      // Some are longer than what is read together with the rest of a job.
      const sizes = [400, 70_000, 10, 90_000, 90_000, 200_000, 5];
      for (const size of sizes) {
        await client.enqueue({ type: "t", queue: "q", payload: "x".repeat(size) });
      }
      for (const order of ["asc", "desc"] as const) {
        const pages: number[][] = [];
        let page = await client.page({ limit: 100, order });
        for (;;) {
          pages.push(page.jobs.map(({ payload }) => (payload as string).length));
          const next = await page.next();
          if (next === undefined) break;
          page = next;
        }
        assert.deepEqual(pages.flat(), order === "asc" ? sizes : sizes.toReversed());
        assert.ok(pages.length > 3 && pages.every(({ length }) => length > 0), `${pages.length}`);
      }
    }, { maxPageBytes: 100_000 }));

  it("is the same whether an index leads to its jobs or they are searched", () =>
    withBroker(async ({ client }) => {
      // More jobs than are read without a search.
      for (let part = 0; part < 6; part++) await client.enqueueMany(lean(2000));
      await client.enqueueMany(lean(50).map((job) => ({ ...job, queue: "rare", type: "rare" })));
      await client.enqueueMany(lean(10));
      for (
        const filter of [{ queue: "rare" }, { type: "rare" }, { type: "rare", filter: ". > 9" }]
      ) {
        const expected = Array.from({ length: 50 }, (_, n) => n)
          .filter((n) => !("filter" in filter) || n > 9);
        for (const order of ["asc", "desc"] as const) {
          const found: number[] = [];
          for await (const { payload } of client.list({ ...filter, order, limit: 7 })) {
            found.push(payload as number);
          }
          assert.deepEqual(found, order === "asc" ? expected : expected.toReversed());
        }
        assert.equal(await client.count(filter), expected.length);
      }
      assert.deepEqual((await client.page({ queue: "none" })).jobs, []);
      assert.equal(await client.count({ type: "none" }), 0);
    }));
});

describe("a large body", () => {
  it("is refused unread where there is no place for a payload", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = await client.enqueue({ type: "t", queue: "q", payload: 1 });
      const ids = Array.from({ length: 160_000 }, (_, n) => `${n}`.padStart(25, "0"));
      for (
        const [method, path, body] of [
          ["POST", "/jobs/wait", { ids }],
          ["POST", `/jobs/${id}/tags`, { tags: ids }],
          ["POST", `/jobs/${id}/cancel`, { ids }],
          ["PATCH", "/jobs", { ids }],
          ["PUT", "/config/lease_ms", { value: ids }],
        ] as const
      ) {
        const answer = await send(broker, method, path, body);
        assert.equal(answer.status, 413, path);
        assert.match(answer.body.error, /^body is .+ bytes, at most 4194304 are accepted$/);
      }
    }));

  it("is stored with its payload wherever it may have one", () =>
    withBroker(async ({ broker, client }) => {
      const payload = Array.from({ length: 60_000 }, (_, n) => ({ [`key ${n}`]: `${n}, "é" \n` }));
      const job = { type: "t", queue: "q", payload };
      const has = async (id: string) => assert.deepEqual((await client.get(id)).payload, payload);

      const { body: { id } } = await send(broker, "POST", "/jobs", job);
      await has(id);
      assert.equal((await send(broker, "PUT", "/jobs/own", job)).status, 201);
      await has("own");
      const bulk = await send(broker, "POST", "/jobs/bulk", { jobs: [...lean(10), job, job] });
      await has(bulk.body.jobs[11].id);

      assert.equal(
        (await send(broker, "PUT", "/jobs/run", { ...job, payload: 1, priority: 0 })).status,
        201,
      );
      const { body: taken } = await send(broker, "POST", "/jobs/take", { count: 1 });
      assert.equal(taken.jobs[0].id, "run");
      const report = { payload: 2, enqueue: [job, { ...job, payload: 3 }, job] };
      const { status, body } = await send(broker, "POST", "/jobs/run/success", report);
      assert.equal(status, 200, JSON.stringify(body));
      await has(body.jobs[2].id);
      assert.equal((await client.get(body.jobs[1].id)).payload, 3);

      const entry = { name: "e", expression: "* * * * *", job };
      for (
        const [method, path, request] of [
          ["PUT", "/crons/g", {
            entries: [entry, { ...entry, name: "f", job: { ...job, payload: 4 } }],
          }],
          ["PUT", "/crons/g/entries/e", entry],
        ] as const
      ) {
        const { status } = await send(broker, method, path, request);
        assert.equal(status, 200, path);
        const { body } = await send(broker, "GET", "/crons/g/entries/e");
        assert.deepEqual(body.job.payload, payload);
      }
    }));

  it("is refused where it is wrong, and says which job is", () =>
    withBroker(async ({ broker }) => {
      const text = "x".repeat(700_000);
      const jobs = [...lean(3), { type: "t", queue: "q", payload: text, priority: -1 }];
      const { status, body } = await send(broker, "POST", "/jobs/bulk", { jobs });
      assert.equal(status, 400);
      assert.match(body.error, /jobs\[3\]\.priority: expected an integer/);
      const missing = await send(broker, "POST", "/jobs", { type: text, queue: "q" });
      assert.match(missing.body.error, /payload: is missing/);
    }));
});

describe("a job that ends its workers", () => {
  it("is dead after its retries and some deliveries more, and says why", () =>
    withBroker(async ({ client, clock, take }) => {
      const { id } = await client.enqueue({ type: "t", queue: "q", payload: 1, retryLimit: 2 });
      for (let delivery = 1; delivery <= 6; delivery++) {
        const stream = await take();
        await clock.settle();
        assert.equal(stream.jobs.length, 1, `delivery ${delivery}`);
        await stream.close();
        await clock.settle();
      }
      const job = await client.get(id);
      assert.equal(job.status, "dead");
      const { message, errorType } = await client.error(id, 1);
      assert.match(message, /^Delivered 6 times/);
      assert.equal(errorType, "TooManyDeliveries");
    }, { maxDeliveries: 3 }));
});
