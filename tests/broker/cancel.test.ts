/** Cancelling jobs over the wire: docs/protocol.md, sections 18.1 and 18.2. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createEvents, createInsight, type JobEvent } from "../../src/client/mod.ts";
import { msgpack } from "../../src/client/msgpack.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { type Answer, send } from "../support/send.ts";
import { connect, decoders } from "./worker-stream.ts";

const kept = { retention: { completedMs: 60_000 } };

const cancel = ({ broker }: Pick<TestBroker, "broker">, id: string, body?: unknown) =>
  send(broker, "POST", `/jobs/${id}/cancel`, body);

/** A job that somebody has under a lease. */
async function taken({ broker, client }: TestBroker, leaseMs = 30_000) {
  const { id } = await client.enqueue(job(kept));
  const { body } = await send(broker, "POST", "/jobs/take", { lease_ms: leaseMs, worker: "w" });
  assert.equal(body.jobs[0].id, id);
  return { id, token: body.jobs[0].lease_token as string };
}

const beat = ({ broker }: TestBroker, { id, token }: { id: string; token: string }) =>
  send(broker, "POST", `/jobs/${id}/heartbeat`, { lease_token: token });

describe("POST /jobs/{id}/cancel", () => {
  it("ends a job that waits, with the reason as its error record", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const { id } = await client.enqueue(job({ uniqueKey: "k" }));
      const { status, body } = await cancel(parts, id, { reason: "ordered twice" });
      assert.equal(status, 200);
      assert.deepEqual([body.outcome, body.job.status, body.job.id], ["cancelled", "dead", id]);
      const error = await client.error(id, 1);
      assert.deepEqual([error.message, error.errorType], ["ordered twice", "Cancelled"]);
      assert.equal((await client.enqueue(job({ uniqueKey: "k" }))).duplicate, false);
      const again = await cancel(parts, id);
      assert.deepEqual([again.status, again.body.outcome], [200, "cancelled"]);
    }));

  it("says of a finished job that it is, and knows no others", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const run = await taken(parts);
      await client.success(run.id);
      const { body } = await cancel(parts, run.id);
      assert.deepEqual([body.outcome, body.job.status], ["finished", "completed"]);
      assert.deepEqual(await cancel(parts, "nobody"), {
        status: 404,
        body: { error: "job not found" },
      });
    }));

  it("refuses what cannot be meant", () =>
    withBroker(async (parts) => {
      const { id } = await parts.client.enqueue(job());
      const bodies = [{ reason: 5 }, { force_after_ms: -1 }, { wait_ms: 60_001 }, {
        reason: "x".repeat(2001),
      }];
      const statuses: number[] = [];
      for (const body of bodies) statuses.push((await cancel(parts, id, body)).status);
      assert.deepEqual(statuses, [400, 400, 422, 422]);
      assert.equal((await parts.client.get(id)).status, "ready");
    }));

  it("tells the holder of a lease by the answers to its heartbeats", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      const run = await taken(parts);
      const { body } = await cancel(parts, run.id, { reason: "too late" });
      assert.deepEqual([body.outcome, body.job.cancel_reason], ["requested", "too late"]);
      assert.equal((await beat(parts, run)).body.cancel_reason, "too late");
      const many = await send(broker, "POST", "/jobs/heartbeat", {
        ids: [run.id],
        lease_tokens: [run.token],
      });
      assert.equal(many.body.jobs[0].cancel_reason, "too late");
      const failed = await client.failure(run.id, { message: "gave up" });
      assert.equal(failed.status, "dead");
      assert.equal((await client.error(run.id, 1)).message, "too late");
      assert.equal((await client.get(run.id)).cancelReason, undefined);
    }));

  for (const accept of Object.keys(decoders) as (keyof typeof decoders)[]) {
    it(`tells a worker that answers by a frame on its ${accept} stream`, () =>
      withBroker(async (parts) => {
        const { broker, client, clock } = parts;
        const stream = await connect(broker, { accept });
        const { id } = await client.enqueue(job());
        await clock.settle();
        await cancel(parts, id, { reason: "ü" });
        await clock.settle();
        assert.deepEqual(stream.frames.at(-1), { control: "cancel", jobs: [{ id, reason: "ü" }] });
        await stream.close();
        await clock.settle();
        assert.equal((await client.get(id)).status, "dead", "it does not run again");
      }));
  }

  it("tells a worker that asked for no control frames nothing at all", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const stream = await connect(broker, { headers: {} });
      const { id } = await client.enqueue(job(kept));
      await clock.settle();
      const before = stream.frames.length;
      await cancel(parts, id, { force_after_ms: 1000 });
      await clock.advance(1000);
      assert.equal((await client.get(id)).status, "dead");
      assert.equal(stream.frames.length, before);
      await stream.close();
    }));

  it("takes the job away when the time is over, and a late report changes nothing", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const stream = await connect(broker);
      const { id } = await client.enqueue(job());
      await clock.settle();
      const { body } = await cancel(parts, id, { reason: "r", force_after_ms: 5000 });
      assert.equal(body.job.cancel_force_at, clock.now() + 5000);
      await clock.advance(4999);
      assert.equal((await client.get(id)).status, "in_flight");
      await clock.advance(1);
      assert.deepEqual(stream.frames.at(-1), { control: "lock_lost", ids: [id] });
      const { status } = await send(broker, "POST", `/jobs/${id}/success?delivery=1`);
      assert.equal(status, 409);
      assert.equal((await send(broker, "POST", `/jobs/${id}/success`)).status, 404);
      const dead = await client.get(id);
      assert.deepEqual([dead.status, dead.attempts], ["dead", 1]);
      assert.equal((await client.error(id, 1)).message, "r");
      await stream.close();
    }));

  it("counts the later reason and the earlier end", () =>
    withBroker(async (parts) => {
      const run = await taken(parts);
      await cancel(parts, run.id, { reason: "a", force_after_ms: 1000 });
      await cancel(parts, run.id, { reason: "b", force_after_ms: 60_000 });
      await parts.clock.advance(1000);
      assert.equal((await parts.client.error(run.id, 1)).message, "b");
    }));

  it("is told as events, in the history and in statistics", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const insight = createInsight({ fetch: broker.fetch });
      const events = createEvents({ fetch: broker.fetch, clock });
      const told: JobEvent[] = [];
      const leaving = new AbortController();
      const listening = (async () => {
        for await (const event of events.listen({ worker: "w", signal: leaving.signal })) {
          if (event.event !== "gap") told.push(event);
        }
      })().catch(() => {});
      await clock.settle();
      const run = await taken(parts);
      await insight.record(run.id, { what: "mine" });
      await cancel(parts, run.id, { force_after_ms: 10 });
      await clock.advance(2000);
      assert.deepEqual(told.map(({ event, worker }) => [event, worker]), [
        ["taken", "w"],
        ["cancel_asked", "w"],
        ["lock_lost", "w"],
        ["cancelled", "w"],
      ]);
      const history: string[] = [];
      for await (const { what } of insight.history(run.id)) history.push(what);
      assert.deepEqual(history, ["mine", "cancel-asked", "cancelled"]);
      const stats = await insight.stats("q");
      assert.deepEqual([stats.cancelled, stats.failures, stats.retries], [1, 0, 0]);
      leaving.abort();
      await listening;
      await client.delete(run.id);
    }));

  it("is shown with the job, and survives another stream of the worker", () =>
    withBroker(async (parts) => {
      const run = await taken(parts);
      await cancel(parts, run.id, { reason: "r" });
      const shown = await parts.client.get(run.id);
      assert.deepEqual([shown.status, shown.cancelReason], ["in_flight", "r"]);
      assert.equal(shown.cancelForceAt, undefined);
    }));
});

