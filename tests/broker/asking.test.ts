/** What a broker asks workers that answer, and what it does about what they say. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { send } from "../support/send.ts";
import { connect, decoders, run, tell } from "./worker-stream.ts";

const enqueue = ({ client }: TestBroker, count: number) =>
  client.enqueueMany(Array.from({ length: count }, () => job()));

const inFlight = ({ client }: TestBroker) => client.count({ status: "in_flight" });

describe("a worker that names its run", () => {
  for (const accept of Object.keys(decoders) as (keyof typeof decoders)[]) {
    it(`is asked at once, and again and again: ${accept}`, () =>
      withBroker(async (parts) => {
        const stream = await connect(parts.broker, { accept });
        await parts.clock.settle();
        assert.deepEqual(stream.frames, [{ control: "ask", number: 1, within_ms: 60_000 }]);
        for (let number = 2; number < 20; number++) {
          assert.equal((await tell(parts, { heard: number - 1 })).status, 200);
          await parts.clock.advance(15_000);
          assert.equal(stream.asks.at(-1), number);
        }
        assert.equal(stream.isEnded, false);
        await stream.close();
      }));
  }

  it("loses its jobs to others when it does not answer within its time", () => {
    const { logger, errors } = createRecordingLogger();
    return withBroker(async (parts) => {
      const { broker, clock } = parts;
      const silent = await connect(broker, { prefetch: 2 });
      await enqueue(parts, 3);
      await clock.settle();
      await tell(parts, { heard: 1, holds: silent.jobs });
      const other = await connect(broker, { headers: { "millrace-extensions": "1" } });
      await clock.advance(59_999);
      assert.deepEqual([silent.isEnded, other.jobs.length], [false, 1]);
      await clock.advance(1);
      assert.deepEqual([silent.isEnded, other.jobs.length], [true, 3]);
      assert.deepEqual(other.jobs.map(({ delivery }) => delivery), [1, 2, 2]);
      assert.ok(errors.some((warning) => warning.startsWith("A worker does not answer")));
      // What it says when it wakes up is too late, and its late reports are stale.
      assert.equal((await tell(parts, { heard: 4, holds: silent.jobs })).status, 404);
      const { id, delivery } = silent.jobs[0]!;
      const late = await send(broker, "POST", `/jobs/${id}/success?delivery=${delivery}`);
      assert.equal(late.status, 409);
      await other.close();
    }, { logger });
  });

  it("says itself within which time it answers", () =>
    withBroker(async (parts) => {
      const headers = {
        "millrace-extensions": "1",
        "worker-run": run,
        "worker-answers-within": "4000",
      };
      const stream = await connect(parts.broker, { headers });
      await parts.clock.settle();
      assert.equal(stream.frames[0]!["within_ms"], 4000);
      await parts.clock.advance(3999);
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(1);
      assert.equal(stream.isEnded, true);
      assert.deepEqual(stream.asks, [1, 2, 3, 4]);
    }));

  it("is not taken for dead when the broker itself was stopped", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      await tell(parts, { heard: 1 });
      // The process was stopped for an hour: one timer fires late, and the answers come then.
      parts.clock.setNow(parts.clock.now() + 3_600_000);
      await parts.clock.advance(15_000);
      await tell(parts, { heard: 2 });
      await parts.clock.advance(45_000);
      assert.equal(stream.isEnded, false);
      await stream.close();
    }));

  it("has its former stream ended, and the jobs of that go on at once", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await enqueue(parts, 4);
      await parts.clock.settle();
      assert.equal(former.jobs.length, 4);
      const present = await connect(parts.broker);
      await parts.clock.settle();
      assert.deepEqual([former.isEnded, present.isEnded], [true, false]);
      assert.deepEqual(present.jobs.map(({ delivery }) => delivery), [2, 2, 2, 2]);
      // The former stream is closed late: that ends nothing of the present one.
      await former.close();
      await parts.clock.settle();
      assert.equal((await tell(parts, { heard: 1, holds: present.jobs })).status, 200);
      assert.equal(await inFlight(parts), 4);
      await present.close();
    }));

  it("keeps what comes on its next stream before it knows of that", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      const present = await connect(parts.broker);
      await parts.clock.settle();
      assert.deepEqual(present.jobs, [{ ...former.jobs[0]!, delivery: 2 }]);
      // The answer may overtake the frame with the second delivery.
      const { body } = await tell(parts, { heard: 1, holds: former.jobs });
      assert.deepEqual(body, { gone: [] });
      assert.equal(await inFlight(parts), 1);
      await present.close();
    }));

  it("loses nothing by a late answer to a question of its former stream", () =>
    withBroker(async (parts) => {
      const former = await connect(parts.broker);
      await tell(parts, { heard: 1 });
      await parts.clock.advance(15_000);
      assert.deepEqual(former.asks, [1, 2]);
      const present = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      await tell(parts, { heard: 2 });
      await parts.clock.settle();
      assert.deepEqual(present.jobs.map(({ delivery }) => delivery), [1]);
      await present.close();
    }));

  it("gets nothing more when it stops taking, and keeps what it has", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const leaving = await connect(broker, { prefetch: 3 });
      await enqueue(parts, 3);
      await clock.settle();
      const [kept, ...waiting] = leaving.jobs;
      assert.equal(waiting.length, 2);
      const { status, body } = await tell(parts, { taking: false, holds: [kept!] });
      assert.deepEqual([status, body], [200, { gone: [] }]);
      await enqueue(parts, 2);
      const other = await connect(broker, { headers: {} });
      await clock.settle();
      assert.equal(leaving.jobs.length, 3);
      assert.equal(other.jobs.length, 4);
      assert.equal((await parts.client.get(kept!.id)).deliveries, 1);
      await parts.client.success(kept!.id);
      await clock.settle();
      assert.equal(leaving.jobs.length, 3);
      // It may take again.
      await other.close();
      await tell(parts, { taking: true });
      await clock.settle();
      assert.equal(leaving.jobs.length, 6);
      await leaving.close();
    }));

  it("gets nothing that is being taken for it while it stops", () =>
    withBroker(async (parts) => {
      const leaving = await connect(parts.broker);
      await parts.clock.settle();
      await Promise.all([enqueue(parts, 5), tell(parts, { taking: false })]);
      await parts.clock.settle();
      assert.equal(await inFlight(parts), 0);
      await leaving.close();
    }));

  it("gives back what it does not know of, if it was sent before the question", () =>
    withBroker(async (parts) => {
      const { clock } = parts;
      const stream = await connect(parts.broker, { prefetch: 5 });
      await enqueue(parts, 3);
      await clock.settle();
      // The first question came before the jobs: nothing can be said of them yet.
      await tell(parts, { heard: 1 });
      await clock.settle();
      assert.equal(stream.jobs.length, 3);
      await clock.advance(15_000);
      const [one, two, three] = stream.jobs;
      const wrong = { ...two!, delivery: 7 };
      await tell(parts, { heard: 2, holds: [one!, wrong] });
      await clock.settle();
      // They come again, here, as nobody else reads: uncharged.
      const again = stream.jobs.slice(3);
      assert.deepEqual(again, [{ ...two!, delivery: 2 }, { ...three!, delivery: 2 }]);
      assert.equal((await parts.client.get(two!.id)).attempts, 0);
      await stream.close();
    }));

  it("that always forgets a job does not get it for ever", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const { id } = await parts.client.enqueue(job({ retryLimit: 0 }));
      for (let number = 1; number <= 9; number++) {
        await parts.clock.settle();
        await tell(parts, { heard: stream.asks.at(-1) });
        await parts.clock.advance(15_000);
      }
      const { status, deliveries } = await parts.client.get(id);
      assert.deepEqual([status, deliveries], ["dead", 4]);
      await stream.close();
    }, { maxDeliveries: 3 }));

  it("is told what is not its any more", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      const stream = await connect(broker, { prefetch: 5 });
      await enqueue(parts, 5);
      await clock.settle();
      const [deleted, killed, moved, released, kept] = stream.jobs;
      await client.delete(deleted!.id);
      await client.failure(killed!.id, { message: "by somebody else", kill: true });
      await client.release(moved!.id, { delayMs: 60_000 });
      await tell(parts, { taking: false, holds: stream.jobs });
      await client.release(released!.id);
      const { body } = await tell(parts, { taking: false, holds: stream.jobs });
      // What is ready may come back; nobody else has it.
      assert.deepEqual(body.gone.sort(), [deleted, killed, moved].map((held) => held!.id).sort());
      const other = await connect(broker, { headers: {} });
      await clock.settle();
      const later = await tell(parts, { taking: false, holds: [released!, kept!] });
      assert.deepEqual(later.body.gone, [released!.id]);
      await other.close();
      await stream.close();
    }));

  it("is looked up by ids of any form", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const holds = ["x", "", "0".repeat(25), "é"].map((id) => ({ id, delivery: 1 }));
      const { status, body } = await tell(parts, { holds });
      assert.deepEqual([status, body.gone.length], [200, 4]);
      await stream.close();
    }));
});
