/** Who serves a queue: docs/protocol.md, section 13.7. Runs also on three brokers that share a PostgreSQL. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createInsight, createLeases, defineJob } from "../../src/client/mod.ts";
import { createWorker, handle } from "../../src/worker/mod.ts";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";

const servingOf = async ({ broker }: Pick<TestBroker, "broker">, path: string) => {
  const { since, ...serving } = (await send(broker, "GET", path)).body;
  assert.equal(typeof since, "number");
  return serving;
};

const nobody = {
  queue: "q",
  streams: 0,
  resting: 0,
  untyped: 0,
  asked_at: null,
  complete: true,
};

const run = (id: string, about?: string) => ({ id: `run-${id}-00`, withinMs: 60_000, about });

describe("GET /queues/{queue}/serving", () => {
  it("counts streams that read the queue, while they are open", () =>
    withBroker(async (parts) => {
      assert.deepEqual(await servingOf(parts, "/queues/q/serving"), nobody);
      const named = await parts.take({ queues: ["p", "q"] });
      await parts.take();
      await parts.take({ queues: ["other"] });
      const both = { ...nobody, streams: 2, untyped: 2 };
      assert.deepEqual(await servingOf(parts, "/queues/q/serving"), both);
      await named.close();
      await parts.clock.settle();
      const one = { ...nobody, streams: 1, untyped: 1 };
      assert.deepEqual(await servingOf(parts, "/queues/q/serving"), one);
    }));

  it("tells who runs a type, of workers that say so", () =>
    withBroker(async (parts) => {
      const insight = createInsight({ fetch: parts.broker.fetch });
      await parts.take({ run: run("first", "type=a&type=b") });
      await parts.take({ run: run("second", "type=b"), queues: ["q"] });
      const ofType = async (type: string) => (await insight.serving("q", { type })).ofType;
      assert.deepEqual([await ofType("a"), await ofType("b"), await ofType("c")], [1, 2, 0]);
      const { untyped, streams } = await insight.serving("q");
      assert.deepEqual([untyped, streams], [0, 2]);
      await parts.take({ workerId: "foreign" });
      assert.equal((await insight.serving("q")).untyped, 1);
    }));

  it("counts those apart that take nothing now", () =>
    withBroker(async (parts) => {
      const stream = await parts.client.take({ run: run("tired") });
      const frames = stream.frames()[Symbol.asyncIterator]();
      await frames.next();
      await stream.tell({ taking: false, holds: [] });
      const resting = { ...nobody, resting: 1 };
      assert.deepEqual(await servingOf(parts, "/queues/q/serving"), resting);
      await stream.close();
    }));

  it("tells when a worker without a stream asked last", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const leases = createLeases({ fetch: broker.fetch });
      const askedAt = clock.now();
      await leases.take({ queues: ["q"] });
      await clock.advance(5000);
      const asked = { ...nobody, asked_at: askedAt };
      assert.deepEqual(await servingOf(parts, "/queues/q/serving"), asked);
      assert.equal((await servingOf(parts, "/queues/p/serving")).asked_at, null);
      await leases.take();
      const again = { ...nobody, queue: "p", asked_at: clock.now() };
      assert.deepEqual(await servingOf(parts, "/queues/p/serving"), again);
    }));

  it("keeps no long lists of queues of who asked without a stream", () =>
    withBroker(async (parts) => {
      const { broker, clock } = parts;
      const leases = createLeases({ fetch: broker.fetch });
      const queues = Array.from({ length: 1000 }, (_, at) => `queue-${at}`);
      await leases.take({ queues });
      const askedAt = clock.now();
      const asked = { ...nobody, queue: "other", asked_at: askedAt };
      // It may have asked for any queue, as far as is known.
      assert.deepEqual(await servingOf(parts, "/queues/other/serving"), asked);
      const waiting = leases.take({ queues, waitMs: 30_000 });
      await clock.advance(5000);
      const again = { ...nobody, queue: "other", asked_at: askedAt + 5000 };
      assert.deepEqual(await servingOf(parts, "/queues/other/serving"), again);
      await clock.advance(30_000);
      assert.deepEqual(await waiting, []);
    }));

  it("knows of many that ask only when the last one did that is not known", () =>
    withBroker(async (parts) => {
      const leases = createLeases({ fetch: parts.broker.fetch });
      const firstAt = parts.clock.now();
      await leases.take({ queues: ["first"] });
      await parts.clock.advance(1000);
      for (let at = 0; at < 1000; at++) await leases.take({ queues: [`queue-${at}`] });
      // Perhaps for this one too: whoever is forgotten may have asked for anything.
      const { asked_at: askedAt } = await servingOf(parts, "/queues/nobody/serving");
      assert.equal(askedAt, firstAt);
    }, { store: openSqlite(":memory:") }));

  it("is told by our worker, unless it has a fallback", () =>
    withBroker(async (parts) => {
      const { client } = parts;
      const mail = defineJob({ type: "mail send", queue: "q" });
      const typed = createWorker({ client, handlers: [handle(mail, () => {})], logger: false });
      await typed.start();
      const ask = () => servingOf(parts, "/queues/q/serving?type=mail%20send");
      assert.deepEqual(await ask(), { ...nobody, streams: 1, of_type: 1 });
      const other = await servingOf(parts, "/queues/q/serving?type=report");
      assert.deepEqual(other, { ...nobody, streams: 1, of_type: 0 });
      const any = createWorker({ client, queues: ["q"], fallback: () => {}, logger: false });
      await any.start();
      assert.deepEqual(await ask(), { ...nobody, streams: 2, untyped: 1, of_type: 1 });
      await Promise.all([typed.stop(), any.stop()]);
      assert.deepEqual(await ask(), { ...nobody, of_type: 0 });
    }));

  it("is refused with a parameter that it does not have", () =>
    withBroker(async ({ broker }) => {
      const { status, body } = await send(broker, "GET", "/queues/q/serving?typ=a");
      assert.equal(status, 400);
      assert.match(body.error, /unknown parameter "typ"/);
    }));

  it("is what metrics count, for each queue with jobs", () =>
    withBroker(async (parts) => {
      const { broker, client, clock } = parts;
      await client.enqueueMany([job({ queue: "idle" }), job({ queue: "p" }), job({ queue: "q" })]);
      await parts.take({ queues: ["q", "p"], prefetch: 1 });
      await parts.take({ queues: ["q"], prefetch: 1 });
      await createLeases({ fetch: broker.fetch }).take({ queues: ["none"] });
      const read = async () => {
        const answer = await broker.fetch(new Request("http://localhost/metrics"));
        return (await answer.text()).split("\n").filter((line) => /queue_readers\{/.test(line));
      };
      const lines = [
        'millrace_queue_readers{queue="idle"} 0',
        'millrace_queue_readers{queue="p"} 1',
        'millrace_queue_readers{queue="q"} 2',
      ];
      assert.deepEqual(await read(), lines);
      const leases = createLeases({ fetch: broker.fetch });
      const [taken] = await leases.take({ queues: ["idle"] });
      assert.equal(taken?.queue, "idle");
      assert.equal((await read())[0], 'millrace_queue_readers{queue="idle"} 1');
      await clock.advance(121_000);
      assert.equal((await read())[0], 'millrace_queue_readers{queue="idle"} 0');
    }));
});
