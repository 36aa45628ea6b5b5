/**
 * What qless says of dependencies (`spec/qless.md`, sections 13 and 14; Appendix B, statements 8 and 28 to 32), over HTTP.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Broker } from "../../src/broker/mod.ts";
import { withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

/** Stores a job that waits for others, and gives it. */
async function put(broker: Broker, dependsOn: readonly unknown[] = [], changes: object = {}) {
  const { status, body } = await send(broker, "POST", "/jobs", {
    type: "t",
    queue: "q",
    payload: null,
    ...dependsOn.length > 0 && { depends_on: dependsOn },
    ...changes,
  });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

const get = async (broker: Broker, id: string) => (await send(broker, "GET", `/jobs/${id}`)).body;

const statusOf = async (broker: Broker, id: string) => (await get(broker, id)).status;

/** Has a job taken and done. */
async function finish(
  { broker, clock, take }: Pick<
    Parameters<Parameters<typeof withBroker>[0]>[0],
    "broker" | "clock" | "take"
  >,
  id: string,
) {
  const taken = await take({ prefetch: 1000 });
  await clock.settle();
  assert.ok(taken.jobs.some((job) => job.id === id));
  assert.equal((await send(broker, "POST", `/jobs/${id}/success`)).status, 204);
  await taken.close();
  await clock.settle();
}

describe("cancelling a job with a live dependent", () => {
  it("is refused, alone or in a list that lacks one; the full set goes in any order", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const b = await put(broker, [a.id]);
      const c = await put(broker, [b.id]);
      const alone = await send(broker, "DELETE", `/jobs/${a.id}`);
      assert.deepEqual([alone.status, alone.body.dependents], [409, [b.id]]);
      const partly = await send(broker, "DELETE", `/jobs?id=${a.id},${b.id}`);
      assert.deepEqual([partly.status, partly.body.dependents], [409, [c.id]]);
      assert.equal((await send(broker, "GET", "/jobs/count")).body.count, 3);
      const all = await send(broker, "DELETE", `/jobs?id=${c.id},${a.id},${b.id}`);
      assert.deepEqual([all.status, all.body], [200, { deleted: 3 }]);
    }));

  it("is refused for a selection by anything, unless it has the dependents too", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker, [], { payload: { n: 1 } });
      const b = await put(broker, [a.id], { queue: "other", payload: { n: 2 } });
      for (const query of ["queue=q", "status=ready", "filter=.n==1"]) {
        const answer = await send(broker, "DELETE", `/jobs?${query}`);
        assert.deepEqual([answer.status, answer.body.dependents], [409, [b.id]], query);
      }
      const query = `filter=${encodeURIComponent(".n>0")}`;
      assert.deepEqual((await send(broker, "DELETE", `/jobs?${query}`)).body, { deleted: 2 });
    }));

  it("cancels the dependents too when that is asked for", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const b = await put(broker, [a.id]);
      await put(broker, [b.id]);
      const other = await put(broker);
      assert.equal((await send(broker, "DELETE", `/jobs/${a.id}?cascade=true`)).status, 204);
      const { body } = await send(broker, "GET", "/jobs");
      assert.deepEqual(body.jobs.map(({ id }: { id: string }) => id), [other.id]);
      const answer = await send(broker, "DELETE", `/jobs/${other.id}?cascade=1`);
      assert.equal(answer.status, 400);
      const c = await put(broker);
      await put(broker, [c.id], { queue: "other" });
      const many = await send(broker, "DELETE", "/jobs?queue=q&cascade=true");
      assert.deepEqual(many.body, { deleted: 3 });
    }));

  it("of one that merely depends on others is fine, and unlinks it", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const b = await put(broker, [a.id]);
      assert.equal((await send(broker, "DELETE", `/jobs/${b.id}`)).status, 204);
      assert.equal((await get(broker, a.id)).dependents, undefined);
      assert.equal((await send(broker, "DELETE", `/jobs/${a.id}`)).status, 204);
    }));

  it("does not hold for a reset", () =>
    withBroker(async ({ broker }) => {
      await put(broker, [(await put(broker)).id]);
      assert.equal((await send(broker, "POST", "/reset")).status, 204);
      assert.equal((await send(broker, "GET", "/jobs/count")).body.count, 0);
    }));
});

