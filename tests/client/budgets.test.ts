import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BudgetsClient, createBudgets } from "../../src/client/mod.ts";
import { job, withBroker } from "../support/broker.ts";
import { createScript, json, wireJob } from "./script.ts";
import { formats } from "../support/formats.ts";

const perMinute = { type: "time_based", durationMs: 60_000 } as const;
const inFlight = { type: "while_in_flight" } as const;

for (const format of ["json", "msgpack"] as const) {
  describe(`createBudgets, ${format}`, () => {
    it("keeps budgets", () =>
      withBroker(async ({ broker, clock }) => {
        const budgets = createBudgets({ fetch: broker.fetch, format: formats[format] });
        const created = await budgets.create("a/b", { allocation: 5, strategy: inFlight });
        const now = clock.now();
        assert.deepEqual(created, {
          key: "a/b",
          allocation: 5,
          strategy: inFlight,
          createdAt: now,
          updatedAt: now,
        });
        const refused = budgets.create("a/b", { allocation: 5, strategy: inFlight });
        await assert.rejects(refused, { status: 409, message: "budget 'a/b' already exists" });
        const put = await budgets.put("c", {
          allocation: 1,
          strategy: { ...perMinute, burst: 9 },
        });
        assert.deepEqual(put.strategy, { ...perMinute, burst: 9 });
        const patched = await budgets.patch("c", { allocation: 2, strategy: { burst: null } });
        assert.deepEqual([patched.allocation, patched.strategy], [2, perMinute]);
        assert.deepEqual((await budgets.list()).map(({ key }) => key), ["a/b", "c"]);
        assert.deepEqual(await budgets.get("a/b"), created);
        await budgets.delete("c");
        await assert.rejects(budgets.get("c"), { code: "not_found" });
      }));

    it("binds jobs, one by one and many", () =>
      withBroker(async ({ broker, client }) => {
        const budgets = createBudgets({ fetch: broker.fetch, format: formats[format] });
        const { id } = await client.enqueue(
          job({ budgets: [{ key: "a", createWith: { allocation: 9, strategy: inFlight } }] }),
        );
        await client.enqueue(job());
        const bound = await budgets.bind(id, {
          key: "b",
          cost: 2,
          createWith: { allocation: 3, strategy: perMinute },
        });
        assert.deepEqual(bound.budgets, [{ key: "a", cost: 1 }, { key: "b", cost: 2 }]);
        assert.deepEqual((await budgets.unbind(id, "a")).budgets, [{ key: "b", cost: 2 }]);
        assert.equal((await budgets.unbind(id)).budgets, undefined);
        assert.deepEqual(await budgets.bindMany({ queue: "q" }, { key: "a" }), {
          changed: 2,
          blocked: [],
        });
        assert.deepEqual(await budgets.unbindMany({ id }, "a"), { changed: 1, blocked: [] });
        assert.deepEqual(await budgets.unbindMany({ queue: [] }), { changed: 0, blocked: [] });
        assert.equal(await client.count({ budget: "a" }), 1);
        assert.equal((await budgets.unbindMany({})).changed, 1);
      }));

    it("refuses numbers that cannot be sent, before anything is", async () => {
      const budgets = createBudgets({ url: "http://127.0.0.1:1", format: formats[format] });
      const bad = budgets.put("k", { allocation: NaN, strategy: inFlight });
      await assert.rejects(bad, RangeError);
      await assert.rejects(budgets.bind("id", { key: "k", cost: -1 }), RangeError);
      await assert.rejects(budgets.patch("k", { allocation: 1.5 }), RangeError);
    });
  });
}

describe("createBudgets", () => {
  const use = { key: "k" };
  const settings = { allocation: 1, strategy: inFlight };
  const repeated: Readonly<Record<string, (budgets: BudgetsClient) => Promise<unknown>>> = {
    list: (budgets) => budgets.list(),
    get: (budgets) => budgets.get("k"),
    put: (budgets) => budgets.put("k", settings),
    bind: (budgets) => budgets.bind("id", use),
    bindMany: (budgets) => budgets.bindMany({}, use),
  };
  const once: typeof repeated = {
    create: (budgets) => budgets.create("k", settings),
    patch: (budgets) => budgets.patch("k", { allocation: 1 }),
    delete: (budgets) => budgets.delete("k"),
    unbind: (budgets) => budgets.unbind("id", "k"),
    unbindMany: (budgets) => budgets.unbindMany({}, "k"),
  };
  for (const [calls, requests] of [[repeated, 2], [once, 1]] as const) {
    for (const [name, call] of Object.entries(calls)) {
      it(`sends ${name} ${requests} times when the server fails once`, async () => {
        const { fetch, sent } = createScript(json({}, 500), json(wireJob()));
        const budgets = createBudgets({ fetch, retry: { limit: 1, baseDelayMs: 0 } });
        await Promise.allSettled([call(budgets)]);
        assert.equal(sent.length, requests);
      });
    }
  }
});
