/** What qless tells of jobs, queues and workers: statements of its behaviour, over the protocol. */

import assert from "node:assert/strict";
import { env } from "node:process";
import { describe, it } from "node:test";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

describe("failures", () => {
  it("are counted by group, listed newest first, and all of a group are waiting after a requeue", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const ids: string[] = [];
      const taken = await take({ prefetch: 0 });
      for (let at = 0; at < 6; at++) {
        const { id } = await client.enqueue(job());
        await clock.advance(1000);
        const failureGroup = at < 4 ? "first" : "second";
        await client.failure(id, { message: "a backtrace", failureGroup, kill: true });
        ids.push(id);
      }
      await taken.close();
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "first", count: 4 },
        { group: "second", count: 2 },
      ]);
      const newestFirst = "/jobs?status=dead&failure_group=first&sort=failed_at&order=desc";
      const { body } = await send(broker, "GET", newestFirst);
      assert.deepEqual(
        body.jobs.map(({ id }: { id: string }) => id),
        ids.slice(0, 4).reverse(),
      );
      assert.deepEqual((await send(broker, "POST", "/failures/first/requeue", {})).body, {
        requeued: 4,
      });
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "second", count: 2 },
      ]);
      const waiting = (await client.page({ status: "ready" })).jobs;
      assert.deepEqual(waiting.map(({ id }) => id), ids.slice(0, 4));
    }));
});

describe("the counts of a queue", () => {
  it("tell where its jobs stand", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueueMany([job(), job(), job(), job({ delayMs: 1_000_000 })]);
      await send(broker, "POST", "/jobs/take", { count: 2, lease_ms: 60_000 });
      const counts = async () => {
        const { ready, in_flight, stalled, scheduled } =
          (await send(broker, "GET", "/queues/q")).body;
        return { waiting: ready, running: in_flight - stalled, stalled, scheduled };
      };
      assert.deepEqual(await counts(), { waiting: 1, running: 2, stalled: 0, scheduled: 1 });
      await clock.advance(60_000);
      assert.deepEqual(await counts(), { waiting: 1, running: 0, stalled: 2, scheduled: 1 });
    }));

  it("show that it is paused, and what waits in it", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueueMany([job(), job()]);
      const counts = async () => {
        const { ready, paused } = (await send(broker, "GET", "/queues/q")).body;
        return { ready, paused };
      };
      const take = async () => (await send(broker, "POST", "/jobs/take", { count: 9 })).body.jobs;
      await send(broker, "PATCH", "/queues/q", { paused: true });
      assert.deepEqual([await take(), await counts()], [[], { ready: 2, paused: true }]);
      await send(broker, "PATCH", "/queues/q", { paused: false });
      assert.deepEqual(await counts(), { ready: 2, paused: false });
      assert.equal((await take()).length, 2);
    }));
});

describe("statistics", () => {
  for (const kind of ["wait", "run"] as const) {
    it(`of ${kind}s of 0 to 19 s: the count, the mean, the deviation, and one in each bucket`, () =>
      withBroker(async ({ broker, client, clock, take }) => {
        if (kind === "wait") {
          // Each is put a second before the one behind it, and all are popped at once.
          for (let at = 0; at < 20; at++) {
            if (at > 0) await clock.advance(1000);
            await client.enqueue(job());
          }
          await take({ prefetch: 0 });
          await clock.advance(0);
        } else {
          await client.enqueueMany(Array.from({ length: 20 }, () => job()));
          const { jobs } = await take({ prefetch: 0 });
          await clock.advance(0);
          for (const [at, taken] of jobs.entries()) {
            if (at > 0) await clock.advance(1000);
            await client.success(taken);
          }
        }
        const { body } = await send(broker, "GET", "/queues/q/stats");
        const { count, mean_ms, std_ms, histogram } = body[kind];
        assert.deepEqual([count, mean_ms / 1000], [20, 9.5]);
        assert.equal((std_ms / 1000).toFixed(9), "5.916079783");
        assert.equal(histogram.length, 148);
        assert.ok(histogram.every((jobs: number, at: number) => jobs === (at < 20 ? 1 : 0)));
      }));
  }

  it("of runs: a job that goes on in another queue has run in the one that it leaves", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueue(job());
      const runs: unknown[] = [];
      for (const [queue, success] of [["q", { next: { queue: "p" } }], ["p", {}]] as const) {
        const { jobs } = (await send(broker, "POST", "/jobs/take", { queues: [queue] })).body;
        await clock.advance(queue === "q" ? 1000 : 3000);
        await send(broker, "POST", `/jobs/${jobs[0].id}/success`, success);
      }
      for (const queue of ["q", "p"]) {
        const { wait, run } = (await send(broker, "GET", `/queues/${queue}/stats`)).body;
        runs.push([wait.count, wait.mean_ms, run.count, run.mean_ms]);
      }
      assert.deepEqual(runs, [[1, 0, 1, 1000], [1, 0, 1, 3000]]);
    }));

  // A broker that shares its database looks at it every few seconds: too much for a day and a half.
  const skip = env["MILLRACE_POSTGRES"] !== undefined;
  it(
    "of failures: a job that fails and is put again, or cancelled, failed once and is not failed",
    { skip },
    () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const stats = async (day = "") => {
          const { failures, failed } = (await send(broker, "GET", `/queues/q/stats${day}`)).body;
          return { failures, failed };
        };
        const first = `?day=${new Date(clock.now()).toISOString().slice(0, 10)}`;
        const fail = async () => {
          const taken = await take();
          await clock.advance(1);
          const { id } = taken.jobs[0]!;
          await client.failure(id, { message: "m", kill: true });
          await taken.close();
          return id;
        };
        await client.enqueue(job());
        const id = await fail();
        assert.deepEqual(await stats(first), { failures: 1, failed: 1 });
        await send(broker, "POST", "/failures/requeue", {});
        assert.deepEqual(await stats(first), { failures: 1, failed: 0 });
        await fail();
        await client.delete(id);
        assert.deepEqual(await stats(first), { failures: 2, failed: 0 });
        await client.enqueue(job());
        await fail();
        await clock.advance(1.5 * 86_400_000);
        await send(broker, "POST", "/failures/requeue", { queue: "another" });
        assert.deepEqual(await stats(first), { failures: 3, failed: 0 });
        assert.deepEqual(await stats(), { failures: 0, failed: 0 });
      }),
  );
});

