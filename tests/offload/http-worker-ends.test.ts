/**
 * How a worker of requests ends, and what becomes of requests whose worker is lost.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, createLeases } from "../../src/client/mod.ts";
import { type HttpBench, withHttp } from "../support/http.ts";

const address = "https://api.example/v1?key=1";

describe("the end of a worker of requests", () => {
  it("waits for requests that are under way", () =>
    withHttp(async ({ http, worker, asked, told, client, clock, stops }) => {
      await worker.start();
      await http.get(address);
      await clock.settle();
      const stopping = worker.stop({ timeoutMs: 10_000 });
      assert.equal(worker.state, "stopping");
      await clock.advance(1000);
      await asked[0]!.answer("late");
      await clock.advance(0);
      await stopping;
      assert.deepEqual(stops, [{ completed: 1, released: 0, failedToRelease: 0 }]);
      assert.equal(worker.state, "stopped");
      assert.equal(await client.count({ queue: "http" }), 0);
      // The callback waits for another worker, or was run before the stop.
      assert.equal(told.length + await client.count({ queue: "http-callbacks" }), 1);
    }));

  it("gives back what is not done at the deadline, once and uncharged", () =>
    withHttp(async ({ http, worker, asked, told, client, clock, another, stops }) => {
      const ends: string[] = [];
      worker.on("requestEnd", ({ outcome }) => ends.push(outcome));
      await worker.start();
      const ids = [await http.get(address), await http.get(address), await http.get(address)];
      await clock.settle();
      const stopping = worker.stop({ timeoutMs: 5000 });
      await asked[0]!.answer();
      await clock.advance(5000);
      await stopping;
      assert.deepEqual(stops, [{ completed: 1, released: 2, failedToRelease: 0 }]);
      assert.deepEqual(ends, ["response", "released", "released"]);
      for (const id of ids.slice(1)) {
        const { status, attempts } = await client.get(id);
        assert.deepEqual([status, attempts], ["ready", 0]);
      }
      const next = another();
      await next.start();
      await clock.settle();
      assert.equal(asked.length, 5);
      await asked[3]!.answer();
      await asked[4]!.answer();
      assert.deepEqual(told.map(({ requestId }) => requestId).sort(), [...ids].sort());
    }));

  it("has no time, if it is given none; and a second call may take some away", () =>
    withHttp(async ({ http, worker, asked, clock, stops }) => {
      await worker.start();
      await http.get(address, { timeout: "1h" });
      await clock.settle();
      const first = worker.stop({ timeoutMs: Infinity });
      await clock.advance(100_000);
      assert.equal(asked[0]!.signal.aborted, false);
      const second = worker.stop({ timeoutMs: 0 });
      await clock.advance(0);
      assert.equal(asked[0]!.signal.aborted, true);
      await Promise.all([first, second]);
      assert.deepEqual(stops, [{ completed: 0, released: 1, failedToRelease: 0 }]);
    }));

  it("does not fail when what is not done cannot be given back", () => {
    let isDown = false;
    return withHttp(async ({ http, asked, lines, clock, another, broker, stops }) => {
      const fetch = (request: Request) =>
        isDown ? Promise.reject(new TypeError("down")) : broker.fetch(request);
      const worker = another({
        client: createClient({ fetch, clock, retry: { limit: 0 } }),
        leases: createLeases({ fetch, clock, retry: { limit: 0 } }),
      });
      await worker.start();
      await http.get(address);
      await clock.settle();
      assert.equal(asked.length, 1);
      isDown = true;
      const stopping = worker.stop({ timeoutMs: 1000 });
      await clock.advance(5000);
      await stopping;
      assert.deepEqual(stops, [{ completed: 0, released: 1, failedToRelease: 1 }]);
      assert.ok(lines.some((line) => line.startsWith("Requests could not be given back")));
    });
  });

  it("drains: takes no more, and goes on with the rest", () =>
    withHttp(async ({ http, worker, asked, told, clock }) => {
      worker.drain();
      assert.equal(worker.state, "idle");
      await worker.start();
      assert.equal(worker.state, "running");
      await http.get(address);
      await clock.settle();
      worker.drain();
      assert.equal(worker.state, "draining");
      await worker.start();
      assert.equal(worker.state, "draining");
      await http.get(address);
      await clock.advance(1000);
      assert.equal(asked.length, 1);
      await asked[0]!.answer();
      assert.equal(told.length, 1);
    }));

  it("may come before the start, and is for good", () =>
    withHttp(async ({ worker }) => {
      assert.equal(worker.state, "idle");
      await worker.stop();
      assert.equal(worker.state, "stopped");
      await assert.rejects(worker.start(), {
        message: "Cannot start a stopped worker: create a new one",
      });
      await assert.rejects(worker.stop({ timeoutMs: -1 }), { name: "RangeError" });
    }));
});

describe("a lost worker of requests", () => {
  /** Takes the request as a worker does that is never heard of again. */
  const lose = async ({ broker, clock }: HttpBench, id: string) => {
    const leases = createLeases({ fetch: broker.fetch, clock });
    const [job] = await leases.take({ queues: ["http"], leaseMs: 1000 });
    assert.equal(job?.id, id);
    await clock.advance(12_000); // Its lease, and the grace.
  };

  it("has its requests sent again", () =>
    withHttp(async (bench) => {
      const { http, worker, asked, told, clock } = bench;
      const id = await http.get(address);
      await lose(bench, id);
      const recovered: number[] = [];
      worker.on("recovered", ({ losses }) => recovered.push(losses));
      await worker.start();
      await clock.settle();
      assert.deepEqual(recovered, [1]);
      await asked[0]!.answer("there");
      assert.equal(told[0]!.result?.text(), "there");
    }));

  it("has them given up, if that goes on", () =>
    withHttp(async (bench) => {
      const { http, worker, asked, told, clock } = bench;
      const id = await http.get(address, { callbackArgs: { n: 1 } });
      for (let losses = 0; losses < 3; losses++) await lose(bench, id);
      await worker.start();
      await clock.settle();
      assert.equal(asked.length, 0);
      assert.deepEqual(told.map(({ failure, args }) => [failure?.kind, failure?.message, args]), [
        ["lost", "The workers that sent it were lost, 3 times", { n: 1 }],
      ]);
    }, { maxRecoveries: 2 }));

  it("does not hand over what another worker is at", () =>
    withHttp(async ({ http, worker, asked, told, client, clock, broker, another }) => {
      await worker.start();
      const id = await http.get(address);
      await clock.settle();
      await createLeases({ fetch: broker.fetch, clock }).timeout(id);
      const ends: string[] = [];
      worker.on("requestEnd", ({ outcome }) => ends.push(outcome));
      const stopping = worker.stop({ timeoutMs: 100_000 });
      await clock.advance(30_000); // The heartbeat says so.
      assert.deepEqual(ends, ["lost"]);
      await stopping;
      assert.equal((await client.get(id)).status, "ready");
      await another().start();
      await clock.settle();
      await asked[1]!.answer();
      assert.equal(told.length, 1);
    }));
});

