/** What workers report: which delivery it is about, what a repeated report is answered, and giving jobs back. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createBroker } from "../../src/broker/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { createTestClock } from "../../src/testing/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { type Answer, send } from "../support/send.ts";
import { formats } from "../support/formats.ts";

const noBackoff = { exponent: 0, baseMs: 0, jitterMs: 0 };

/** Stores a job and takes it so often; gives its id. Each stream but the last is closed. */
async function deliver({ client, clock, take }: TestBroker, times: number, changes = {}) {
  const { id } = await client.enqueue(job(changes));
  for (let delivery = 1; delivery <= times; delivery++) {
    const stream = await take();
    await clock.settle();
    assert.equal(stream.jobs[0]?.deliveries, delivery);
    if (delivery === times) return id;
    await stream.close();
    await clock.settle();
  }
  return id;
}

/** One way to end a run, as a call of the wire. */
type End = (parts: TestBroker, id: string, delivery?: number) => Promise<Answer>;

const post = ({ broker }: TestBroker, path: string, body?: object) =>
  send(broker, "POST", path, body);

const ends: Readonly<Record<string, End>> = {
  success: (parts, id, delivery) =>
    post(parts, `/jobs/${id}/success${delivery === undefined ? "" : `?delivery=${delivery}`}`),
  failure: (parts, id, delivery) => post(parts, `/jobs/${id}/failure`, { message: "m", delivery }),
  "failure that kills": (parts, id, delivery) =>
    post(parts, `/jobs/${id}/failure`, { message: "m", kill: true, delivery }),
  release: (parts, id, delivery) => post(parts, `/jobs/${id}/release`, { delivery }),
  "release with a time": (parts, id, delivery) =>
    post(parts, `/jobs/${id}/release`, { delay_ms: 60_000, delivery }),
};

const manyEnds: Readonly<Record<string, End>> = {
  "success of many": (parts, id, delivery) =>
    post(parts, "/jobs/success", { ids: [id], ...delivery && { deliveries: [delivery] } }),
  "release of many": (parts, id, delivery) =>
    post(parts, "/jobs/release", { ids: [id], ...delivery && { deliveries: [delivery] } }),
};

const lookAt = async ({ client }: TestBroker, id: string) => {
  const found = await client.get(id).catch(() => undefined);
  return found && [found.status, found.attempts, found.deliveries];
};

