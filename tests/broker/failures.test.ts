/** Dead jobs by what they died of, and listings in the order of an instant: docs/protocol.md, sections 5.4 and 13.1. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

/** Jobs that died one after the other, a second apart, of these types of errors. */
async function dead({ client, clock, take }: TestBroker, ...types: string[]): Promise<string[]> {
  const taken = await take({ prefetch: 0 });
  const ids: string[] = [];
  for (const [at, errorType] of types.entries()) {
    const { id } = await client.enqueue(job({ queue: `q${at}`, payload: at }));
    await clock.advance(1);
    await client.failure(id, { message: `m${at}`, errorType, kill: true });
    await clock.advance(999);
    ids.push(id);
  }
  await taken.close();
  return ids;
}

type Listed = { readonly id: string };

describe("groups of failures", () => {
  it("are listed page by page", () =>
    withBroker(async (parts) => {
      const { broker } = parts;
      await dead(parts, "B", "A", "B", "C");
      const { body } = await send(broker, "GET", "/failures?limit=2");
      assert.deepEqual(body, {
        groups: [{ group: "A", count: 1 }, { group: "B", count: 2 }],
        pages: {
          self: "/failures?order=asc&limit=2",
          next: "/failures?from=B&order=asc&limit=2",
          prev: null,
        },
      });
      const next = (await send(broker, "GET", body.pages.next)).body;
      assert.deepEqual(next.groups, [{ group: "C", count: 1 }]);
      const prev = (await send(broker, "GET", next.pages.prev)).body;
      assert.deepEqual(prev.groups.map(({ group }: { group: string }) => group), ["B", "A"]);
      assert.equal((await send(broker, "GET", "/failures?group=A")).status, 400);
    }));

  it("filter listings, counts and deletions", () =>
    withBroker(async (parts) => {
      const { broker } = parts;
      const [a, , c] = await dead(parts, "E, x", "F", "E, x");
      const path = "/jobs?failure_group=E%2C%20x";
      const { body } = await send(broker, "GET", path);
      assert.deepEqual(body.jobs.map(({ id }: Listed) => id), [a, c]);
      assert.equal(body.pages.self, "/jobs?order=asc&limit=50&failure_group=E%2C%20x");
      const count = () => send(broker, "GET", "/jobs/count?failure_group=E%2C%20x");
      assert.deepEqual((await count()).body, { count: 2 });
      assert.deepEqual((await send(broker, "DELETE", path)).body, { deleted: 2 });
      assert.deepEqual((await count()).body, { count: 0 });
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "F", count: 1 },
      ]);
    }));

  it("are requeued, in the queue that is named or in their own", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      const ids = await dead(parts, "E", "E", "E", "F");
      const requeue = (path: string, body?: object) => send(broker, "POST", path, body);
      assert.deepEqual((await requeue("/failures/E/requeue", { limit: 1, queue: "again" })).body, {
        requeued: 1,
      });
      assert.deepEqual((await requeue("/failures/none/requeue", {})).body, { requeued: 0 });
      assert.deepEqual((await requeue("/failures/requeue", {})).body, { requeued: 3 });
      const jobs = await Promise.all(ids.map((id) => client.get(id)));
      assert.deepEqual(jobs.map(({ queue }) => queue), ["again", "q1", "q2", "q3"]);
      assert.ok(jobs.every(({ status, attempts }) => status === "ready" && attempts === 0));
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, []);
    }));

  it("are requeued in pieces, each job once", () =>
    withBroker(async (parts) => {
      const { broker, client, take, clock } = parts;
      await client.enqueueMany(Array.from({ length: 450 }, () => job()));
      const taken = await take({ prefetch: 0 });
      await clock.advance(1);
      for (const { id } of taken.jobs) await client.failure(id, { message: "m", kill: true });
      await taken.close();
      const { body } = await send(broker, "POST", "/failures/requeue", {});
      assert.deepEqual([body, await client.count({ status: "ready" })], [{ requeued: 450 }, 450]);
    }, { globalInFlightLimit: 0 }));

  it("are refused when they cannot be requeued", () =>
    withBroker(async ({ broker }) => {
      const requeue = (body: unknown) => send(broker, "POST", "/failures/E/requeue", body);
      assert.deepEqual(await requeue({ queue: "a,b" }), {
        status: 422,
        body: { error: "queue must not contain ','" },
      });
      assert.equal((await requeue({ limit: -1 })).status, 400);
      assert.equal((await requeue({ queue: 1 })).status, 400);
      const empty = await broker.fetch(
        new Request("http://broker/failures/E/requeue", {
          method: "POST",
          headers: { "content-type": "application/json" },
        }),
      );
      assert.deepEqual(await empty.json(), { requeued: 0 });
    }));

  it("may be given with the failure, in 200 characters", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      const { id } = await client.enqueue(job());
      await take();
      await clock.advance(1);
      const fail = (failure_group: string) =>
        send(broker, "POST", `/jobs/${id}/failure`, { message: "m", kill: true, failure_group });
      assert.deepEqual(await fail(""), {
        status: 422,
        body: { error: "failure_group must not be empty" },
      });
      assert.deepEqual(await fail("x".repeat(201)), {
        status: 422,
        body: { error: "failure_group has 201 characters, at most 200 are accepted" },
      });
      assert.equal((await fail("given")).status, 200);
      assert.equal((await client.get(id)).failureGroup, "given");
      assert.deepEqual((await send(broker, "GET", "/failures")).body.groups, [
        { group: "given", count: 1 },
      ]);
    }));
});

