/** What jobs draw on: docs/protocol.md, sections 8.4, 8.7 and 8.8. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const atOnce = (allocation: number) => ({ allocation, strategy: { type: "while_in_flight" } });
const wire = (budgets: unknown[] = [], changes: object = {}) => ({
  type: "t",
  queue: "q",
  payload: 1,
  budgets,
  ...changes,
});

async function enqueue(broker: Broker, budgets: unknown[] = [], changes = {}): Promise<string> {
  const { status, body } = await send(broker, "POST", "/jobs", wire(budgets, changes));
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
}

describe("bindings of an enqueue", () => {
  it("are answered in the order given, in both formats", () =>
    withBroker(async ({ broker, client }) => {
      for (const key of ["b", "a"]) await send(broker, "POST", `/budgets/${key}`, atOnce(5));
      const enqueued = await send(
        broker,
        "POST",
        "/jobs",
        wire([{ key: "b", cost: 3 }, { key: "a" }]),
      );
      const expected = [{ key: "b", cost: 3 }, { key: "a", cost: 1 }];
      assert.deepEqual(enqueued.body.budgets, expected);
      const { id } = enqueued.body;
      assert.deepEqual((await client.get(id)).budgets, expected);
      const packed = createClient({ fetch: broker.fetch, format: formats.msgpack });
      assert.deepEqual((await packed.get(id)).budgets, expected);
      assert.equal("budgets" in await client.get(await enqueue(broker)), false);
    }));

  it("create a budget that is missing, and leave one that is there", () =>
    withBroker(async ({ broker }) => {
      await enqueue(broker, [{ key: "k", create_with: atOnce(3) }]);
      await enqueue(broker, [{ key: "k", create_with: atOnce(9) }]);
      assert.equal((await send(broker, "GET", "/budgets/k")).body.allocation, 3);
    }));

  for (
    const [bindings, error] of [
      [
        [{ key: "x" }],
        "budget 'x' does not exist and no create_with policy was supplied to create it with",
      ],
      [[{ key: "k", cost: 6 }], "cost 6 exceeds budget 'k', which holds at most 5"],
      [
        [{ key: "x", cost: 6, create_with: atOnce(5) }],
        "cost 6 exceeds budget 'x', which holds at most 5",
      ],
      [[{ key: "k", cost: 0 }], "budget 'k' cost must be at least 1"],
      [[{ key: "k" }, { key: "k" }], "budget 'k' named more than once"],
      [
        [{ key: "k", bucket: "user" }],
        "budget 'k' sets bucket, which is reserved and not yet supported",
      ],
      [[{ key: "" }], "budget key must not be empty"],
      [[{ key: "a*" }], "budget key must not contain '*' (reserved)"],
    ] as [unknown[], string][]
  ) {
    it(`refuse: ${error}`, () =>
      withBroker(async ({ broker, client }) => {
        await send(broker, "POST", "/budgets/k", atOnce(5));
        assert.deepEqual(await send(broker, "POST", "/jobs", wire(bindings)), {
          status: 422,
          body: { error },
        });
        const bulk = await send(broker, "POST", "/jobs/bulk", { jobs: [wire(), wire(bindings)] });
        assert.deepEqual(bulk, { status: 422, body: { error: `jobs[1]: ${error}` } });
        assert.equal(await client.count(), 0);
        assert.equal((await send(broker, "GET", "/budgets")).body.budgets.length, 1);
      }));
  }

  for (
    const binding of [
      { key: "k", cots: 1 },
      { cost: 1 },
      { key: 1 },
      { key: "k", cost: -1 },
      { key: "k", cost: 1.5 },
      { key: "k", create_with: { ...atOnce(1), x: 1 } },
      "k",
    ]
  ) {
    it(`refuse ${JSON.stringify(binding)} as malformed`, () =>
      withBroker(async ({ broker, client }) => {
        const answer = await send(broker, "POST", "/jobs", wire([binding]));
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, /^invalid JSON: budgets\[0\]/);
        assert.equal(await client.count(), 0);
      }));
  }

  it("of one call are checked against what it creates, the first policy first", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = [
        wire([{ key: "k", create_with: atOnce(2) }]),
        wire([{ key: "k", cost: 3, create_with: atOnce(9) }]),
      ];
      assert.deepEqual(await send(broker, "POST", "/jobs/bulk", { jobs }), {
        status: 422,
        body: { error: "jobs[1]: cost 3 exceeds budget 'k', which holds at most 2" },
      });
      assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
      assert.equal(await client.count(), 0);
    }));

  it("of a refused call do not affect the calls in the same commit", () =>
    withBroker(async ({ broker, client }) => {
      const calls = Array.from(
        { length: 20 },
        (_, at) => send(broker, "POST", "/jobs", wire(at % 2 === 0 ? [] : [{ key: "none" }])),
      );
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      assert.deepEqual(statuses, statuses.map((_, at) => at % 2 === 0 ? 201 : 422));
      assert.equal(await client.count(), 10);
    }));

  it("of a duplicate create nothing", () =>
    withBroker(async ({ broker }) => {
      await enqueue(broker, [], { unique_key: "u" });
      const again = await send(
        broker,
        "POST",
        "/jobs",
        wire([{ key: "k", create_with: atOnce(1) }], { unique_key: "u" }),
      );
      assert.deepEqual([again.status, again.body.duplicate], [200, true]);
      assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
    }));
});

describe("bindings of a waiting job", () => {
  const setUp = async (broker: Broker) => {
    for (const key of ["a", "b", "c"]) await send(broker, "POST", `/budgets/${key}`, atOnce(5));
    return await enqueue(broker, [{ key: "a", cost: 2 }, { key: "b" }]);
  };
  const show = ({ status, body }: { status: number; body: { budgets?: unknown } }) => [
    status,
    body.budgets,
  ];

  it("can be added, replaced, given another cost and removed", () =>
    withBroker(async ({ broker, client }) => {
      const id = await setUp(broker);
      const at = (key: string) => `/jobs/${id}/budgets/${key}`;
      const a = { key: "a", cost: 2 };
      const b = { key: "b", cost: 1 };
      const added = await send(broker, "POST", at("c"), { cost: 4 });
      assert.deepEqual(show(added), [200, [a, b, { key: "c", cost: 4 }]]);
      assert.equal("payload" in added.body, false);
      assert.deepEqual(await send(broker, "POST", at("c"), {}), {
        status: 409,
        body: {
          error:
            `job '${id}' already draws on budget 'c'. Use PUT to replace the binding, or PATCH to change its cost.`,
        },
      });
      const put = await send(broker, "PUT", at("a"), { cost: 5 });
      assert.deepEqual(show(put), [200, [{ key: "a", cost: 5 }, b, { key: "c", cost: 4 }]]);
      const created = await send(broker, "PUT", at("d"), { create_with: atOnce(1) });
      assert.deepEqual(created.body.budgets.at(-1), { key: "d", cost: 1 });
      const recosted = await send(broker, "PATCH", at("b"), { cost: 3 });
      assert.deepEqual(recosted.body.budgets[1], { key: "b", cost: 3 });
      assert.deepEqual(show(await send(broker, "DELETE", at("a"))), [200, [
        { key: "b", cost: 3 },
        { key: "c", cost: 4 },
        { key: "d", cost: 1 },
      ]]);
      assert.equal((await send(broker, "DELETE", at("a"))).status, 200);
      assert.deepEqual(show(await send(broker, "PUT", `/jobs/${id}/budgets`, { budgets: [a] })), [
        200,
        [a],
      ]);
      assert.deepEqual(show(await send(broker, "DELETE", `/jobs/${id}/budgets`)), [200, undefined]);
      assert.equal(await client.count({ budget: "a" }), 0);
    }));

  it("are refused with 4xx when they could never be paid, or are malformed", () =>
    withBroker(async ({ broker, client }) => {
      const id = await setUp(broker);
      const before = await client.get(id);
      const call = async (method: string, path: string, body?: unknown) => {
        const answer = await send(broker, method, `/jobs/${id}/budgets${path}`, body);
        return [answer.status, answer.body.error];
      };
      const dear = "cost 6 exceeds budget 'a', which holds at most 5";
      assert.deepEqual(await call("PUT", "/a", { cost: 6 }), [422, dear]);
      assert.deepEqual(await call("PATCH", "/a", { cost: 6 }), [422, dear]);
      assert.deepEqual(await call("PATCH", "/a", { cost: 0 }), [
        422,
        "budget 'a' cost must be at least 1",
      ]);
      assert.deepEqual(await call("PATCH", "/c", { cost: 1 }), [
        404,
        `job '${id}' does not draw on budget 'c'`,
      ]);
      assert.equal((await call("PATCH", "/a", {}))[0], 400);
      assert.equal((await call("PATCH", "/a", { cost: 1, x: 1 }))[0], 400);
      assert.equal((await call("PUT", "/a", { costs: 1 }))[0], 400);
      assert.deepEqual(await call("PUT", "/none", {}), [
        422,
        "budget 'none' does not exist and no create_with policy was supplied to create it with",
      ]);
      assert.deepEqual(await call("PUT", "/a%2A", {}), [
        422,
        "budget key must not contain '*' (reserved)",
      ]);
      assert.deepEqual(await call("PUT", "", { budgets: [{ key: "a" }, { key: "a" }] }), [
        422,
        "budget 'a' named more than once",
      ]);
      assert.deepEqual(await client.get(id), before);
    }));

  it("cannot be changed once the job is in flight or finished", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const id = await setUp(broker);
      await take();
      await clock.settle();
      const call = () => send(broker, "PUT", `/jobs/${id}/budgets/c`, {});
      const refusal = (label: string) => ({
        status: 422,
        body: {
          error: `job '${id}' is ${label} — only queued jobs may have their budgets changed`,
        },
      });
      assert.deepEqual(await call(), refusal("InFlight"));
      await client.failure(id, { message: "no", kill: true });
      assert.deepEqual(await call(), refusal("Dead"));
      assert.deepEqual(await send(broker, "PUT", "/jobs/none/budgets/c", {}), {
        status: 404,
        body: { error: "job 'none' not found" },
      });
    }));

  it("move the job into another backlog at once", () =>
    withBroker(async ({ broker, clock, take }) => {
      await send(broker, "POST", "/budgets/k", atOnce(1));
      await enqueue(broker, [{ key: "k" }]);
      const parked = await enqueue(broker, [{ key: "k" }]);
      const other = await enqueue(broker, [{ key: "k" }]);
      const taken = await take({ prefetch: 10 });
      await clock.settle();
      assert.equal(taken.jobs.length, 1);
      await send(broker, "DELETE", `/jobs/${parked}/budgets`);
      await clock.settle();
      assert.equal(taken.jobs[1]?.id, parked);
      await send(broker, "DELETE", `/jobs/budgets/k`);
      await clock.settle();
      assert.equal(taken.jobs[2]?.id, other);
    }));
});

describe("bindings of many jobs", () => {
  it("change where a filter matches, and the answer lists the jobs in flight", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      for (const key of ["a", "b"]) await send(broker, "POST", `/budgets/${key}`, atOnce(5));
      const running = await enqueue(broker, [{ key: "a" }]);
      await take();
      await clock.settle();
      const plain = await enqueue(broker);
      const boundA = await enqueue(broker, [{ key: "a", cost: 2 }]);
      await enqueue(broker, [], { queue: "other" });
      const call = async (method: string, path: string, body?: unknown) => {
        const answer = await send(broker, method, `/jobs/budgets${path}`, body);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        return answer.body;
      };
      const budgets = async (id: string) => (await client.get(id)).budgets;

      assert.deepEqual(await call("POST", "/a?queue=q", { cost: 3 }), { changed: 1, blocked: [] });
      assert.deepEqual(await budgets(plain), [{ key: "a", cost: 3 }]);
      assert.deepEqual(await budgets(boundA), [{ key: "a", cost: 2 }]);
      assert.deepEqual(await call("PATCH", "/a", { cost: 2 }), { changed: 1, blocked: [running] });
      assert.deepEqual(await call("PUT", "/b?queue=q", {}), { changed: 2, blocked: [running] });
      assert.deepEqual(await call("DELETE", "/b?type=none"), { changed: 0, blocked: [] });
      assert.deepEqual(await call("DELETE", "/b"), { changed: 2, blocked: [] });
      assert.equal(await client.count({ budget: ["a", "b"] }), 3);
      assert.deepEqual(await call("DELETE", "?budgets.key=a"), { changed: 2, blocked: [running] });
      assert.equal(await client.count({ budget: "a" }), 1);
      assert.deepEqual(await call("POST", "/new?queue=nowhere", { create_with: atOnce(2) }), {
        changed: 0,
        blocked: [],
      });
      assert.equal((await send(broker, "GET", "/budgets/new")).status, 200);
    }));

  it("refuse the whole call when the request is malformed", () =>
    withBroker(async ({ broker, client }) => {
      await send(broker, "POST", "/budgets/a", atOnce(5));
      const id = await enqueue(broker, [{ key: "a" }]);
      const call = async (method: string, path: string, body?: unknown) => {
        const answer = await send(broker, method, `/jobs/budgets${path}`, body);
        return [answer.status, answer.body.error];
      };
      assert.equal((await call("POST", "/a", { x: 1 }))[0], 400);
      assert.match((await call("POST", "/a?x=1", {}))[1], /^invalid query parameters/);
      assert.match((await call("DELETE", "/a?filter=.["))[1], /^invalid filter/);
      assert.deepEqual(await call("PATCH", "/a", { cost: 6 }), [
        422,
        "cost 6 exceeds budget 'a', which holds at most 5",
      ]);
      assert.equal((await call("PUT", "/none", {}))[0], 422);
      assert.equal((await call("PUT", "/a", { cost: 0 }))[0], 422);
      assert.deepEqual((await client.get(id)).budgets, [{ key: "a", cost: 1 }]);
    }));

  it(
    "change 10,000 jobs in one go",
    { timeout: 30_000 },
    () =>
      withBroker(async ({ broker, client }) => {
        await send(broker, "POST", "/budgets/a", atOnce(5));
        await client.enqueueMany(
          Array.from({ length: 10_000 }, () => ({ type: "t", queue: "q", payload: null })),
        );
        assert.deepEqual((await send(broker, "PUT", "/jobs/budgets/a", {})).body, {
          changed: 10_000,
          blocked: [],
        });
        assert.equal(await client.count({ budget: "a" }), 10_000);
        assert.equal(await client.deleteMany({ budget: "a" }), 10_000);
        assert.equal((await send(broker, "DELETE", "/budgets/a")).status, 204);
      }),
  );
});
