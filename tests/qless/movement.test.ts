/**
 * What qless does when jobs are put, moved and ended, over HTTP.
 *
 * The numbers are those of the statements in Appendix B of its description.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

/** The calls of a test, and what it looks at. */
function callsOf({ broker, clock, take }: TestBroker) {
  const call = (method: string, path: string, body?: unknown) => send(broker, method, path, body);
  return {
    call,
    put: (id: string, changes: object = {}) =>
      call("PUT", `/jobs/${id}`, { type: "t", queue: "q", payload: null, ...changes }),
    /** Puts over a job without naming what it has. */
    putOver: (id: string, changes: object = {}) =>
      call("PUT", `/jobs/${id}`, { type: "t", payload: null, ...changes }),
    get: async (id: string) => (await call("GET", `/jobs/${id}`)).body,
    /** Takes what is ready in a queue, and keeps the stream. */
    async pop(queue = "q", prefetch = 1000) {
      const { jobs } = await take({ queues: [queue], prefetch });
      await clock.settle();
      return jobs;
    },
    fail: (id: string, failure: object = {}) =>
      call("POST", `/jobs/${id}/failure`, { message: "m", ...failure }),
    complete: (id: string, body?: object) => call("POST", `/jobs/${id}/success`, body),
  };
}

const statement = (name: string, test: (parts: TestBroker) => Promise<void>) =>
  it(name, () => withBroker(test));

const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

