/** Jobs that are folded into one while it waits: docs/protocol.md, section 4.4. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const appending = {
  key: "k",
  when: "($existing.items | length) < 3",
  fold: "$existing | .items += $new.items",
};
const wire = (payload: unknown, changes: object = {}) => ({
  type: "t",
  queue: "q",
  payload,
  batch: appending,
  ...changes,
});
const post = (broker: Broker, payload: unknown, changes: object = {}) =>
  send(broker, "POST", "/jobs", wire(payload, changes));
const items = (...items: unknown[]) => ({ items });

describe("batches", () => {
  it("fold a new job into the waiting one, which keeps all but its payload", () =>
    withBroker(async ({ broker, client }) => {
      const first = await post(broker, items(1), { priority: 7 });
      assert.equal(first.status, 201);
      assert.deepEqual([first.body.folded, first.body.duplicate], [false, false]);
      assert.deepEqual(first.body.batch, appending);
      const second = await post(broker, items(2), { priority: 1, queue: "other", type: "u" });
      assert.equal(second.status, 200);
      assert.deepEqual({ ...second.body, folded: false }, first.body);
      assert.equal(second.body.folded, true);
      const job = await client.get(first.body.id);
      assert.deepEqual([job.payload, job.priority, job.queue], [items(1, 2), 7, "q"]);
      assert.deepEqual(job.batch, appending);
      assert.equal(await client.count(), 1);
    }));

  it("are closed by a job that 'when' rejects, which is the head of the next batch", () =>
    withBroker(async ({ broker, client }) => {
      const ids: string[] = [];
      for (let i = 1; i <= 7; i++) ids.push((await post(broker, items(i))).body.id);
      assert.equal(new Set(ids).size, 3);
      const payloads = (await client.page()).jobs.map(({ payload }) => payload);
      assert.deepEqual(payloads, [items(1, 2, 3), items(4, 5, 6), items(7)]);
    }));

  it("use the expressions of the waiting job", () =>
    withBroker(async ({ broker, client }) => {
      const { id } = (await post(broker, items(1))).body;
      const other = { key: "k", when: "false", fold: "null" };
      assert.equal((await post(broker, items(2), { batch: other })).body.folded, true);
      assert.deepEqual((await client.get(id)).payload, items(1, 2));
    }));

  it("are closed when the job is taken, and stay closed", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const first = (await post(broker, items(1))).body.id;
      const stream = await take();
      await clock.settle();
      const second = await post(broker, items(2), { queue: "later" });
      assert.deepEqual([second.status, second.body.folded], [201, false]);
      await client.delete(second.body.id);
      await stream.close();
      await clock.settle();
      assert.equal((await client.get(first)).status, "ready");
      assert.equal((await post(broker, items(3), { queue: "later" })).status, 201);
      const again = await take();
      await clock.settle();
      await client.failure(again.jobs[0]!.id, { message: "again", retryAt: clock.now() + 1 });
      await client.deleteMany({ queue: "later" });
      await again.close();
      await clock.advance(1);
      assert.equal((await post(broker, items(4))).status, 201);
    }));

  it("are closed when the job is deleted or scheduled", () =>
    withBroker(async ({ broker, client, clock }) => {
      const first = (await post(broker, items(1))).body.id;
      await client.delete(first);
      const second = (await post(broker, items(2))).body;
      assert.equal(second.folded, false);
      await client.patch(second.id, { readyAt: clock.now() + 1000 });
      const third = (await post(broker, items(3))).body;
      assert.equal(third.folded, false);
      assert.equal((await post(broker, items(4))).body.id, third.id);
    }));

  it("go on in a job that was scheduled and is ready again before the next enqueue", () =>
    withBroker(async ({ broker, client, clock }) => {
      const { id } = (await post(broker, items(1))).body;
      await client.patch(id, { readyAt: clock.now() + 1000, priority: 3, queue: "other" });
      await clock.advance(1000);
      assert.equal((await post(broker, items(2))).body.id, id);
    }));

  it("do not fold jobs that are due later", () =>
    withBroker(async ({ broker, clock }) => {
      const later = { ready_at: clock.now() + 1000 };
      for (let i = 0; i < 2; i++) {
        const { status, body } = await post(broker, items(i), later);
        assert.deepEqual([status, body.status, body.folded], [201, "scheduled", false]);
      }
      assert.equal((await post(broker, items(1))).status, 201);
      assert.equal((await post(broker, items(2), later)).status, 201);
    }));

  it("fold within one call, and over many calls at once", () =>
    withBroker(async ({ broker, client }) => {
      const jobs = [
        wire(items(1)),
        wire(items(2)),
        wire("x", { batch: undefined }),
        wire(items(3)),
      ];
      const bulk = await send(broker, "POST", "/jobs/bulk", { jobs });
      assert.equal(bulk.status, 201);
      assert.deepEqual(
        bulk.body.jobs.map(({ folded }: { folded: boolean }) => folded),
        [false, true, false, true],
      );
      assert.deepEqual((await client.get(bulk.body.jobs[0].id)).payload, items(1, 2, 3));
      const more = [4, 5, 6, 7, 8].map((i) => wire(items(i)));
      const second = (await send(broker, "POST", "/jobs/bulk", { jobs: more })).body.jobs;
      assert.deepEqual((await client.get(second[0].id)).payload, items(4, 5, 6));
      assert.deepEqual((await client.get(second[4].id)).payload, items(7, 8));
      const last = await send(broker, "POST", "/jobs/bulk", { jobs: [wire(items(9))] });
      assert.deepEqual([last.status, last.body.jobs[0].id], [200, second[4].id]);
    }));

  it(
    "lose nothing of 1,000 enqueues at once, in the order of their commits",
    { timeout: 60_000 },
    () =>
      withBroker(async ({ broker, client }) => {
        const batch = { key: "k", when: "true", fold: "$existing + $new" };
        const answers = await Promise.all(
          Array.from({ length: 1000 }, (_, at) => post(broker, [at], { batch })),
        );
        assert.equal(answers.filter(({ status }) => status === 201).length, 1);
        const { payload } = await client.get(answers[0]!.body.id);
        assert.deepEqual(payload, Array.from({ length: 1000 }, (_, at) => at));
      }),
  );

  it("fold JSON and MessagePack payloads into each other", () =>
    withBroker(async ({ broker, client }) => {
      const packed = createClient({ fetch: broker.fetch, format: formats.msgpack });
      const request = { type: "t", queue: "q", batch: appending };
      const { id } = await packed.enqueue({ ...request, payload: items("ü") });
      assert.equal((await client.enqueue({ ...request, payload: items(1.5) })).folded, true);
      assert.equal((await packed.enqueue({ ...request, payload: items(null) })).id, id);
      assert.deepEqual((await packed.get(id)).payload, items("ü", 1.5, null));
      assert.deepEqual((await packed.get(id)).batch, appending);
    }));

  it("fold jobs that cron entries enqueue", () =>
    withBroker(async ({ broker, client, clock }) => {
      const batch = { key: "c", when: "true", fold: "$existing + $new" };
      const job = { type: "t", queue: "q", payload: 1, batch };
      const entry = { name: "e", expression: "* * * * *", job };
      const kept = await send(broker, "POST", "/crons/g/entries", entry);
      assert.deepEqual(kept.body.job.batch, batch);
      await clock.advance(5 * 60_000);
      const { jobs } = await client.page();
      assert.deepEqual(jobs.map(({ payload }) => payload), [5]);
      const bad = { ...entry, job: { ...job, batch: { ...batch, fold: ".[*]" } } };
      const refused = await send(broker, "PUT", "/crons/g/entries/e", bad);
      assert.equal(refused.status, 400);
      assert.match(refused.body.error, /^batch expression: fold: /);
    }));

  it("keep the bindings of the waiting job", () =>
    withBroker(async ({ broker }) => {
      const policy = { allocation: 1, strategy: { type: "while_in_flight" } };
      await post(broker, items(1));
      const { body } = await post(broker, items(2), {
        budgets: [{ key: "b", create_with: policy }],
      });
      assert.deepEqual([body.folded, body.budgets], [true, undefined]);
      assert.deepEqual((await send(broker, "GET", "/budgets")).body, { budgets: [] });
    }));
});

describe("batch expressions", () => {
  for (
    const [batch, payload, error] of [
      [{ fold: ".[*]" }, {}, /^batch expression: fold: ./],
      [{ when: ".x ====" }, {}, /^batch expression: when: ./],
      [{ when: "" }, {}, /^batch expression: when: ./],
      [{ fold: "$foo" }, {}, /^batch expression: fold: .*foo/],
      [{ fold: "frobnicate" }, {}, /^batch expression: fold: .*frobnicate/],
      [{ fold: "$existing.n + $new" }, [], /^batch dry-run: fold: /],
      [{ fold: "error" }, 1, /^batch dry-run: fold: fold expression failed at runtime: /],
      [{ when: "error" }, 1, /^batch dry-run: when: expression failed at runtime: /],
      [
        { fold: "$existing, $new" },
        1,
        /^batch dry-run: fold: fold expression produced more than one output$/,
      ],
      [{ fold: "empty" }, 1, /^batch dry-run: fold: fold expression produced no output$/],
      [
        { fold: "nan" },
        1,
        /^batch dry-run: fold: floating-point value .* is not representable in JSON/,
      ],
      [
        { fold: "{a: [infinite]}" },
        1,
        /^batch dry-run: fold: floating-point value .* is not representable in JSON/,
      ],
      [{ fold: "[range(1e12)]" }, 1, /^batch dry-run: fold: /],
    ] as [object, unknown, RegExp][]
  ) {
    it(`are refused with 422 when invalid: ${JSON.stringify(batch)}`, () =>
      withBroker(async ({ broker, client }) => {
        const whole = { key: "k", when: "true", fold: "$new", ...batch };
        const { status, body } = await post(broker, payload, { batch: whole });
        assert.equal(status, 422);
        assert.match(body.error, error);
        const bulk = await send(broker, "POST", "/jobs/bulk", {
          jobs: [wire(1, { batch: undefined }), wire(payload, { batch: whole })],
        });
        assert.equal(bulk.status, 422);
        assert.equal(await client.count(), 0);
      }));
  }

  it("need a key and both expressions, and no unique key beside them", () =>
    withBroker(async ({ broker }) => {
      assert.equal((await post(broker, 1, { batch: { key: "k", when: "true" } })).status, 400);
      assert.equal((await post(broker, 1, { batch: { ...appending, key: 1 } })).status, 400);
      assert.deepEqual((await post(broker, 1, { unique_key: "k" })).body, {
        error: "unique_key and batch cannot be combined",
      });
    }));

  it("may have no output or several for 'when': only the first counts", () =>
    withBroker(async ({ broker }) => {
      const folds = async (when: string) => {
        const batch = { key: when, when, fold: "$new" };
        await post(broker, 1, { batch });
        return (await post(broker, 2, { batch })).body.folded;
      };
      assert.equal(await folds("empty"), false);
      assert.equal(await folds("true, error"), true);
      assert.equal(await folds("null, true"), false);
      assert.equal(await folds("0"), true);
    }));

  it("that fail at run time close the batch ('when'), or refuse that request ('fold')", () =>
    withBroker(async ({ broker, client }) => {
      const sealing = { key: "s", when: "$new | .a | . < 9", fold: "$new" };
      await post(broker, { a: 1 }, { batch: sealing });
      assert.equal((await post(broker, { a: 2 }, { batch: sealing })).body.folded, true);
      const failing = { key: "f", when: "true", fold: "$existing + $new" };
      await post(broker, [1], { batch: failing });
      const answers = await Promise.all([
        post(broker, [2], { batch: failing }),
        post(broker, { a: 1 }, { batch: failing }),
        post(broker, [3], { batch: failing }),
      ]);
      assert.deepEqual(answers.map(({ status }) => status), [200, 422, 200]);
      assert.match(answers[1]!.body.error, /^batch fold failed: /);
      assert.deepEqual((await client.get(answers[0]!.body.id)).payload, [1, 2, 3]);
    }));

  it("do not make a payload larger than a request may be", () =>
    withBroker(async ({ broker }) => {
      const batch = { key: "k", when: "true", fold: "$existing + $new" };
      const text = "x".repeat(600);
      assert.equal((await post(broker, text, { batch })).status, 201);
      const { status, body } = await post(broker, text, { batch });
      assert.equal(status, 422);
      assert.match(body.error, /^batch fold failed: payload is 1202 characters, at most 1000/);
    }, { maxBodyBytes: 1000 }));

  const together = "all expressions of the call exceed together their limit of 10000 steps";
  const bulkOf = (count: number, batch: object) => ({
    jobs: Array.from({ length: count }, (_, n) => wire([n], { batch: { key: "k", ...batch } })),
  });

  it("share the steps of a call when they are tried: one that needs more is refused whole", () =>
    withBroker(async ({ broker, client }) => {
      const costly = { when: "true", fold: "[range(200)] as $list | $existing" };
      const few = await send(broker, "POST", "/jobs/bulk", bulkOf(20, costly));
      assert.equal(few.status, 201);
      assert.equal(await client.count(), 1);
      const many = await send(broker, "POST", "/jobs/bulk", bulkOf(30, costly));
      assert.equal(many.status, 422);
      assert.match(many.body.error, /^jobs\[2\d\]: batch expression: /);
      assert.ok(many.body.error.endsWith(together), many.body.error);
      assert.equal(await client.count(), 1);
    }, { maxJqSteps: 1000 }));

  for (
    const [name, batch] of Object.entries({
      fold: { when: "true", fold: "$existing + $new | [range(length * 10)] as $list | ." },
      when: { when: "[range($existing | length * 10)] | true", fold: "$existing + $new" },
    })
  ) {
    it(`share the steps of a call when they are folded: '${name}' grows with the head`, () =>
      withBroker(async ({ broker, client }) => {
        const few = await send(broker, "POST", "/jobs/bulk", bulkOf(20, batch));
        assert.equal(few.status, 201);
        const payload = Array.from({ length: 20 }, (_, n) => n);
        assert.deepEqual((await client.get(few.body.jobs[19].id)).payload, payload);
        const { status, body } = await send(
          broker,
          "POST",
          "/jobs/bulk",
          bulkOf(40, { ...batch, key: "l" }),
        );
        assert.equal(status, 422);
        assert.match(body.error, /^jobs\[\d+\]: batch fold failed: /);
        assert.ok(body.error.endsWith(together), body.error);
        const jobs = (await client.page()).jobs.map(({ payload }) => payload);
        assert.deepEqual(jobs, [payload]);
      }, { maxJqSteps: 1000 }));
  }

  it("fold the 5,000 jobs of one call, each of which makes the head's list longer", () =>
    withBroker(async ({ broker, client }) => {
      const batch = { when: "true", fold: "$existing + $new" };
      const { status, body } = await send(broker, "POST", "/jobs/bulk", bulkOf(5000, batch));
      assert.equal(status, 201);
      const { payload } = await client.get(body.jobs[0].id);
      assert.deepEqual(payload, Array.from({ length: 5000 }, (_, n) => n));
    }));

  it("pay for being compiled, once for each expression", () =>
    withBroker(async ({ broker }) => {
      const padded = (name: string) => ({ when: "true", fold: `$existing # ${name.padEnd(300)}` });
      const same = await send(broker, "POST", "/jobs/bulk", bulkOf(30, padded("x")));
      assert.equal(same.status, 201);
      const jobs = Array.from({ length: 30 }, (_, n) => {
        return wire([n], { batch: { key: "k", ...padded(`${n}`) } });
      });
      const different = await send(broker, "POST", "/jobs/bulk", { jobs });
      assert.equal(different.status, 422);
      assert.match(
        different.body.error,
        /^jobs\[\d\]: batch expression: all expressions of the call/,
      );
    }, { maxJqSteps: 1000 }));

  it("and filters have at most 65,536 characters in an expression", () =>
    withBroker(async ({ broker }) => {
      const tooLong = "expression is 65537 characters, at most 65536 are accepted";
      const longest = "1".padEnd(65_536);
      const filled = await post(broker, 1, { batch: { key: "k", when: longest, fold: longest } });
      assert.equal(filled.status, 201);
      for (const name of ["when", "fold"]) {
        const batch = { key: "k", when: "true", fold: "1", [name]: `${longest} ` };
        const { status, body } = await post(broker, 1, { batch });
        assert.deepEqual([status, body.error], [422, `batch expression: ${name}: ${tooLong}`]);
      }
      const filter = encodeURIComponent("1".padEnd(65_537, "1"));
      const { status, body } = await send(broker, "GET", `/jobs?filter=${filter}`);
      assert.deepEqual([status, body.error], [400, `invalid filter: ${tooLong}`]);
    }));
});