describe("the history of a job", () => {
  it("keeps the first entry and the newest, up to its limit", () =>
    withBroker(async ({ broker, client, clock }) => {
      const start = clock.now();
      const { id } = await client.enqueue(job({ history: true }));
      for (let at = 1; at < 100; at++) {
        await clock.advance(1000);
        await client.patch(id, { queue: `q${at}` });
      }
      const { history } = (await send(broker, "GET", `/jobs/${id}/history`)).body;
      const seconds = history.map(({ at }: { at: number }) => (at - start) / 1000);
      assert.deepEqual(seconds, [0, 96, 97, 98, 99]);
    }, { historyLimit: 5 }));
});

describe("workers", () => {
  type Worker = { id: string; jobs: number };
  const asWorker = (id: string) => ({
    "content-type": "application/json",
    "worker-id": id,
  });

  // A day, if nothing else is said.
  const maxWorkerAgeMs = 600_000;

  it("are listed when they take jobs or renew leases, and are gone when they are too old", () =>
    withBroker(async ({ broker, client, clock }) => {
      const call = async (worker: string, path: string, body: object) => {
        const init = { method: "POST", headers: asWorker(worker), body: JSON.stringify(body) };
        return await (await broker.fetch(new Request(`http://broker${path}`, init))).json();
      };
      const list = async (): Promise<string[]> =>
        (await send(broker, "GET", "/workers")).body.workers.map(({ id, jobs }: Worker) =>
          `${id} ${jobs}`
        );
      await client.enqueue(job());
      const { jobs } = await call("a", "/jobs/take", { lease_ms: 300_000 });
      assert.deepEqual(await list(), ["a 1"]);
      await clock.advance(1000);
      assert.deepEqual(await call("b", "/jobs/take", {}), { jobs: [] });
      assert.deepEqual(await list(), ["b 0", "a 1"]);
      await clock.advance(1000);
      await call("a", `/jobs/${jobs[0].id}/heartbeat`, {});
      assert.deepEqual(await list(), ["a 1", "b 0"]);
      await clock.advance(maxWorkerAgeMs - 1000);
      assert.deepEqual(await list(), ["a 0"]);
      await clock.advance(1001);
      assert.deepEqual(await list(), []);
    }, { maxWorkerAgeMs }));

  const ends: Readonly<Record<string, (id: string) => readonly [string, string, object?]>> = {
    complete: (id) => ["POST", `/jobs/${id}/success`],
    fail: (id) => ["POST", `/jobs/${id}/failure`, { message: "m", kill: true }],
    retry: (id) => ["POST", `/jobs/${id}/failure`, { message: "m", retry_at: 1 }],
    cancel: (id) => ["DELETE", `/jobs/${id}`],
    timeout: (id) => ["POST", `/jobs/${id}/timeout`],
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`lose a job on ${name}`, () =>
      withBroker(async ({ broker, client }) => {
        const { id } = await client.enqueue(job());
        await broker.fetch(
          new Request("http://broker/jobs/take", {
            method: "POST",
            headers: asWorker("a"),
            body: '{"lease_ms":60000}',
          }),
        );
        const jobs = async () => (await send(broker, "GET", "/workers/a")).body.jobs;
        assert.deepEqual(await jobs(), [id]);
        const [method, path, body] = end(id);
        assert.ok((await send(broker, method, path, body)).status < 300);
        assert.deepEqual(await jobs(), []);
      }));
  }
});