describe("putting a job, as qless does", () => {
  statement("1: a fresh one waits, with its defaults", async (parts) => {
    const { put, get } = callsOf(parts);
    const { status, body } = await put("jid");
    assert.equal(status, 201);
    const { id, status: state, attempts, priority, ready_at } = body;
    assert.deepEqual([id, state, attempts, priority, ready_at], [
      "jid",
      "ready",
      0,
      32768,
      parts.clock.now(),
    ]);
    assert.equal((await get("jid")).payload, null);
  });

  statement("2: an empty list stays one, put and advanced", async (parts) => {
    const { put, get, pop, complete } = callsOf(parts);
    await put("jid", { payload: [] });
    assert.deepEqual((await pop())[0]!.payload, []);
    await complete("jid", { next: { queue: "p" } });
    assert.deepEqual((await get("jid")).payload, []);
    assert.deepEqual((await pop("p"))[0]!.payload, []);
    await complete("jid", { payload: [], next: { queue: "r" } });
    assert.deepEqual((await get("jid")).payload, []);
  });

  statement(
    "3: one with a delay is scheduled, and not to be had before its time",
    async (parts) => {
      const { put, pop } = callsOf(parts);
      assert.equal((await put("jid", { delay_ms: 1000 })).body.status, "scheduled");
      const jobs = await pop();
      assert.deepEqual(ids(jobs), []);
      await parts.clock.advance(2000);
      await parts.clock.settle();
      assert.deepEqual(ids(jobs), ["jid"]);
    },
  );

  statement("4: more urgent ones go first", async (parts) => {
    const { put, pop } = callsOf(parts);
    for (let priority = 0; priority < 20; priority++) {
      await put(`jid-${priority}`, { priority: 32758 + priority });
    }
    const found = (await pop()).map(({ priority }) => priority);
    assert.deepEqual(found, Array.from({ length: 20 }, (_, at) => 32758 + at));
  });

  statement(
    "5: equal ones go in the order in which they were put, whatever their ids",
    async (parts) => {
      const { put, pop } = callsOf(parts);
      const order = Array.from({ length: 100 }, (_, at) => `jid-${(at * 37) % 100}`);
      for (const id of order) {
        await put(id);
        await parts.clock.advance(1);
      }
      assert.deepEqual(ids(await pop()), order);
    },
  );

  statement("6: one that becomes more urgent goes first", async (parts) => {
    const { put, call, pop } = callsOf(parts);
    await put("a");
    await put("b");
    await call("PATCH", "/jobs/b", { priority: 1 });
    assert.deepEqual(ids(await pop()), ["b", "a"]);
  });

  statement(
    "7: put again, it keeps what is left out, and what is given overrides",
    async (parts) => {
      const { put, putOver, get } = callsOf(parts);
      await put("jid", { priority: 7, retry_limit: 3 });
      assert.equal((await putOver("jid")).status, 200);
      const kept = await get("jid");
      assert.deepEqual([kept.priority, kept.retry_limit, kept.queue], [7, 3, "q"]);
      await putOver("jid", { priority: 8, retry_limit: 4, type: "u", payload: 1 });
      const { priority, retry_limit, type, payload } = await get("jid");
      assert.deepEqual([priority, retry_limit, type, payload], [8, 4, "u", 1]);
    },
  );

  statement(
    "8: put into another queue, it is in no other one, and still waits for the same jobs",
    async (parts) => {
      const { put, putOver, pop, call, get } = callsOf(parts);
      await put("jid");
      await putOver("jid", { queue: "p" });
      assert.deepEqual(ids(await pop("q")), []);
      assert.deepEqual(ids(await pop("p")), ["jid"]);
      assert.deepEqual((await call("GET", "/queues")).body, { queues: ["p"] });
      await put("parent");
      await put("child", { depends_on: ["parent"], tags: ["x"] });
      await putOver("child", { queue: "p" });
      const { status, depends_on, queue } = await get("child");
      assert.deepEqual([status, depends_on, queue], ["blocked", ["parent"], "p"]);
      assert.equal((await call("GET", "/jobs/count?queue=p&status=in_flight")).body.count, 1);
    },
  );

  statement(
    "32: put with other dependencies, the links of both sides are replaced",
    async (parts) => {
      const { put, putOver, get } = callsOf(parts);
      for (const id of ["a", "b", "c"]) await put(id);
      await put("child", { depends_on: ["a", "b"] });
      await putOver("child", { depends_on: ["b", "c"] });
      assert.deepEqual((await get("child")).depends_on, ["b", "c"]);
      const dependents = async (id: string) => (await get(id)).dependents;
      assert.deepEqual(await Promise.all(["a", "b", "c"].map(dependents)), [
        undefined,
        ["child"],
        ["child"],
      ]);
      await putOver("child", { depends_on: [] });
      assert.equal((await get("child")).status, "ready");
      assert.deepEqual(await Promise.all(["b", "c"].map(dependents)), [undefined, undefined]);
    },
  );

  statement("takes a running one from its worker, and revives a completed one", async (parts) => {
    const { put, putOver, pop, complete, get } = callsOf(parts);
    await put("jid", { retention: { completed_ms: 1000 } });
    await pop();
    await putOver("jid", { queue: "p", payload: "new" });
    for (const report of ["/success?delivery=1", "/failure", "/release"]) {
      const body = report === "/success?delivery=1" ? undefined : { message: "m", delivery: 1 };
      const refused = await send(parts.broker, "POST", `/jobs/jid${report}`, body);
      assert.equal(refused.status, 409, report);
    }
    assert.deepEqual((await pop("p")).map(({ payload }) => payload), ["new"]);
    assert.equal((await complete("jid")).status, 204);
    assert.equal((await get("jid")).status, "completed");
    assert.equal((await putOver("jid")).body.status, "ready");
    await parts.clock.settle();
    assert.equal((await get("jid")).status, "in_flight", "its stream still reads");
  });
});

