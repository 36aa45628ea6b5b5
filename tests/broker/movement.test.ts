/** Jobs with ids of their own, and jobs that are moved, over HTTP: what is refused, and how it goes with all the rest. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "@msgpack/msgpack";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { createFailingDatabase } from "../support/failing-database.ts";
import { withBroker } from "../support/broker.ts";
import { type Answer, send } from "../support/send.ts";

const job = { type: "t", queue: "q", payload: 1 };
const many = Array.from({ length: 21 }, (_, at) => `t${at}`);
const made = "03hacwdizk0000000000000zz";

describe("PUT /jobs/{id}", () => {
  const refused: readonly [why: string, id: string, body: object, status: number, error: string][] =
    [
      ["an id with a blank", "a%20b", job, 400, 'invalid job ID: "a b"'],
      ["an id that is too long", "x".repeat(129), job, 400, `invalid job ID: "${"x".repeat(129)}"`],
      [
        "an id as the broker makes them",
        made,
        job,
        422,
        `no job has the id '${made}', and one of 25 digits and small letters is made by the broker alone`,
      ],
      ["no type", "a", { ...job, type: undefined }, 400, "invalid JSON: type: is missing"],
      ["no payload", "a", { ...job, payload: undefined }, 400, "invalid JSON: payload: is missing"],
      [
        "no queue",
        "a",
        { ...job, queue: undefined },
        400,
        "queue is missing, and no job has the id 'a'",
      ],
      ["a queue that is none", "a", { ...job, queue: "a,b" }, 400, "queue must not contain ','"],
      [
        "another conflict",
        "a",
        { ...job, on_conflict: "ignore" },
        400,
        'invalid JSON: on_conflict: expected "replace" or "keep", got "ignore"',
      ],
      [
        "a key and a batch",
        "a",
        { ...job, unique_key: "k", batch: { key: "b", when: "true", fold: "$new" } },
        400,
        "unique_key and batch cannot be combined",
      ],
      [
        "a queue that is none",
        "a",
        { ...job, queue: null },
        400,
        "queue is missing, and no job has the id 'a'",
      ],
      [
        "a budget that is not there",
        "a",
        { ...job, budgets: [{ key: "x" }] },
        422,
        "budget 'x' does not exist and no create_with policy was",
      ],
    ];
  for (const [why, id, body, status, error] of refused) {
    it(`refuses ${why}`, () =>
      withBroker(async ({ broker }) => {
        const answer = await send(broker, "PUT", `/jobs/${id}`, body);
        assert.equal(answer.status, status);
        assert.ok(answer.body.error.startsWith(error.slice(0, 60)), answer.body.error);
        assert.equal((await send(broker, "GET", "/jobs/count")).body.count, 0);
      }));
  }

  it("is not served for words that other paths have in its place", () =>
    withBroker(async ({ broker }) => {
      assert.equal((await send(broker, "PUT", "/jobs/count", job)).status, 405);
    }));

  it("writes over jobs that the broker has named too", () =>
    withBroker(async ({ broker }) => {
      const { id } = (await send(broker, "POST", "/jobs", job)).body;
      const { status, body } = await send(broker, "PUT", `/jobs/${id}`, { type: "u", payload: 2 });
      assert.deepEqual([status, body.id, body.type, body.queue], [200, id, "u", "q"]);
    }));

  it("answers 201 once, then 200, and tells which job was kept", () =>
    withBroker(async ({ broker }) => {
      const put = async (body: object) => {
        const { status, body: { payload: _, ...told } } = await send(
          broker,
          "PUT",
          "/jobs/a",
          body,
        );
        return [status, told.duplicate, told.priority];
      };
      assert.deepEqual(await put({ ...job, on_conflict: "keep", priority: 1 }), [201, false, 1]);
      assert.deepEqual(await put({ ...job, on_conflict: "keep", priority: 2 }), [200, true, 1]);
      assert.deepEqual(await put({ ...job, priority: 2 }), [200, false, 2]);
      assert.deepEqual(await put({ ...job, on_conflict: null, priority: 3 }), [200, false, 3]);
    }));

  it("takes MessagePack", () =>
    withBroker(async ({ broker }) => {
      const answer = await broker.fetch(
        new Request("http://broker/jobs/a", {
          method: "PUT",
          headers: { "content-type": "application/msgpack" },
          body: encode({ ...job, payload: [1.5] }),
        }),
      );
      assert.equal(answer.status, 201);
      assert.deepEqual((await send(broker, "GET", "/jobs/a")).body.payload, [1.5]);
    }));
});

describe("chosen ids", () => {
  it("are refused in filters where there are none, but not to who asks for extensions", () =>
    withBroker(async ({ broker, client }) => {
      const count = () => send(broker, "GET", "/jobs/count?id=order-7");
      assert.deepEqual(await count(), {
        status: 400,
        body: { error: 'invalid job ID: "order-7"' },
      });
      assert.equal(await client.count({ id: "order-7" }), 0);
      assert.equal(await client.deleteMany({ id: "order-7" }), 0);
      await send(broker, "PUT", "/jobs/x", job);
      assert.deepEqual(await count(), { status: 200, body: { count: 0 } });
    }));

  it("are known again after a restart", async () => {
    const database = openSqlite(":memory:");
    const shared = { ...database, close() {} };
    const first = createBroker({ store: shared, clock: createTestClock() });
    await send(first, "PUT", "/jobs/order-7", job);
    await first.stop();
    const second = createBroker({ store: { ...shared, open() {} }, clock: createTestClock() });
    assert.equal((await send(second, "GET", "/jobs/count?id=order-7,x")).body.count, 1);
    await second.stop();
    database.close();
  });

  it("are listed in the order of their coming, page by page, by links that outlive their jobs", () =>
    withBroker(async ({ broker }) => {
      const order: string[] = [];
      for (const name of ["b", "", "z", "a", "", "y:1"]) {
        const { body } = name === ""
          ? await send(broker, "POST", "/jobs", job)
          : await send(broker, "PUT", `/jobs/${name}`, job);
        order.push(body.id);
      }
      const seen: string[] = [];
      let path: string | null = "/jobs?limit=1";
      while (path !== null) {
        const { body }: Answer = await send(broker, "GET", path);
        const { id } = body.jobs[0];
        seen.push(id);
        await send(broker, "DELETE", `/jobs/${id}`);
        path = body.pages.next;
      }
      assert.deepEqual(seen, order);
    }));

  it("serve in every path of a job", () =>
    withBroker(async ({ broker, take, clock }) => {
      const id = "a.b_c:d-E";
      await send(broker, "PUT", `/jobs/${id}`, { ...job, retention: { completed_ms: 5 } });
      const path = `/jobs/${encodeURIComponent(id)}`;
      const ok = async (method: string, path: string, body?: object) => {
        const { status } = await send(broker, method, path, body);
        assert.ok(status === 200 || status === 204, `${method} ${path}: ${status}`);
      };
      await ok("GET", path);
      await ok("PATCH", path, { priority: 1 });
      await ok("GET", `${path}/errors`);
      const { jobs } = await take();
      await clock.settle();
      assert.equal(jobs[0]!.id, id);
      await ok("POST", `${path}/release`, { delay_ms: 0 });
      await clock.settle();
      await ok("POST", "/jobs/success", { ids: [id] });
      await ok("POST", `${path}/requeue`);
      await clock.settle();
      await ok("POST", `${path}/failure`, { message: "m", kill: true });
      await ok("DELETE", path);
    }));
});

describe("POST /jobs/{id}/requeue", () => {
  it("needs no body, and says which field is wrong", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "PUT", "/jobs/a", job);
      assert.equal((await send(broker, "POST", "/jobs/a/requeue")).body.status, "ready");
      for (
        const [body, error] of [
          [{ tags: ["a,b"] }, "tag \"a,b\" must not contain ','"],
          [{ queue: "a,b" }, "queue must not contain ','"],
          [{ priority: -1 }, "invalid JSON: priority: expected an integer from 0 to 65535, got -1"],
          [
            { delay_ms: "1" },
            'invalid JSON: delay_ms: expected an integer from 0 to 18446744073709551615, got "1"',
          ],
        ] as const
      ) {
        const answer = await send(broker, "POST", "/jobs/a/requeue", body);
        assert.deepEqual([answer.status, answer.body.error], [400, error]);
      }
      for (const body of [{ depends_on: ["a"] }, { depends_on: [{ item: 0 }] }, { tags: many }]) {
        assert.equal((await send(broker, "POST", "/jobs/a/requeue", body)).status, 422);
      }
      assert.equal((await send(broker, "POST", "/jobs/none/requeue", {})).status, 404);
    }));

  it("frees the room of who had the job", () =>
    withBroker(async ({ broker, clock, take }) => {
      await send(broker, "PUT", "/jobs/a", job);
      const { jobs } = await take({ prefetch: 1 });
      await clock.settle();
      await send(broker, "PUT", "/jobs/b", job);
      await clock.settle();
      assert.deepEqual(jobs.map(({ id }) => id), ["a"]);
      await send(broker, "POST", "/jobs/a/requeue", { queue: "elsewhere", delay_ms: 1000 });
      await clock.settle();
      assert.deepEqual(jobs.map(({ id }) => id), ["a", "b"]);
    }));
});

describe("PATCH of a priority", () => {
  it("changes that of any job that is not finished", () =>
    withBroker(async ({ broker, clock, take }) => {
      await send(broker, "PUT", "/jobs/a", job);
      await send(broker, "PUT", "/jobs/b", { ...job, delay_ms: 9 });
      await take({ prefetch: 1 });
      await clock.settle();
      for (const [id, status] of [["a", "in_flight"], ["b", "scheduled"]]) {
        const { body } = await send(broker, "PATCH", `/jobs/${id}`, { priority: 3 });
        assert.deepEqual([body.status, body.priority], [status, 3]);
      }
    }));
});

describe("a commit that fails", () => {
  const steps: readonly [name: string, method: string, path: string, body: object][] = [
    ["a new job that is put", "PUT", "/jobs/new", job],
    ["a job that is put over another", "PUT", "/jobs/a", { ...job, queue: "p", budgets: [] }],
    ["a job that is moved", "POST", "/jobs/a/requeue", { queue: "p" }],
    ["a job that goes on", "POST", "/jobs/a/success", { next: { queue: "p" }, payload: 2 }],
  ];
  for (const [name, method, path, body] of steps) {
    it(`leaves nothing behind, before any of its statements: ${name}`, async () => {
      for (let failAt = 0;; failAt++) {
        const real = openSqlite(":memory:");
        let statements = -1;
        const count = () => {
          if (statements >= 0 && statements++ === failAt) throw new Error("killed");
        };
        const { values, begin: _, ...rest } = real;
        const { database } = createFailingDatabase({
          ...rest,
          all: (sql, params) => (count(), real.all(sql, params)),
          ...values && { values: (sql, params) => (count(), values(sql, params)) },
          run: (sql, params) => (count(), real.run(sql, params)),
        });
        const broker = createBroker({
          store: { ...database, close() {} },
          clock: createTestClock(),
        });
        const budgets = [{
          key: "x",
          create_with: { allocation: 2, strategy: { type: "while_in_flight" } },
        }];
        await send(broker, "PUT", "/jobs/a", { ...job, budgets, unique_key: "k" });
        const stream = await broker.fetch(new Request("http://broker/jobs/take"));
        const reader = stream.body!.getReader();
        for (let text = ""; !text.includes("payload");) {
          text += new TextDecoder().decode((await reader.read()).value);
        }
        const dump = () => {
          const tables = ["jobs", "job_counts", "budgets", "bindings", "errors"];
          return tables.map((table) => [table, real.all(`SELECT * FROM ${table}`, [])]);
        };
        const before = JSON.stringify(dump());
        statements = 0;
        const { status } = await send(broker, method, path, body);
        const made = statements;
        statements = -1;
        if (status === 500) {
          assert.equal(JSON.stringify(dump()), before, `before statement ${failAt}`);
        } else assert.ok(status === 200 || status === 201, `${status}`);
        await reader.cancel();
        await broker.stop();
        real.close();
        if (made <= failAt) {
          assert.ok(failAt >= 3, `${failAt} statements`);
          return;
        }
      }
    });
  }
});
