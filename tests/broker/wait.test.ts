/** Waiting for the ends of jobs, and trying them again: docs/protocol.md, sections 18.3 and 18.4. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createMovement, createTags, NotFoundError } from "../../src/client/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { type Answer, send } from "../support/send.ts";

const kept = { completedMs: 60_000, deadMs: 60_000 };

const wait = ({ broker }: Pick<TestBroker, "broker">, ids: readonly string[], waitMs?: number) =>
  send(broker, "POST", "/jobs/wait", { ids, wait_ms: waitMs });

/** Waits, and tells what came of it once something did. */
async function begin(parts: TestBroker, ids: readonly string[], waitMs = 30_000) {
  const waiting: { answer?: Answer } = {};
  void wait(parts, ids, waitMs).then((answer) => void (waiting.answer = answer));
  await parts.clock.settle();
  return waiting;
}

/** Jobs that are taken, each in flight. */
async function running({ client, take, clock }: TestBroker, ...sketches: object[]) {
  const ids: string[] = [];
  for (const sketch of sketches) ids.push((await client.enqueue(job(sketch))).id);
  const { jobs } = await take({ prefetch: 0 });
  await clock.settle();
  assert.equal(jobs.length, ids.length);
  return ids;
}

describe("POST /jobs/wait", () => {
  it("answers when a job is done that is not kept, with what it came to", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const [id] = await running(parts, {});
      const waiting = await begin(parts, [id!]);
      assert.equal(waiting.answer, undefined);
      await clock.advance(5);
      await client.success(id!, { result: { sum: [3, null] } });
      await clock.settle();
      const { status, body } = waiting.answer!;
      assert.equal(status, 200);
      const [{ job: shown, ...end }] = body.ended;
      assert.deepEqual(end, { id, outcome: "completed", result: { sum: [3, null] } });
      assert.deepEqual([shown.status, shown.completed_at], ["completed", clock.now()]);
      assert.deepEqual([body.waiting, body.missing], [[], []]);
      await assert.rejects(client.get(id!), NotFoundError);
    }));

  it("has the results of many that are reported together", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const ids = await running(parts, {}, {}, { retention: kept });
      const waiting = await begin(parts, ids);
      await client.successMany(ids, { results: { [ids[0]!]: 1, [ids[2]!]: "three" } });
      await clock.settle();
      const { ended } = waiting.answer!.body;
      assert.deepEqual(ended.map(({ result }: { result: unknown }) => result), [
        1,
        undefined,
        "three",
      ]);
      // One that is kept is found later as well.
      const again = (await wait(parts, ids.slice(2))).body.ended[0];
      assert.deepEqual([again.outcome, again.result], ["completed", "three"]);
    }));

  it("tells what a job died of, kept or not", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const ids = await running(parts, { retention: kept }, { retention: { deadMs: 0 } });
      const waiting = await begin(parts, ids);
      for (const id of ids) {
        await client.failure(id, { message: "m", errorType: "E", backtrace: "b", kill: true });
      }
      await clock.settle();
      for (const { outcome, error, job } of waiting.answer!.body.ended) {
        assert.deepEqual([outcome, job.status, job.attempts], ["dead", "dead", 1]);
        assert.deepEqual([error.message, error.error_type, error.backtrace, error.attempt], [
          "m",
          "E",
          "b",
          1,
        ]);
      }
    }));

  it("goes on while a job is to be tried again, and knows its attempts then", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const [id] = await running(parts, { retention: { deadMs: 0 } });
      const waiting = await begin(parts, [id!], 60_000);
      await client.failure(id!, { message: "first", delayMs: 100 });
      await clock.advance(100);
      assert.equal(waiting.answer, undefined);
      await client.failure(id!, { message: "second", kill: true });
      await clock.settle();
      const [{ error, job: shown }] = waiting.answer!.body.ended;
      assert.deepEqual([error.attempt, error.message, shown.attempts], [2, "second", 2]);
    }));

  it("answers at once of what has ended, and of what is not there", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const ids = await running(parts, { retention: kept }, { retention: kept }, {});
      await client.success(ids[0]!);
      await client.failure(ids[1]!, { message: "m", kill: true });
      await client.success(ids[2]!);
      const waiting = await begin(parts, [...ids, "nobody"]);
      await clock.settle();
      const { ended, missing } = waiting.answer!.body;
      assert.deepEqual(ended.map(({ outcome }: { outcome: string }) => outcome), [
        "completed",
        "dead",
      ]);
      assert.equal(ended[1].error.message, "m");
      assert.deepEqual(missing, [ids[2], "nobody"]);
    }));

  it("tells who waits that a job is deleted, or dead since another is", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const parent = await client.enqueue(job());
      const onDead = { id: parent.id, onDead: "cancel" } as const;
      const child = await client.enqueue(
        job({ dependsOn: [onDead], retention: { deadMs: 0 } }),
      );
      const other = await client.enqueue(job());
      const waiting = await begin(parts, [child.id, other.id]);
      await client.cancel(parent.id);
      await client.delete(other.id);
      await clock.settle();
      const { ended } = waiting.answer!.body;
      assert.deepEqual(ended.map(({ outcome }: { outcome: string }) => outcome), [
        "dead",
        "deleted",
      ]);
      assert.equal(ended[0].error.error_type, "DependencyDead");
    }));

  it("answers when its time is over, and of those that have ended by then", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const [first, second] = await running(parts, {}, {});
      const waiting = await begin(parts, [first!, second!], 1000);
      await client.success(first!);
      await clock.advance(999);
      assert.equal(waiting.answer, undefined);
      await clock.advance(1);
      const { ended, waiting: rest } = waiting.answer!.body;
      assert.deepEqual([ended.length, ended[0].id, rest], [1, first, [second]]);
    }));

  it("misses nothing between one call and the next", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const [id] = await running(parts, {});
      assert.deepEqual((await wait(parts, [id!])).body.waiting, [id]);
      await client.success(id!, { result: 5 });
      await clock.advance(29_000);
      const { ended } = (await wait(parts, [id!])).body;
      assert.deepEqual([ended[0]?.outcome, ended[0]?.result], ["completed", 5]);
      await clock.advance(31_000);
      await client.enqueue(job());
      assert.deepEqual((await wait(parts, [id!])).body.missing, [id]);
    }));

  it("leaves when the caller does, and when the broker stops", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const [id] = await running(parts, {});
      const leaving = new AbortController();
      const left = broker.fetch(
        new Request("http://broker/jobs/wait", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ ids: [id], wait_ms: 60_000 }),
          signal: leaving.signal,
        }),
      ).then((response) => response.text());
      left.catch(() => {});
      await clock.settle();
      leaving.abort(new Error("left"));
      await assert.rejects(left);
      const waiting = await begin(parts, [id!]);
      const stopped = broker.stop();
      await clock.settle();
      assert.deepEqual(waiting.answer!.body.waiting, [id]);
      await stopped;
      assert.equal(client.url, undefined);
    }));

  it("refuses more than it can hold", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      assert.equal((await wait(parts, Array(1001).fill("a"))).status, 422);
      assert.equal((await wait(parts, ["a"], 60_001)).status, 422);
      assert.equal((await send(broker, "POST", "/jobs/wait", {})).status, 400);
      assert.deepEqual((await wait(parts, [])).body, { ended: [], waiting: [], missing: [] });
      const [id] = await running(parts, {});
      const all: Promise<Answer>[] = [];
      for (let at = 0; at < 1000; at++) all.push(wait(parts, [id!], 10));
      await clock.settle();
      const { status, body } = await wait(parts, [id!], 10);
      assert.equal(status, 503);
      assert.match(body.error, /^busy: 1000 calls wait/);
      await clock.advance(10);
      assert.deepEqual(
        new Set((await Promise.all(all)).map((answer) => answer.status)),
        new Set([200]),
      );
      assert.equal((await wait(parts, [id!])).status, 200);
    }));
});