describe("moving a job, as qless does", () => {
  statement("19: all retries are before it when it is advanced, or put again", async (parts) => {
    const { put, putOver, pop, fail, complete, get, call } = callsOf(parts);
    await put("jid", { retry_limit: 2 });
    const again = async () => {
      await fail("jid", { retry_at: 0 });
      await call("PATCH", "/jobs/jid", { ready_at: 0 });
      await parts.clock.settle();
    };
    await pop();
    await again();
    assert.equal((await get("jid")).attempts, 1);
    const { status, body } = await complete("jid", { next: { queue: "p" } });
    assert.deepEqual([status, body.status, body.queue, body.attempts], [200, "ready", "p", 0]);
    await pop("p");
    await again();
    assert.equal((await putOver("jid", { queue: "r" })).body.attempts, 0);
  });

  statement(
    "21: an explicit retry spends one, and without one it is dead of what it names",
    async (parts) => {
      const { put, pop, fail, call } = callsOf(parts);
      await put("jid", { retry_limit: 1 });
      await pop();
      const retry = { enforce_limit: true, retry_at: 0, error_type: "group", message: "why" };
      assert.equal((await fail("jid", { ...retry, delay_ms: 5000 })).body.status, "scheduled");
      await call("PATCH", "/jobs/jid", { ready_at: 0 });
      await parts.clock.settle();
      const { body } = await fail("jid", { ...retry, payload: { done: 3 } });
      assert.deepEqual([body.status, body.attempts], ["dead", 2]);
      const { errors } = (await call("GET", "/jobs/jid/errors")).body;
      assert.deepEqual([errors.at(-1).message, errors.at(-1).error_type], ["why", "group"]);
      assert.deepEqual((await call("GET", "/jobs/jid")).body.payload, { done: 3 });
    },
  );

  statement("22: only who runs it completes it", async (parts) => {
    const { put, pop, complete } = callsOf(parts);
    assert.equal((await complete("none", { payload: 1 })).status, 404);
    await put("jid", { delay_ms: 1000, retention: { completed_ms: 9999 } });
    assert.equal((await complete("jid", { payload: 1 })).status, 404);
    await parts.clock.advance(1000);
    assert.equal((await complete("jid", { payload: 1 })).status, 404);
    await pop();
    assert.equal((await complete("jid", { payload: 1, delivery: 2 })).status, 409);
    assert.equal((await complete("jid", { payload: 1, delivery: 1 })).status, 204);
    assert.equal((await complete("jid", { payload: 1, delivery: 1 })).status, 204, "a repetition");
    assert.equal((await complete("jid", { payload: 2 })).status, 404);
  });

  statement(
    "23: what it failed of stays while it is put again, and goes when it completes",
    async (parts) => {
      const { put, putOver, pop, fail, complete, get, call } = callsOf(parts);
      await put("jid", { retention: { completed_ms: 9999 } });
      const jobs = await pop();
      await fail("jid", { kill: true });
      await putOver("jid");
      await parts.clock.settle();
      const errors = async () => (await call("GET", "/jobs/jid/errors")).body.errors;
      assert.equal((await errors()).length, 1);
      assert.equal(jobs.length, 2);
      await complete("jid");
      const job = await get("jid");
      assert.deepEqual([job.status, job.failed_at, await errors()], ["completed", undefined, []]);
    },
  );

  statement("24: a time without a next queue is an error that names it", async (parts) => {
    const { put, pop, complete, get } = callsOf(parts);
    await put("jid");
    await pop();
    for (const name of ["delay_ms", "ready_at", "depends_on", "queue"]) {
      const { status, body } = await complete("jid", { [name]: name === "depends_on" ? ["a"] : 5 });
      assert.deepEqual([status, body.error], [400, `${name} must be a member of next`]);
    }
    const { status, body } = await complete("jid", { next: { queue: "a,b" } });
    assert.deepEqual([status, body.error], [400, "queue must not contain ','"]);
    assert.equal((await complete("jid", { next: {} })).status, 400);
    const itself = { next: { queue: "p", depends_on: ["jid"] } };
    assert.equal((await complete("jid", itself)).status, 422);
    assert.equal((await get("jid")).status, "in_flight");
    assert.equal(
      (await complete("jid", { next: { queue: "p", delay_ms: 5 } })).body.status,
      "scheduled",
    );
  });

  statement(
    "27: one that was cancelled is not requeued, and cancelling it again is no error",
    async (parts) => {
      const { put, call } = callsOf(parts);
      await put("jid");
      assert.deepEqual((await call("DELETE", "/jobs?id=jid")).body, { deleted: 1 });
      const { status, body } = await call("POST", "/jobs/jid/requeue", { queue: "p" });
      assert.deepEqual([status, body.error], [404, "job not found"]);
      assert.deepEqual((await call("DELETE", "/jobs?id=jid,other")).body, { deleted: 0 });
    },
  );
});
