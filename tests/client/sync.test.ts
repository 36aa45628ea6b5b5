/**
 * Crons and budgets that are declared in code, against a broker in the same process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBudgets, createCrons, defineCrons, defineJob } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";
import { formats } from "../support/formats.ts";

const report = defineJob<{ kind: string }>({ type: "report", queue: "reports", priority: 9 });

describe("sync of crons", () => {
  for (const format of ["json", "msgpack"] as const) {
    it(`makes a group what is declared, and tells what changed, in ${format}`, () =>
      withBroker(async ({ broker }) => {
        const fetch = (request: Request) => broker.fetch(request);
        const crons = createCrons({ fetch, format: formats[format] });
        const daily = { expression: "0 6 * * *", job: report.toRequest({ kind: "daily" }) };
        const pulse = { everyMs: 30_000, job: report.toRequest({ kind: "pulse" }) };
        const old = { expression: "@hourly", job: report.toRequest({ kind: "old" }) };

        const first = defineCrons("reports", { entries: { old, daily, pulse } });
        assert.deepEqual(await crons.sync(first), {
          added: ["daily", "old", "pulse"],
          changed: [],
          removed: [],
          unchanged: [],
        });
        assert.deepEqual((await crons.sync(first)).unchanged, ["daily", "old", "pulse"]);

        const later = { ...daily, job: report.toRequest({ kind: "later" }) };
        const second = defineCrons("reports", {
          timezone: "Europe/Berlin",
          entries: { daily: later, pulse, monthly: { ...old, expression: "@monthly" } },
        });
        assert.deepEqual(await crons.sync(second), {
          added: ["monthly"],
          changed: ["daily"],
          removed: ["old"],
          unchanged: ["pulse"],
        });
        const group = await crons.get("reports");
        assert.equal(group.timezone, "Europe/Berlin");
        assert.deepEqual(group.entries.map(({ name }) => name), ["daily", "monthly", "pulse"]);
      }));
  }

  it("fails when the broker cannot be asked, and declares no name that cannot be", async () => {
    const crons = createCrons({
      fetch: () => Promise.resolve(Response.json({ error: "no" }, { status: 403 })),
    });
    await assert.rejects(crons.sync(defineCrons("g", { entries: {} })), { name: "RefusedError" });
    const job = report.toRequest({ kind: "x" });
    const define = (group: string, entry: string) => () =>
      defineCrons(group, { entries: { [entry]: { expression: "@daily", job } } });
    assert.throws(define("", "e"), {
      name: "TypeError",
      message: "Cannot define crons '': cron group name must not be empty",
    });
    assert.throws(define("g", "a,b"), {
      message: "Cannot define crons 'g': cron entry name must not contain ','",
    });
  });
});

describe("run of crons", () => {
  it("enqueues what the entry would, also of a paused one, and leaves its schedule alone", () =>
    withBroker(async ({ broker, client }) => {
      const crons = createCrons({ fetch: broker.fetch });
      const job = report.toRequest({ kind: "daily" }, { tags: ["t"], retryLimit: 2 });
      await crons.sync(
        defineCrons("g", { paused: true, entries: { e: { expression: "@yearly", job } } }),
      );
      const before = await crons.getEntry({ group: "g", entry: "e" });
      const { id, status } = await crons.run({ group: "g", entry: "e" });
      assert.equal(status, "ready");
      const stored = await client.get(id);
      assert.deepEqual(stored.payload, { kind: "daily" });
      assert.deepEqual([stored.priority, stored.retryLimit, stored.tags], [9, 2, ["t"]]);
      assert.deepEqual(await crons.getEntry({ group: "g", entry: "e" }), before);
      await assert.rejects(crons.run({ group: "g", entry: "none" }), { name: "NotFoundError" });
    }));
});

describe("sync of budgets", () => {
  it("makes budgets what is declared, and deletes others only when it is told to", () =>
    withBroker(async ({ broker }) => {
      const budgets = createBudgets({ fetch: broker.fetch });
      const rate = { type: "time_based", durationMs: 60_000 } as const;
      const slots = { allocation: 4, strategy: { type: "while_in_flight" } } as const;
      await budgets.put("other", slots);
      const first = { stripe: { allocation: 100, strategy: rate }, slots };
      assert.deepEqual(await budgets.sync(first), {
        added: ["slots", "stripe"],
        changed: [],
        removed: [],
        unchanged: [],
      });
      const second = { stripe: { allocation: 50, strategy: rate }, slots };
      assert.deepEqual(await budgets.sync(second, { prune: true }), {
        added: [],
        changed: ["stripe"],
        removed: ["other"],
        unchanged: ["slots"],
      });
      assert.deepEqual((await budgets.list()).map(({ key }) => key), ["slots", "stripe"]);
    }));
});