describe("POST /jobs/{id}/retry", () => {
  it("tries a dead job again, and keeps its records and its history", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const [id] = await running(parts, { retention: kept, history: true, retryLimit: 1 });
      await client.failure(id!, { message: "first", delayMs: 1 });
      await clock.advance(1000);
      await client.failure(id!, { message: "second" });
      assert.equal((await client.get(id!)).status, "dead");
      const { status, attempts } = await client.retry(id!);
      assert.deepEqual([status, attempts], ["ready", 0]);
      await clock.settle();
      const again = await client.failure(id!, { message: "third", delayMs: 1 });
      assert.equal(again.status, "scheduled", "it has all retries before it");
      const messages: string[] = [];
      for await (const { message } of client.errors(id!)) messages.push(message);
      assert.deepEqual(messages, ["first", "second", "third"]);
      const { body } = await send(broker, "GET", `/jobs/${id}/history`);
      assert.ok(body.history.length > 5);
    }));

  it("tries a completed job again that is kept, and no other", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const [id] = await running(parts, { retention: kept });
      await assert.rejects(client.retry(id!), { status: 409, message: /in in_flight status/ });
      await client.success(id!, { result: 1 });
      await client.retry(id!);
      await clock.settle();
      const shown = await client.get(id!);
      assert.deepEqual([shown.status, shown.result, shown.completedAt], [
        "in_flight",
        undefined,
        undefined,
      ]);
      await assert.rejects(client.retry("nobody"), { message: "job 'nobody' not found" });
    }));

  it("tries many again", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const ids = await running(
        parts,
        ...["q", "q", "p"].map((queue) => ({ queue, retention: kept })),
      );
      for (const id of ids) await client.failure(id, { message: "m", kill: true });
      assert.equal(await client.retryMany({ status: "dead", queue: "q" }), 2);
      assert.equal(await client.count({ status: "dead" }), 1);
      assert.equal(await client.retryMany({ all: true }), 1);
      assert.equal(await client.retryMany({ id: [] }), 0);
      await assert.rejects(client.retryMany({}), TypeError);
    }));
});