describe("a report that names its delivery", () => {
  for (const [name, end] of Object.entries({ ...ends, ...manyEnds })) {
    it(`ends that run: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 2);
        const { status } = await end(parts, id, 2);
        assert.ok(status === 200 || status === 204, `${status}`);
        // What is released is delivered again: the stream is still open.
        assert.notDeepEqual(await lookAt(parts, id), ["in_flight", 0, 2]);
      }));

    it(`changes nothing of another run: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 2);
        for (const delivery of [1, 3]) {
          const { status, body } = await end(parts, id, delivery);
          if (name in ends) {
            assert.equal(status, 409);
            assert.match(
              body.error,
              new RegExp(
                `^delivery ${delivery} is not in flight: the job is in_flight, delivered 2`,
              ),
            );
          } else {
            assert.equal(status, 422);
            assert.deepEqual(body, { not_found: [id], stale: [id] });
          }
        }
        assert.deepEqual(await lookAt(parts, id), ["in_flight", 0, 2]);
        assert.equal((await send(parts.broker, "GET", `/jobs/${id}/errors`)).body.errors.length, 0);
      }));

    it(`is answered as the first time when it is repeated: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 1, { backoff: noBackoff });
        const first = await end(parts, id, 1);
        assert.deepEqual(await end(parts, id, 1), first);
        // Also while the next run is under way, of which it must change nothing.
        await parts.clock.advance(70_000);
        const next = await parts.take();
        await parts.clock.settle();
        const now = await lookAt(parts, id);
        assert.deepEqual(await end(parts, id, 1), first);
        assert.deepEqual(await lookAt(parts, id), now);
        const attempts = now?.[1] ?? 0;
        const { body } = await send(parts.broker, "GET", `/jobs/${id}/errors`);
        if (now !== undefined) assert.equal(body.errors.length, attempts);
        await next.close();
      }));

    it(`is answered alike when it comes twice at once: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 1);
        const [one, two] = await Promise.all([end(parts, id, 1), end(parts, id, 1)]);
        assert.deepEqual(one, two);
      }));

    it(`is not taken for the repetition of another kind of report: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 1, { retention: { completedMs: 1000, deadMs: 1000 } });
        await end(parts, id, 1);
        const others = Object.entries(ends).filter(([other]) =>
          other.split(" ")[0] !== name.split(" ")[0]
        );
        for (const [, other] of others) {
          const { status } = await other(parts, id, 1);
          assert.equal(status, 409);
        }
      }));
  }

  it("is answered as the first time when another run of the job has failed since", () =>
    withBroker(async (parts) => {
      const id = await deliver(parts, 1, { backoff: noBackoff });
      const first = await ends["failure"]!(parts, id, 1);
      await parts.clock.advance(2000);
      const second = await ends["failure"]!(parts, id, 2);
      assert.equal(second.body.attempts, 2);
      assert.deepEqual(await ends["failure"]!(parts, id, 1), first);
      assert.deepEqual(await ends["failure"]!(parts, id, 2), second);
    }));

  it("is answered 404 when there is no such job", () =>
    withBroker(async (parts) => {
      for (const end of Object.values(ends)) {
        const { status, body } = await end(parts, "0".repeat(25), 1);
        assert.deepEqual([status, body.error], [404, "job not found in in-flight set"]);
      }
      const { status, body } = await manyEnds["success of many"]!(parts, "0".repeat(25), 1);
      assert.deepEqual([status, body], [422, { not_found: ["0".repeat(25)] }]);
    }));

  it("is refused when its delivery is no number", () =>
    withBroker(async (parts) => {
      const id = await deliver(parts, 1);
      for (const bad of ["", "x", "-1", "1.5"]) {
        const { status, body } = await post(parts, `/jobs/${id}/success?delivery=${bad}`);
        assert.equal(status, 400);
        assert.match(body.error, /'delivery' must be an integer from 0 to 4294967295, got "/);
      }
      for (const bad of ["x", -1, 1.5]) {
        const { status, body } = await post(parts, `/jobs/${id}/failure`, {
          message: "m",
          delivery: bad,
        });
        assert.equal(status, 400);
        assert.match(body.error, /delivery: expected an integer from 0 to 4294967295, got/);
      }
      const { status, body } = await post(parts, "/jobs/success", {
        ids: [id],
        deliveries: [1, 2],
      });
      assert.equal(status, 400);
      assert.equal(body.error, "deliveries: expected one for each of the 1 ids, got 2");
      assert.deepEqual(await lookAt(parts, id), ["in_flight", 0, 1]);
    }));

  it("names one for each id, also in a large body", () =>
    withBroker(async (parts) => {
      const first = await deliver(parts, 2);
      const other = await deliver({ ...parts }, 1);
      const made = Array.from({ length: 30_000 }, (_, at) => `${at}`.padStart(25, "0"));
      const ids = [...made, first, other];
      const deliveries = ids.map(() => 1);
      const { status, body } = await post(parts, "/jobs/success", { ids, deliveries });
      assert.equal(status, 422);
      assert.deepEqual(body.stale, [first]);
      assert.equal(body.not_found.length, made.length + 1);
      assert.equal(await lookAt(parts, other), undefined);
    }, { streamInFlightPercent: 100 }));
});

describe("a report that names no delivery", () => {
  for (const [name, end] of Object.entries({ ...ends, ...manyEnds })) {
    it(`ends whichever run is in flight: ${name}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 2);
        const { status } = await end(parts, id);
        assert.ok(status === 200 || status === 204, `${status}`);
        if (name === "release" || name === "release of many") return;
        // As any client of the protocol has it: the second time there is nothing in flight.
        assert.equal((await end(parts, id)).status, name in ends ? 404 : 422);
      }));
  }
});