describe("a worker of requests without leases", () => {
  it("gives back what is not done, and hands over what is", () =>
    withHttp(async ({ http, worker, asked, told, client, clock, stops }) => {
      await worker.start();
      const ids = [await http.get(address), await http.get(address)];
      await clock.settle();
      await asked[0]!.answer();
      assert.equal(told.length, 1);
      const stopping = worker.stop({ timeoutMs: 1000 });
      await clock.advance(1000);
      await stopping;
      assert.deepEqual(stops, [{ completed: 0, released: 1, failedToRelease: 0 }]);
      const { status, attempts } = await client.get(ids[1]!);
      assert.deepEqual([status, attempts], ["ready", 0]);
    }, { leases: undefined }));

  it("works at a server that is none of Millrace, also when it stops", () =>
    withHttp(async ({ http, asked, told, client, clock, broker, another }) => {
      const fetch = (request: Request) => {
        const headers = new Headers(request.headers);
        headers.delete("millrace-extensions");
        return broker.fetch(new Request(request, { headers }));
      };
      const worker = another({
        client: createClient({ fetch, clock, retry: { limit: 0 } }),
        leases: undefined,
      });
      await worker.start();
      const ids = [await http.get(address), await http.get(address, { retry: 1, timeout: "1h" })];
      await clock.settle();
      await asked[0]!.answer("there");
      assert.equal(told[0]!.result?.text(), "there");
      await asked[1]!.answer("", { status: 503 });
      await clock.advance(2000);
      assert.equal(asked.length, 3);
      const stopping = worker.stop({ timeoutMs: 1000 });
      await clock.advance(5000);
      await stopping;
      assert.equal(asked[2]!.signal.aborted, true);
      const { status, attempts } = await client.get(ids[1]!);
      assert.deepEqual([status, attempts], ["ready", 1]);
    }));
});