describe("client.waitFor()", () => {
  it("gives the end of one job", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const [id, other] = await running(parts, {}, {});
      const [done, dead] = [client.waitFor(id!), client.waitFor(other!)];
      await parts.clock.settle();
      await client.success(id!, { result: 7 });
      await client.failure(other!, { message: "m", kill: true });
      const end = await done;
      assert.ok(end.outcome === "completed");
      assert.deepEqual([end.id, end.result, end.job?.status], [id, 7, "completed"]);
      const bad = await dead;
      assert.ok(bad.outcome === "dead");
      assert.equal(bad.error?.message, "m");
      await assert.rejects(
        client.waitFor(id!, { timeoutMs: 0 }).then(async () => {
          await parts.clock.advance(40_000);
          await client.enqueue(job());
          return await client.waitFor(id!);
        }),
        { name: "NotFoundError", message: /it may have finished before the wait began/ },
      );
    }));

  it("waits longer than one call does, and for more than one call may ask", () =>
    withBroker(async (parts) => {
      const { client, clock } = parts;
      const stored = await client.enqueueMany(Array.from({ length: 1200 }, () => job()));
      const ids = stored.map(({ id }) => id);
      const ends = client.waitFor([...ids, ids[0]!, "nobody"]);
      await clock.advance(45_000);
      const { jobs } = await parts.take({ prefetch: 0 });
      for (let done = 0; done < ids.length;) {
        await clock.settle();
        const more = jobs.slice(done);
        await client.successMany(more);
        done += more.length;
      }
      await clock.settle();
      const outcomes = (await ends).map(({ outcome }) => outcome);
      assert.deepEqual([outcomes.length, new Set(outcomes.slice(0, -1)), outcomes.at(-1)], [
        1202,
        new Set(["completed"]),
        "gone",
      ]);
    }));

  it("ends by its time and by its signal", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const client = createClient({ fetch: broker.fetch, clock });
      const [id] = await running(parts, {});
      const late = client.waitFor([id!], { timeoutMs: 30_000 });
      const aborted = new AbortController();
      const left = client.waitFor(id!, { signal: aborted.signal });
      const failed = assert.rejects(late, { name: "TimeoutError", message: /did not end in time/ });
      await clock.advance(30_000);
      await failed;
      aborted.abort(new Error("left"));
      await assert.rejects(left, /left/);
      await assert.rejects(client.waitFor(id!, { timeoutMs: -1 }), RangeError);
    }));

  it("is told of jobs that are put anew and tagged meanwhile only when they end", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const { id } = await client.enqueue(job({ retention: kept }));
      const end = client.waitFor(id);
      await clock.settle();
      await createTags({ fetch: broker.fetch }).add(id, ["t"]);
      await createMovement({ fetch: broker.fetch }).requeue(id, { queue: "p" });
      const { jobs } = await parts.take({ queues: ["p"] });
      await clock.settle();
      assert.equal(jobs.length, 1);
      await client.success(id);
      const { job: shown } = await end;
      assert.deepEqual([shown?.queue, shown?.tags], ["p", ["t"]]);
    }));
});
