/** Payload filters on the calls that take one: docs/protocol.md, sections 5.2 and 9. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const users = [
  { user_id: 42, tags: ["a", "b"], user: { name: "x" }, n: 3 },
  { user_id: 7, tags: ["b"], user: { name: "y" }, n: 30 },
  { user_id: 42, tags: [], n: 10, s: "xyz" },
  "text",
  null,
  [1, 2],
];

async function fill(broker: Broker): Promise<string[]> {
  const jobs = users.map((payload, at) => ({
    type: "t",
    queue: at % 2 === 0 ? "even" : "odd",
    payload,
  }));
  const { body } = await send(broker, "POST", "/jobs/bulk", { jobs });
  return body.jobs.map(({ id }: { id: string }) => id);
}

const query = (filter: string, more = "") => `filter=${encodeURIComponent(filter)}${more}`;

describe("a payload filter", () => {
  for (
    const [filter, expected] of [
      [".user_id == 42", [0, 2]],
      ['.user.name == "x"', [0]],
      ['.tags | contains(["a"])', [0]],
      [".n < 10", [0, 4]],
      [".n >= 10 and .user_id == 42", [2]],
      ["select(.n == 30)", [1]],
      ['.s | test("^x")', [2]],
      ['startswith("te")', [3]],
      [".", [0, 1, 2, 3, 5]],
      [".[]", [0, 1, 2, 5]],
      ["length > 2", [0, 1, 2, 3]],
      ["not", [4]],
      [". == null", [4]],
      ["true", [0, 1, 2, 3, 4, 5]],
      ["empty", []],
      ["false, 1", [0, 1, 2, 3, 4, 5]],
      [".a.b.c", []],
      ["error", []],
      ["[.n?, .user_id?] | add > 40", [0, 2]],
    ] as [string, number[]][]
  ) {
    it(`${filter} matches ${expected.join(", ") || "nothing"}`, () =>
      withBroker(async ({ broker }) => {
        const ids = await fill(broker);
        const list = await send(broker, "GET", `/jobs?${query(filter)}`);
        assert.equal(list.status, 200);
        const found = list.body.jobs.map(({ id }: { id: string }) => ids.indexOf(id));
        assert.deepEqual(found, expected);
        const count = await send(broker, "GET", `/jobs/count?${query(filter)}`);
        assert.deepEqual(count.body, { count: expected.length });
      }));
  }

  for (const filter of [".[*]", ".x ====", "", "frobnicate", "$x", "input", 'import "a" as a; .']) {
    it(`${JSON.stringify(filter)} is refused by every call, and nothing changes`, () =>
      withBroker(async ({ broker, client }) => {
        await fill(broker);
        const bound = { create_with: { allocation: 1, strategy: { type: "while_in_flight" } } };
        for (
          const [method, path, body] of [
            ["GET", "/jobs"],
            ["GET", "/jobs/count"],
            ["PATCH", "/jobs", { priority: 1 }],
            ["DELETE", "/jobs"],
            ["POST", "/jobs/budgets/k", bound],
            ["DELETE", "/jobs/budgets"],
          ] as [string, string, object?][]
        ) {
          const answer = await send(broker, method, `${path}?${query(filter)}`, body);
          assert.equal(answer.status, 400, `${method} ${path}`);
          assert.match(answer.body.error, /^invalid filter: ./);
        }
        assert.equal(await client.count({ priority: 32768 }), users.length);
        assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
      }));
  }

  it("that never ends is refused quickly", () =>
    withBroker(async ({ broker, client }) => {
      await fill(broker);
      for (const filter of ["def f: f; f", "[range(1e12)]", "last(repeat(1))"]) {
        const answer = await send(broker, "DELETE", `/jobs?${query(filter)}`);
        assert.equal(answer.status, 400, filter);
        assert.match(answer.body.error, /^invalid filter: ./);
      }
      assert.equal(await client.count(), users.length);
    }));

  it("has the current time as now", () =>
    withBroker(async ({ client, clock }) => {
      await client.enqueue(job({ payload: { due: clock.now() / 1000 + 60 } }));
      assert.equal(await client.count({ filter: ".due < now" }), 0);
      await clock.advance(60_001);
      assert.equal(await client.count({ filter: ".due < now" }), 1);
    }));

  it("may take maxJqSteps steps", () =>
    withBroker(async ({ broker, client }) => {
      await client.enqueue(job({ payload: Array.from({ length: 1000 }, (_, n) => n) }));
      const answer = await send(broker, "GET", `/jobs/count?${query("map(. + 1) | add > 0")}`);
      assert.equal(answer.status, 400);
      assert.match(answer.body.error, /^invalid filter: .*100/);
      assert.deepEqual((await send(broker, "GET", `/jobs/count?${query(".[0] == 0")}`)).body, {
        count: 1,
      });
    }, { maxJqSteps: 100 }));

  it("works with other filters and over pages, in both orders", () =>
    withBroker(async ({ broker }) => {
      const ids = await fill(broker);
      const first = await send(
        broker,
        "GET",
        `/jobs?${query(".user_id", "&limit=2&status=ready")}`,
      );
      const shown = ({ body }: { body: { jobs: { id: string }[] } }) =>
        body.jobs.map(({ id }) => ids.indexOf(id));
      assert.deepEqual(shown(first), [0, 1]);
      assert.match(first.body.pages.next, /&status=ready&filter=\.user_id$/);
      const second = await send(broker, "GET", first.body.pages.next);
      assert.deepEqual(shown(second), [2]);
      assert.equal(second.body.pages.next, null);
      const back = await send(broker, "GET", second.body.pages.prev);
      assert.deepEqual(shown(back), [1, 0]);
      const odd = await send(broker, "GET", `/jobs?${query(".", "&queue=odd&order=desc")}`);
      assert.deepEqual(shown(odd), [5, 3, 1]);
      const some = await send(broker, "GET", `/jobs?${query(".", `&id=${ids[1]},${ids[4]}`)}`);
      assert.deepEqual(shown(some), [1]);
    }));

  it("selects the jobs of a bulk patch, delete and binding", () =>
    withBroker(async ({ broker, client }) => {
      const ids = await fill(broker);
      const patched = await send(broker, "PATCH", `/jobs?${query(".user_id == 42")}`, {
        priority: 5,
      });
      assert.deepEqual(patched.body, { patched: 2 });
      assert.equal(await client.count({ priority: 5 }), 2);
      const bound = await send(broker, "POST", `/jobs/budgets/k?${query(".n > 5")}`, {
        create_with: { allocation: 1, strategy: { type: "while_in_flight" } },
      });
      assert.deepEqual(bound.body, { changed: 2, blocked: [] });
      const deleted = await send(broker, "DELETE", `/jobs?${query(".user_id")}&queue=even`);
      assert.deepEqual(deleted.body, { deleted: 2 });
      const left = (await client.page()).jobs.map(({ id }) => ids.indexOf(id));
      assert.deepEqual(left, [1, 3, 4, 5]);
      const dead = await send(broker, "PATCH", `/jobs?status=dead&${query(".")}`, { priority: 1 });
      assert.equal(dead.status, 422);
    }));

  it("reads payloads of either format", () =>
    withBroker(async ({ broker, client }) => {
      const { createClient } = await import("../../src/client/mod.ts");
      const packed = createClient({ fetch: broker.fetch, format: formats.msgpack });
      await packed.enqueue(job({ payload: { a: { b: [1, { c: "ü" }] } } }));
      await client.enqueue(job({ payload: { a: { b: [1, { c: "ü" }] } } }));
      assert.equal(await client.count({ filter: '.a.b[1].c == "ü"' }), 2);
      assert.equal(await packed.count({ filter: ".a.b | length == 2" }), 2);
    }));

  it(
    "finds its jobs among thousands, in any order",
    { timeout: 60_000 },
    () =>
      withBroker(async ({ client }) => {
        await client.enqueueMany(
          Array.from({ length: 5000 }, (_, n) => job({ payload: { n }, queue: `q${n % 7}` })),
        );
        assert.equal(await client.count({ filter: ".n % 10 == 0" }), 500);
        const rare = await client.page({ filter: ".n == 4321", order: "desc" });
        assert.equal(rare.jobs.length, 1);
        assert.equal(await client.count({ filter: ".n < 700", queue: "q3" }), 100);
        const all: unknown[] = [];
        for await (const { payload } of client.list({ filter: ".n % 3 == 0", limit: 100 })) {
          all.push((payload as { n: number }).n);
        }
        assert.equal(all.length, 1667);
        assert.equal(await client.deleteMany({ filter: ".n >= 1000" }), 4000);
        assert.equal(await client.count(), 1000);
      }),
  );

  it("lets other calls run between its pieces", { timeout: 60_000 }, async () => {
    // Real time: the search goes by it.
    const { openSqlite } = await import("../../adapters/node/mod.ts");
    const { createBroker } = await import("../../src/broker/mod.ts");
    const { createClient } = await import("../../src/client/mod.ts");
    const broker = createBroker({ store: openSqlite(":memory:") });
    const client = createClient({ fetch: broker.fetch });
    await client.enqueueMany(Array.from({ length: 20_000 }, (_, n) => job({ payload: { n } })));
    let turns = 0;
    let searching = true;
    const others = (async () => {
      while (searching) {
        await client.health();
        turns++;
      }
    })();
    assert.equal(await client.count({ filter: '.n | tostring | test("^1")' }), 11_111);
    searching = false;
    await others;
    assert.ok(turns > 1, `${turns}`);
    await broker.close();
  });
});