describe("listings in the order of an instant", () => {
  const idsOf = (body: { readonly jobs: readonly Listed[] }) => body.jobs.map(({ id }) => id);

  it("go by failed_at, page by page in both directions", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      const ids = await dead(parts, "E", "F", "E", "E");
      // The first dies again, last of all.
      await send(broker, "POST", "/failures/E/requeue", { limit: 1 });
      const taken = await parts.take();
      await parts.clock.advance(1);
      await client.failure(ids[0]!, { message: "again", errorType: "E", kill: true });
      await taken.close();
      const path = "/jobs?status=dead&sort=failed_at&order=desc&limit=2";
      const first = (await send(broker, "GET", path)).body;
      assert.deepEqual(idsOf(first), [ids[0], ids[3]]);
      const second = (await send(broker, "GET", first.pages.next)).body;
      assert.deepEqual([idsOf(second), second.pages.next], [[ids[2], ids[1]], null]);
      const back = (await send(broker, "GET", second.pages.prev)).body;
      assert.deepEqual(idsOf(back), [ids[3], ids[0]]);
      const group = (await send(broker, "GET", `${path}&failure_group=E&queue=q2,q3`)).body;
      assert.deepEqual(idsOf(group), [ids[3], ids[2]]);
    }));

  it("go by completed_at and ready_at, also with a filter of payloads", () =>
    withBroker(async ({ broker, client, clock, take }) => {
      const made = await client.enqueueMany(
        [0, 1, 2].map((payload) => job({ payload, retention: { completedMs: 10_000 } })),
      );
      const later = await client.enqueueMany(
        [30, 10, 20].map((delayMs) => job({ payload: delayMs, delayMs: delayMs * 1000 })),
      );
      await take({ prefetch: 0 });
      for (const at of [1, 2, 0]) {
        await clock.advance(1);
        await client.success(made[at]!.id);
      }
      const list = async (query: string) =>
        idsOf((await send(broker, "GET", `/jobs?${query}`)).body);
      const [a, b, c] = made.map(({ id }) => id);
      const newest = "status=completed&sort=completed_at&order=desc";
      assert.deepEqual(await list(newest), [a, c, b]);
      assert.deepEqual(await list(`${newest}&filter=${encodeURIComponent(". > 0")}`), [c, b]);
      const due = later.map(({ id }) => id);
      assert.deepEqual(await list("status=scheduled&sort=ready_at"), [due[1], due[2], due[0]]);
    }));

  it("need the one status that has the instant", () =>
    withBroker(async ({ broker }) => {
      const error = async (query: string) => {
        const { status, body } = await send(broker, "GET", `/jobs?${query}`);
        assert.equal(status, 400);
        return body.error;
      };
      assert.equal(
        await error("sort=failed_at"),
        "invalid query parameters: 'sort' failed_at needs 'status' dead, and no other",
      );
      assert.match(await error("sort=failed_at&status=dead,ready"), /no other/);
      assert.match(await error("sort=x&status=dead"), /must be one of ready_at, completed_at/);
      assert.match(
        await error("sort=failed_at&status=dead&from=x"),
        /'from' must be that of a link/,
      );
      assert.match(await error("last_error=yes"), /'last_error' must be true or false, got "yes"/);
    }));
});

describe("last_error=true", () => {
  it("adds the last error record to jobs that have failed", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const [id] = await dead(parts, "E");
      await client.enqueue(job({ queue: "fresh" }));
      const { body } = await send(broker, "GET", "/jobs?last_error=true");
      const error = {
        attempt: 1,
        message: "m0",
        error_type: "E",
        dequeued_at: clock.now() - 1000,
        failed_at: clock.now() - 999,
      };
      assert.deepEqual(body.jobs.map((job: { last_error?: object }) => job.last_error), [
        error,
        undefined,
      ]);
      assert.equal(body.pages.self, "/jobs?order=asc&limit=50&last_error=true");
      assert.deepEqual(
        (await send(broker, "GET", `/jobs/${id}?last_error=true`)).body.last_error,
        error,
      );
      assert.equal((await send(broker, "GET", `/jobs/${id}`)).body.last_error, undefined);
    }));

  it("ends a page early when the records are large", () =>
    withBroker(async ({ broker, client, take, clock }) => {
      await client.enqueueMany([job(), job(), job()]);
      const taken = await take({ prefetch: 0 });
      await clock.advance(1);
      const backtrace = "x".repeat(600);
      for (const { id } of taken.jobs) {
        await client.failure(id, { message: "m", kill: true, backtrace });
      }
      const { body } = await send(broker, "GET", "/jobs?last_error=true");
      assert.deepEqual([body.jobs.length, body.pages.next !== null], [1, true]);
    }, { maxPageBytes: 1000 }));
});
