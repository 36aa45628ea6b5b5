import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createCrons, createEvents, defineJob, type JobEvent } from "../../src/client/mod.ts";
import { createTestKit, whileRunning } from "../../src/testing/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { withKit } from "../support/kit.ts";

const step = defineJob({ type: "step", queue: "steps", payload: v.number() });
const mail = defineJob<{ to: string; lines?: string[] }>({ type: "mail", queue: "mail" });

const failing = (times: number) =>
  handle(step, () => {
    if (times-- > 0) throw new Error("down");
  });

describe("createTestKit()", () => {
  it("shares nothing with other kits", async () => {
    const seen = await Promise.all(Array.from({ length: 8 }, async (_, at) => {
      const now = Date.UTC(2030, at);
      let delay = 0;
      await withKit([failing(1)], async (kit) => {
        await kit.client.enqueueMany(step, [at, at]);
        const runs = await kit.drain();
        assert.deepEqual(runs.map(({ job }) => job.payload), [at, at, at]);
        assert.equal(runs[0]!.startedAt, now);
        delay = runs[2]!.startedAt - now;
      }, { now: new Date(now), seed: 7 });
      return delay;
    }));
    assert.equal(new Set(seen).size, 1); // The same seed, the same delay of the retry.
    const other = createTestKit({ store: openSqlite(":memory:"), now: 5 });
    assert.equal(other.clock.now(), 5);
    await other[Symbol.asyncDispose]();
    await assert.rejects(other.client.health(), { code: "server" });
  });

  it("refuses options that are none", () => {
    assert.throws(() => createTestKit({} as never), /without 'store'/);
    const store = openSqlite(":memory:");
    assert.throws(() => createTestKit({ store, now: NaN }), /'now' NaN/);
    assert.throws(() => createTestKit({ store, patienceMs: -1 }), /'patienceMs' -1/);
    const mistyped = { store, handler: [] };
    assert.throws(() => createTestKit(mistyped), /'handler', did you mean 'handlers'\?/);
  });
});

describe("crons.fire()", () => {
  it("enqueues the job of an entry now", () =>
    withKit([handle(mail, () => {})], async (kit) => {
      await createCrons(kit).put("g", {
        entries: [{ name: "yearly", expression: "0 0 1 1 *", job: mail.toRequest({ to: "x" }) }],
      });
      const { id } = await kit.crons.fire("g", "yearly");
      assert.equal((await kit.runNext())!.job.id, id);
      await assert.rejects(kit.crons.fire("g", "none"), { name: "NotFoundError" });
    }));
});

describe("what else is in a kit", () => {
  const seen: string[] = [];

  it("carries what layers add from an enqueue to a handler, and on to the jobs of that", () =>
    withKit([
      handle(mail, ({ to }, { job, enqueue }) => {
        seen.push(`${to} of ${job.meta?.["tenant"]}`);
        return to === "a" ? enqueue(mail, { to: "b" }).then(() => {}) : undefined;
      }),
    ], async (kit) => {
      await kit.client.enqueue(mail, { to: "a" });
      await kit.drain();
      assert.deepEqual(seen, ["a of acme", "b of acme"]);
    }, {
      enqueueMiddleware: [
        (request, next) => next({ ...request, meta: { ...request.meta, tenant: "acme" } }),
      ],
    }));

  it("is there for workers and listeners of one's own, by the same clock", () =>
    withKit([], async (kit) => {
      const ran: number[] = [];
      const worker = createWorker({
        client: kit.client,
        clock: kit.clock,
        handlers: [handle(step, (n) => void ran.push(n))],
        logger: false,
      });
      const events = createEvents(kit).listen({ kinds: "succeeded" });
      const heard = events.next();
      await whileRunning(worker, async () => {
        await kit.client.enqueue(step, 7, { delay: "1m" });
        await kit.travel("59s");
        assert.deepEqual(ran, []);
        await kit.travel("1s");
        assert.deepEqual(ran, [7]);
      });
      assert.equal(((await heard).value as JobEvent).type, "step");
      await events.return!();
    }));
});