describe("a released job", () => {
  it("goes to somebody else at once: no attempt, no record", () =>
    withBroker(async (parts) => {
      const id = await deliver(parts, 1);
      const other = await parts.take();
      const { status, body } = await post(parts, `/jobs/${id}/release`);
      assert.deepEqual([status, body.status, body.attempts], [200, "ready", 0]);
      await parts.clock.settle();
      // Its former stream has room again as well.
      assert.deepEqual(await lookAt(parts, id), ["in_flight", 0, 2]);
      await other.close();
    }));

  const now = createTestClock().now();
  for (
    const [time, due] of [
      [{ delay_ms: 5000 }, now + 5000],
      [{ ready_at: now + 7000 }, now + 7000],
      [{ delay_ms: 3000, ready_at: now + 7000 }, now + 3000],
      [{ delay_ms: 2 ** 53 - 1 }, 8.64e15],
      [{ delay_ms: 0 }, now],
      [{ ready_at: now - 1 }, now - 1],
    ] as const
  ) {
    it(`comes at its time, by the clock of the broker: ${JSON.stringify(time)}`, () =>
      withBroker(async (parts) => {
        const id = await deliver(parts, 1);
        const { status, body } = await post(parts, `/jobs/${id}/release`, time);
        const wanted = due > now ? "scheduled" : "ready";
        assert.deepEqual([status, body.status, body.ready_at], [200, wanted, due]);
      }));
  }

  it("needs a time that is one", () =>
    withBroker(async (parts) => {
      const id = await deliver(parts, 1);
      for (const time of [{ delay_ms: -1 }, { delay_ms: "5" }, { ready_at: 1.5 }]) {
        const { status, body } = await post(parts, `/jobs/${id}/release`, time);
        assert.equal(status, 400);
        assert.match(body.error, /^invalid JSON: (delay_ms|ready_at): expected an integer from 0/);
      }
      assert.equal((await post(parts, "/jobs/release", { ids: [] })).status, 400);
      assert.deepEqual(await lookAt(parts, id), ["in_flight", 0, 1]);
    }));

  for (const format of ["json", "msgpack"] as const) {
    it(`is given back by a client that speaks ${format}`, () =>
      withBroker(async ({ broker, clock, take }) => {
        const client = createClient({ fetch: broker.fetch, format: formats[format], clock });
        await client.enqueueMany([job(), job(), job()]);
        const { jobs } = await take({ prefetch: 3 });
        await clock.settle();
        const released = await client.release(jobs[0]!, { delayMs: 1000 });
        assert.deepEqual([released.status, released.readyAt], ["scheduled", clock.now() + 1000]);
        const readyAt = clock.now() + 9;
        assert.deepEqual(await client.releaseMany(jobs.slice(1), { readyAt }), { notFound: [] });
        assert.equal(await client.count({ status: "scheduled" }), 3);
        const ids = jobs.map(({ id }) => id);
        assert.deepEqual(await client.releaseMany(ids), { notFound: ids });
        await assert.rejects(client.release(ids[0]!), { code: "not_found" });
      }));
  }
});

describe("a delay", () => {
  it("of an enqueue counts by the clock of the broker, and before an instant", () =>
    withBroker(async ({ broker, clock }) => {
      const body = { type: "t", queue: "q", payload: 1, delay_ms: 5000, ready_at: 1 };
      const one = await send(broker, "POST", "/jobs", body);
      assert.deepEqual([one.body.status, one.body.ready_at], ["scheduled", clock.now() + 5000]);
      const many = await send(broker, "POST", "/jobs/bulk", { jobs: [body] });
      assert.equal(many.body.jobs[0].ready_at, clock.now() + 5000);
      const bad = await send(broker, "POST", "/jobs", { ...body, delay_ms: 1.5 });
      assert.equal(bad.status, 400);
    }));

  it("of a client whose clock is wrong is kept all the same", () =>
    withBroker(async ({ broker, clock }) => {
      for (const offMs of [-3_600_000, 3_600_000]) {
        for (const format of ["json", "msgpack"] as const) {
          const wrong = createTestClock(clock.now() + offMs);
          const client = createClient({
            fetch: broker.fetch,
            clock: wrong,
            format: formats[format],
          });
          const { readyAt } = await client.enqueue({ ...job(), delayMs: 1_800_000 });
          assert.equal(readyAt - clock.now(), 1_800_000);
          const [other] = await client.enqueueMany([{ ...job(), delayMs: 5 }]);
          assert.equal(other!.readyAt - clock.now(), 5);
        }
      }
    }));

  it("of a failure is the time of the next try", () =>
    withBroker(async (parts) => {
      const id = await deliver(parts, 1, { retryLimit: 0 });
      const { body } = await post(parts, `/jobs/${id}/failure`, {
        message: "m",
        delay_ms: 9000,
        retry_at: 1,
      });
      assert.deepEqual([body.status, body.ready_at], ["scheduled", parts.clock.now() + 9000]);
    }));
});

describe("reports after a restart", () => {
  it("that repeat one from before change nothing", async () => {
    const database = openSqlite(":memory:");
    const clock = createTestClock();
    const start = () => createBroker({ store: { ...database, close() {} }, clock });
    const first = start();
    const client = createClient({ fetch: first.fetch });
    const { id } = await client.enqueue(job({ backoff: noBackoff }));
    const stream = await client.take();
    const { value: taken } = await stream[Symbol.asyncIterator]().next();
    await client.failure(taken!, { message: "first" });
    await first.close();
    const second = start();
    const again = createClient({ fetch: second.fetch });
    await clock.advance(1000);
    const other = await again.take();
    const { value: next } = await other[Symbol.asyncIterator]().next();
    assert.equal(next!.deliveries, 2);
    await assert.rejects(again.failure(taken!, { message: "first" }), { status: 409 });
    const { status, attempts } = await again.get(id);
    assert.deepEqual([status, attempts], ["in_flight", 1]);
    await other.close();
    await second.close();
    database.close();
  });
});