describe("waiting for what becomes of a cancelled job", () => {
  const waitFor = async (
    test: (parts: TestBroker & { readonly id: string; token: string }) => Promise<unknown>,
    options: object = {},
  ) => {
    let answer: Answer | undefined;
    await withBroker(async (parts) => {
      const run = await taken(parts);
      const asked = cancel(parts, run.id, { wait_ms: 10_000, ...options })
        .then((answered) => void (answer = answered));
      await parts.clock.settle();
      assert.equal(answer, undefined);
      await test({ ...parts, ...run });
      await parts.clock.settle();
      await asked;
    });
    return [answer!.status, answer!.body.outcome, answer!.body.job.status];
  };

  it("ends when the handler gives up", async () => {
    assert.deepEqual(
      await waitFor(({ client, id }) => client.failure(id, { message: "m" })),
      [200, "cancelled", "dead"],
    );
  });

  it("ends when the run was over first", async () => {
    assert.deepEqual(
      await waitFor(({ client, id }) => client.success(id)),
      [200, "finished", "completed"],
    );
  });

  it("ends when the worker does not answer", async () => {
    assert.deepEqual(await waitFor(({ clock }) => clock.advance(10_000)), [
      200,
      "requested",
      "in_flight",
    ]);
  });

  it("ends when the job is taken from the worker", async () => {
    assert.deepEqual(
      await waitFor(({ clock }) => clock.advance(3000), { force_after_ms: 3000 }),
      [200, "cancelled", "dead"],
    );
  });

  it("ends when somebody puts the job anew, or deletes it", async () => {
    assert.deepEqual(
      await waitFor(({ broker, id }) => send(broker, "POST", `/jobs/${id}/requeue`, {})),
      [200, "finished", "ready"],
    );
    assert.deepEqual(
      await waitFor(({ client, id }) => client.delete(id)),
      [200, "finished", "in_flight"],
    );
  });

  it("ends when the lease is over", async () => {
    assert.deepEqual(
      await waitFor(({ clock }) => clock.advance(9000).then(() => clock.advance(60_000))),
      [200, "requested", "in_flight"],
    );
  });

  it("leaves nothing behind when the caller leaves, and ends with the broker", () =>
    withBroker(async (parts) => {
      const { broker, clock, client } = parts;
      const run = await taken(parts);
      const leaving = new AbortController();
      const left = client.cancel(run.id, { waitMs: 5000, signal: leaving.signal });
      await clock.settle();
      leaving.abort(new Error("left"));
      await assert.rejects(left, /left/);
      const waiting = client.cancel(run.id, { waitMs: 5000 });
      await clock.settle();
      const stopped = broker.stop();
      await clock.settle();
      assert.equal((await waiting).outcome, "requested");
      await stopped;
    }));
});