describe("completing the last dependency", () => {
  it("makes the dependent ready, or scheduled when it is due later", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const a = await put(broker, [], { priority: 1 });
      const b = await put(broker, [], { priority: 2 });
      const now = await put(broker, [a.id, b.id]);
      const later = await put(broker, [a.id], { delay_ms: 1000 });
      assert.deepEqual([now.status, later.status], ["blocked", "blocked"]);
      await finish(parts, a.id);
      assert.equal(await statusOf(broker, now.id), "blocked");
      assert.deepEqual((await get(broker, now.id)).depends_on, [b.id]);
      assert.equal(await statusOf(broker, later.id), "scheduled");
      await finish(parts, b.id);
      assert.equal(await statusOf(broker, now.id), "ready");
      await clock.advance(1000);
      assert.equal(await statusOf(broker, later.id), "ready");
    }));

  it("hands the dependent to a worker that waits", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const a = await put(broker);
      const b = await put(broker, [a.id]);
      const taken = await take({ prefetch: 1 });
      await clock.settle();
      await client.success(a.id);
      await clock.settle();
      assert.deepEqual(taken.jobs.map(({ id }) => id), [a.id, b.id]);
    }));
});

describe("unknown and complete dependencies", () => {
  it("leave the new job ready; with a delay, scheduled", () =>
    withBroker(async (parts) => {
      const { broker } = parts;
      const kept = await put(broker, [], { retention: { completed_ms: 1000 } });
      await finish(parts, kept.id);
      assert.equal(await statusOf(broker, kept.id), "completed");
      const unknown = "03fbjv6fk3vt7o1x95dxub4zk";
      assert.equal((await put(broker, [unknown, kept.id])).status, "ready");
      assert.equal((await put(broker, [unknown, kept.id], { delay_ms: 5 })).status, "scheduled");
      const job = { type: "t", queue: "q", payload: null, depends_on: [unknown] };
      const strict = await send(broker, "POST", "/jobs", { ...job, strict_dependencies: true });
      assert.deepEqual(strict, {
        status: 422,
        body: { error: `depends_on names job ${unknown}, which is not there` },
      });
    }));
});

describe("adding and removing dependencies", () => {
  it("is refused unless the job is blocked", () =>
    withBroker(async ({ broker, clock, take }) => {
      const ready = await put(broker);
      const scheduled = await put(broker, [], { delay_ms: 50 });
      const running = await put(broker, [], { queue: "run" });
      await take({ queues: ["run"] });
      await clock.settle();
      for (const { id } of [ready, scheduled, running]) {
        const path = `/jobs/${id}/dependencies`;
        const added = await send(broker, "POST", path, { ids: [ready.id] });
        const removed = await send(broker, "DELETE", path);
        const status = await statusOf(broker, id);
        assert.deepEqual([added.status, removed.status], [422, 422]);
        const message = `cannot change what job ${id} waits for in ${status} status`;
        assert.deepEqual([added.body.error, removed.body.error], [message, message]);
      }
      const unknown = "/jobs/03fbjv6fk3vt7o1x95dxub4zk/dependencies";
      assert.equal((await send(broker, "POST", unknown, { ids: [] })).status, 404);
      assert.equal((await send(broker, "DELETE", unknown)).status, 404);
      assert.equal((await send(broker, "GET", unknown)).status, 404);
    }));

  it("frees the job with the last one, and honours its due time", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const b = await put(broker);
      const x = await put(broker, [a.id], { delay_ms: 50 });
      const path = `/jobs/${x.id}/dependencies`;
      const added = await send(broker, "POST", path, { ids: [{ id: b.id, on_dead: "run" }] });
      assert.deepEqual([added.status, added.body.depends_on], [200, [a.id, b.id]]);
      const one = await send(broker, "DELETE", `${path}?id=${a.id},03fbjv6fk3vt7o1x95dxub4zk`);
      assert.deepEqual([one.body.status, one.body.depends_on], ["blocked", [b.id]]);
      const all = await send(broker, "DELETE", path);
      assert.deepEqual([all.status, all.body.status], [200, "scheduled"]);
      assert.equal((await send(broker, "DELETE", `${path}?ids=1`)).status, 400);
    }));
});

describe("links on both sides", () => {
  it("are shown by each job, and change together", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const b = await put(broker);
      const x = await put(broker, [a.id]);
      assert.deepEqual((await get(broker, a.id)).dependents, [x.id]);
      const path = `/jobs/${x.id}/dependencies`;
      await send(broker, "POST", path, { ids: [b.id] });
      await send(broker, "DELETE", `${path}?id=${a.id}`);
      assert.equal((await get(broker, a.id)).dependents, undefined);
      assert.deepEqual((await get(broker, b.id)).dependents, [x.id]);
      assert.deepEqual((await get(broker, x.id)).depends_on, [b.id]);
    }));

  it("keep a change of priority for when the job is free", () =>
    withBroker(async ({ broker }) => {
      const a = await put(broker);
      const x = await put(broker, [a.id]);
      const patched = await send(broker, "PATCH", `/jobs/${x.id}`, { priority: 1, queue: "other" });
      assert.deepEqual([patched.status, patched.body.status], [200, "blocked"]);
      const freed = await send(broker, "DELETE", `/jobs/${x.id}/dependencies`);
      assert.deepEqual([freed.body.priority, freed.body.queue], [1, "other"]);
    }));
});
