/** The calls on budgets: docs/protocol.md, section 8.2. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const atOnce = (allocation: number) => ({ allocation, strategy: { type: "while_in_flight" } });
const perSecond = (allocation: number, more: object = {}) => ({
  allocation,
  strategy: { type: "time_based", duration_ms: 1000, ...more },
});

/** Enqueues a job that draws on `k`, or on whatever is given. */
async function bound(broker: Broker, cost = 1, changes: object = {}): Promise<string> {
  const { status, body } = await send(broker, "POST", "/jobs", {
    type: "t",
    queue: "q",
    payload: 1,
    budgets: [{ key: "k", cost }],
    ...changes,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body.id;
}

describe("budgets", () => {
  it("can be created, read and deleted", () =>
    withBroker(async ({ broker, clock }) => {
      const now = clock.now();
      const expected = { key: "k", ...atOnce(5), created_at: now, updated_at: now };
      const created = await send(broker, "POST", "/budgets/k", atOnce(5));
      assert.deepEqual(created, { status: 201, body: expected });
      assert.deepEqual(await send(broker, "POST", "/budgets/k", atOnce(5)), {
        status: 409,
        body: { error: "budget 'k' already exists" },
      });
      const named = await send(broker, "POST", "/budgets", { key: "a b/ü", ...perSecond(2) });
      assert.deepEqual([named.status, named.body.key, named.body.strategy], [
        201,
        "a b/ü",
        { type: "time_based", duration_ms: 1000 },
      ]);
      const { body } = await send(broker, "GET", "/budgets");
      assert.deepEqual(body.budgets.map(({ key }: { key: string }) => key), ["a b/ü", "k"]);
      assert.deepEqual(await send(broker, "GET", "/budgets/k"), { status: 200, body: expected });
      assert.deepEqual(await send(broker, "GET", "/budgets/a%20b%2F%C3%BC"), {
        status: 200,
        body: named.body,
      });
      assert.equal((await send(broker, "DELETE", "/budgets/k")).status, 204);
      for (const method of ["GET", "DELETE"]) {
        assert.deepEqual(await send(broker, method, "/budgets/k"), {
          status: 404,
          body: { error: "budget 'k' not found" },
        });
      }
    }));

  it("can be put repeatedly", () =>
    withBroker(async ({ broker, clock }) => {
      const first = await send(broker, "PUT", "/budgets/k", perSecond(5, { burst: 9 }));
      assert.deepEqual([first.status, first.body.strategy.burst], [200, 9]);
      await clock.advance(10);
      const second = await send(broker, "PUT", "/budgets/k", atOnce(3));
      assert.deepEqual(second, {
        status: 200,
        body: {
          key: "k",
          ...atOnce(3),
          created_at: first.body.created_at,
          updated_at: clock.now(),
        },
      });
    }));

  it("are patched member by member", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "PUT", "/budgets/k", perSecond(5, { burst: 9 }));
      const patch = async (body: object) => {
        const answer = await send(broker, "PATCH", "/budgets/k", body);
        return answer.status === 200
          ? [answer.body.allocation, answer.body.strategy]
          : [answer.status, answer.body.error];
      };
      const time = { type: "time_based", duration_ms: 1000, burst: 9 };
      assert.deepEqual(await patch({}), [5, time]);
      assert.deepEqual(await patch({ allocation: 7 }), [7, time]);
      assert.deepEqual(await patch({ strategy: { duration_ms: 50 } }), [7, {
        ...time,
        duration_ms: 50,
      }]);
      assert.deepEqual(await patch({ strategy: { burst: null } }), [7, {
        type: "time_based",
        duration_ms: 50,
      }]);
      assert.deepEqual(await patch({ strategy: { type: "while_in_flight" } }), [7, {
        type: "while_in_flight",
      }]);
      assert.deepEqual(await patch({ strategy: { type: "time_based" } }), [
        422,
        "time_based budget requires strategy.duration_ms",
      ]);
      assert.deepEqual(await patch({ strategy: { burst: 3 } }), [
        422,
        "while_in_flight budget must not set strategy.burst — it has no drip to burst ahead of, so its allocation is already the most that can run at once",
      ]);
      assert.deepEqual(await patch({ strategy: { type: "x" } }), [
        422,
        'unknown strategy type "x" (expected "time_based" or "while_in_flight")',
      ]);
      assert.deepEqual(await patch({ allocation: 0 }), [
        422,
        "budget allocation must be at least 1",
      ]);
      assert.equal((await send(broker, "PATCH", "/budgets/none", {})).status, 404);
    }));

  for (
    const [policy, error] of [
      [{ ...atOnce(0) }, "budget allocation must be at least 1"],
      [{ ...atOnce(1_000_001) }, "budget allocation must not exceed 1000000"],
      [
        { allocation: 1, strategy: { type: "time_based" } },
        "time_based budget requires strategy.duration_ms",
      ],
      [perSecond(1, { duration_ms: 0 }), "time_based budget duration_ms must be at least 1"],
      [perSecond(1, { burst: 0 }), "time_based budget burst must be at least 1"],
      [perSecond(1, { burst: 1_000_001 }), "time_based budget burst must not exceed 1000000"],
      [
        { allocation: 1, strategy: { type: "while_in_flight", duration_ms: 1 } },
        "while_in_flight budget must not set strategy.duration_ms — its tokens return on acknowledgement, not on a clock",
      ],
      [
        { allocation: 1, strategy: { type: "leaky" } },
        'unknown budget strategy: "leaky" (expected "time_based" or "while_in_flight")',
      ],
    ] as [object, string][]
  ) {
    it(`refuse: ${error.slice(0, 60)}`, () =>
      withBroker(async ({ broker }) => {
        const refused = { status: 422, body: { error } };
        assert.deepEqual(await send(broker, "POST", "/budgets/k", policy), refused);
        assert.deepEqual(await send(broker, "PUT", "/budgets/k", policy), refused);
        const enqueued = await send(broker, "POST", "/jobs", {
          type: "t",
          queue: "q",
          payload: 1,
          budgets: [{ key: "k", create_with: policy }],
        });
        assert.deepEqual(enqueued, refused);
        assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
      }));
  }

  for (
    const body of [
      {},
      { allocation: 1 },
      { strategy: { type: "while_in_flight" } },
      { ...atOnce(1), name: "x" },
      { allocation: 1, strategy: { type: "while_in_flight", rate: 1 } },
      { ...atOnce(-1) },
      { ...atOnce(1.5) },
      { ...atOnce(2 ** 32) },
      { allocation: "1", strategy: { type: "while_in_flight" } },
      [],
    ]
  ) {
    it(`refuse ${JSON.stringify(body)} as malformed`, () =>
      withBroker(async ({ broker }) => {
        for (const [method, path] of [["POST", "/budgets/k"], ["PUT", "/budgets/k"]] as const) {
          const answer = await send(broker, method, path, body);
          assert.equal(answer.status, 400, JSON.stringify(answer.body));
          assert.match(answer.body.error, /^invalid JSON: /);
        }
      }));
  }

  it("have keys that are names, checked where one is made", () =>
    withBroker(async ({ broker }) => {
      for (const method of ["POST", "PUT"]) {
        assert.deepEqual(await send(broker, method, "/budgets/a%2Cb", atOnce(1)), {
          status: 422,
          body: { error: "budget key must not contain ','" },
        });
      }
      assert.deepEqual(await send(broker, "POST", "/budgets", { key: "", ...atOnce(1) }), {
        status: 422,
        body: { error: "budget key must not be empty" },
      });
      assert.equal((await send(broker, "GET", "/budgets/a%2Cb")).status, 404);
    }));

  it("are limited by maxBudgets", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "POST", "/budgets/a", atOnce(1));
      await send(broker, "PUT", "/budgets/b", atOnce(1));
      const error =
        "cannot create budget 'c': the server already holds its maximum of 2 budgets (--max-budgets / ZIZQ_MAX_BUDGETS). Raise the limit, or express the throttle as one shared budget rather than one per caller.";
      for (const method of ["POST", "PUT"]) {
        const answer = await send(broker, method, "/budgets/c", atOnce(1));
        assert.deepEqual(answer, { status: 422, body: { error } });
      }
      const answer = await send(broker, "POST", "/jobs", {
        type: "t",
        queue: "q",
        payload: 1,
        budgets: [{ key: "c", create_with: atOnce(1) }],
      });
      assert.deepEqual(answer, { status: 422, body: { error } });
      assert.equal((await send(broker, "PUT", "/budgets/b", atOnce(2))).status, 200);
    }, { maxBudgets: 2 }));

  it("cannot be deleted while unfinished jobs draw on them", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      await send(broker, "POST", "/budgets/k", atOnce(5));
      const ids = [await bound(broker), await bound(broker, 1, { ready_at: 1e15 })];
      const refusal = (jobs: string) => ({
        status: 409,
        body: {
          error:
            `budget 'k' is referenced by ${jobs}. Delete them or wait for them to finish before deleting it.`,
        },
      });
      const remove = () => send(broker, "DELETE", "/budgets/k");
      assert.deepEqual(await remove(), refusal("2 unfinished jobs"));
      await client.delete(ids[1]!);
      await take();
      await clock.settle();
      assert.deepEqual(await remove(), refusal("1 unfinished job"));
      await client.failure(ids[0]!, { message: "no", kill: true }); // dead, and kept
      assert.equal((await remove()).status, 204);
    }));

  it("cannot be changed to allow less than an unfinished job costs", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "POST", "/budgets/k", perSecond(2, { burst: 10 }));
      await bound(broker, 8);
      await bound(broker, 3);
      const error = (capacity: number) =>
        `budget 'k' cannot allocate ${capacity}: 2 unfinished jobs draw up to 8 from it. Raise the allocation, delete them, or wait for them to drain.`;
      const shrunk = await send(broker, "PUT", "/budgets/k", perSecond(7));
      assert.deepEqual(shrunk, { status: 422, body: { error: error(7) } });
      const patched = await send(broker, "PATCH", "/budgets/k", { strategy: { burst: null } });
      assert.deepEqual(patched, { status: 422, body: { error: error(2) } });
      assert.equal((await send(broker, "PUT", "/budgets/k", perSecond(8))).status, 200);
    }));

  it("are deleted by a reset", () =>
    withBroker(async ({ broker }) => {
      await send(broker, "POST", "/budgets/k", atOnce(5));
      await bound(broker);
      assert.equal((await send(broker, "POST", "/reset")).status, 204);
      assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
    }));
});