describe("POST /jobs/cancel", () => {
  it("cancels all that fit a filter", () =>
    withBroker(async (parts) => {
      const { broker, client } = parts;
      const run = await taken(parts);
      const ids: string[] = [];
      for (const queue of ["q", "q", "p"]) ids.push((await client.enqueue(job({ queue }))).id);
      const { status, body } = await send(broker, "POST", "/jobs/cancel?queue=q", { reason: "r" });
      assert.deepEqual([status, body], [200, { cancelled: 2, requested: 1 }]);
      assert.equal((await client.get(run.id)).cancelReason, "r");
      assert.equal(await client.count({ status: "dead" }), 2);
      assert.deepEqual(await client.cancelMany({ id: [ids[2]!] }), { cancelled: 1, requested: 0 });
      await assert.rejects(client.cancelMany({}), TypeError);
      assert.deepEqual(await client.cancelMany({ id: [] }), { cancelled: 0, requested: 0 });
      assert.equal((await send(broker, "POST", "/jobs/cancel?quue=q")).status, 400);
    }));
});

describe("client.cancel()", () => {
  it("fails clearly on another server", async () => {
    for (const [status, error] of [[404, "not found"], [405, "method not allowed"]] as const) {
      const client = createClient({
        fetch: () => Promise.resolve(Response.json({ error }, { status })),
      });
      await assert.rejects(client.cancel("a"), {
        name: "NotFoundError",
        message: /^The server has no endpoint 'POST \/jobs\/\{id\}\/cancel', which a Millrace/,
      });
      await assert.rejects(client.retry("a"), { message: /^The server has no endpoint/ });
      await assert.rejects(client.retryMany({ all: true }), { message: /^The server has no end/ });
    }
  });

  it("works in either format", () =>
    withBroker(async ({ broker, client }) => {
      const packed = createClient({ fetch: (request) => broker.fetch(request), format: msgpack });
      const { id } = await client.enqueue(job());
      const { outcome, job: dead } = await packed.cancel(id, { reason: "r" });
      assert.deepEqual([outcome, dead.status], ["cancelled", "dead"]);
    }));
});
