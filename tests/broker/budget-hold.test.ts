/**
 * Holding budgets: no job that draws on one begins until the hold ends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createBudgets, createClient, createLeases } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/test-clock.ts";
import { withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const strategies = {
  "a rate": { allocation: 10, strategy: { type: "time_based", durationMs: 1000 } },
  "a limit": { allocation: 10, strategy: { type: "while_in_flight" } },
} as const;

const drawing = { type: "t", queue: "q", payload: 1, budgets: [{ key: "api" }] };

describe("a budget that is held", () => {
  for (const [name, settings] of Object.entries(strategies)) {
    for (const format of ["json", "msgpack"] as const) {
      it(`gives no token until the hold ends: ${name}, in ${format}`, () =>
        withBroker(async ({ broker, client, clock, take }) => {
          const fetch = (request: Request) => broker.fetch(request);
          const budgets = createBudgets({ fetch, format: formats[format] });
          await budgets.put("api", settings);
          const taken = await take({ prefetch: 0 });
          await client.enqueue(drawing);
          await clock.settle();
          assert.equal(taken.jobs.length, 1);

          const { heldUntil, ...budget } = await budgets.hold("api", "30s");
          assert.equal(heldUntil, clock.now() + 30_000);
          assert.deepEqual(budget, await budgets.get("api"));
          assert.equal((await budgets.hold("api", 10)).heldUntil, heldUntil);
          await client.enqueue(drawing);
          await client.enqueue({ type: "t", queue: "q", payload: 2 });
          await client.success(taken.jobs[0]!);
          await clock.settle();
          assert.deepEqual(taken.jobs.slice(1).map(({ payload }) => payload), [2]);

          await clock.advance(29_999);
          assert.equal(taken.jobs.length, 2);
          await clock.advance(1);
          assert.equal(taken.jobs.length, 3);
        }));
    }

    it(`gives tokens at once when the hold is ended: ${name}`, () =>
      withBroker(async ({ broker, client, clock, take }) => {
        const budgets = createBudgets({ fetch: broker.fetch });
        await budgets.put("api", settings);
        await budgets.hold("api", "1h");
        const taken = await take({ prefetch: 0 });
        await client.enqueue(drawing);
        await clock.settle();
        assert.equal(taken.jobs.length, 0);
        assert.equal((await budgets.hold("api", 0)).heldUntil, undefined);
        await clock.settle();
        assert.equal(taken.jobs.length, 1);
      }));
  }

  it("stays held under another policy, and over a restart", async () => {
    const path = `${await mkdtemp(`${tmpdir()}/millrace-`)}/jobs.db`;
    const clock = createTestClock();
    const open = () => createBroker({ store: openSqlite(path), clock });
    const first = open();
    const before = createBudgets({ fetch: first.fetch });
    await before.put("api", strategies["a rate"]);
    const { heldUntil } = await before.hold("api", "1h");
    await before.put("api", strategies["a limit"]);
    await first.stop();

    const second = open();
    const client = createClient({ fetch: second.fetch });
    const leases = createLeases({ fetch: second.fetch });
    await client.enqueue(drawing);
    assert.equal(
      (await createBudgets({ fetch: second.fetch }).hold("api", 1)).heldUntil,
      heldUntil,
    );
    assert.deepEqual(await leases.take(), []);
    await clock.advance(3_600_000);
    assert.equal((await leases.take()).length, 1);
    await second.stop();
  });

  for (const format of ["json", "msgpack"] as const) {
    it(`tells who waits for it, in ${format}`, () =>
      withBroker(async ({ broker, client, take, clock }) => {
        const fetch = (request: Request) => broker.fetch(request);
        const budgets = createBudgets({ fetch, format: formats[format] });
        const budget = await budgets.put("api", { ...strategies["a limit"], allocation: 1 });
        assert.deepEqual(await budgets.waiting("api"), {
          budget: { ...budget, heldUntil: undefined },
          waiting: [],
        });
        await client.enqueue(drawing);
        await take();
        await clock.settle();
        await client.enqueueMany([
          drawing,
          { ...drawing, type: "u" },
          { ...drawing, type: "u" },
          { ...drawing, queue: "a" },
          { ...drawing, delayMs: 1000 },
          { type: "t", queue: "q", payload: 1 },
        ]);
        assert.deepEqual((await budgets.waiting("api")).waiting, [
          { queue: "q", type: "u", count: 2 },
          { queue: "a", type: "t", count: 1 },
          { queue: "q", type: "t", count: 1 },
        ]);
        const { heldUntil } = await budgets.hold("api", "1m");
        assert.equal((await budgets.waiting("api")).budget.heldUntil, heldUntil);
        await assert.rejects(budgets.waiting("none"), { message: "budget 'none' not found" });
      }));
  }

  it("tells nobody else of the hold, and says what there is not", () =>
    withBroker(async ({ broker }) => {
      const budgets = createBudgets({ fetch: broker.fetch });
      await budgets.put("api", strategies["a limit"]);
      await budgets.hold("api", "1h");
      assert.ok(!("heldUntil" in await budgets.get("api")));
      await assert.rejects(budgets.hold("none", 1), {
        name: "NotFoundError",
        message: "budget 'none' not found",
      });
      await assert.rejects(budgets.hold("api", -1), RangeError);
      const other = createBudgets({
        fetch: () => Promise.resolve(Response.json({ error: "not found" }, { status: 404 })),
      });
      await assert.rejects(other.hold("api", 1), {
        message: /^The server has no endpoint 'POST \/budgets\/\{key\}\/hold', which a Millrace/,
      });
    }));
});
