/** What workers say that is refused, and clients that are never asked. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { job, type TestBroker, withBroker } from "../support/broker.ts";
import { send } from "../support/send.ts";
import { connect, run, tell } from "./worker-stream.ts";

const enqueue = ({ client }: TestBroker, count: number) =>
  client.enqueueMany(Array.from({ length: count }, () => job()));

const inFlight = ({ client }: TestBroker) => client.count({ status: "in_flight" });

describe("what workers say", () => {
  it("is refused when it is not understood, and changes nothing", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await enqueue(parts, 1);
      await parts.clock.settle();
      for (
        const [body, problem] of [
          [{}, /ids: is missing/],
          [{ ids: [] }, /deliveries: is missing/],
          [{ ids: ["a"], deliveries: [] }, /expected as many deliveries as ids/],
          [{ ids: ["a"], deliveries: ["1"] }, /deliveries\[0\]: expected an integer/],
          [{ ids: [], deliveries: [], taking: "no" }, /taking: expected true or false, got "no"/],
          [{ ids: [], deliveries: [], heard: -1 }, /heard: expected an integer/],
          [{ ids: [], deliveries: [], prefetch: 0 }, /prefetch: expected an integer of 1 or more/],
        ] as const
      ) {
        const answer = await send(parts.broker, "PUT", `/workers/${run}`, body);
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, problem);
      }
      assert.equal(await inFlight(parts), 1);
      await stream.close();
    }));

  it("may not be longer than any other call", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      const holds = Array.from({ length: 6 }, (_, at) => ({ id: `${at}`, delivery: 1 }));
      const { status, body } = await tell(parts, { holds });
      assert.deepEqual([status, body.error], [413, "'ids' has more than 5 items"]);
      await stream.close();
    }, { maxItemsPerCall: 5 }));

  it("is a sign of life also when it is refused", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      const holds = Array.from({ length: 6 }, (_, at) => ({ id: `${at}`, delivery: 1 }));
      for (let times = 0; times < 8; times++) {
        const { status } = times % 2 === 0
          ? await tell(parts, { holds })
          : await tell(parts, { taking: 1 });
        assert.equal(status, times % 2 === 0 ? 413 : 400);
        await parts.clock.advance(20_000);
      }
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(60_000);
      assert.equal(stream.isEnded, true);
    }, { maxItemsPerCall: 5 }));

  it("is a sign of life also when too much is at work", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker);
      await parts.clock.settle();
      const body = new ReadableStream({ start() {} });
      const init = { method: "POST", body, duplex: "half" };
      const busy = parts.broker.fetch(new Request("http://broker/jobs", init));
      for (let times = 0; times < 8; times++) {
        assert.equal((await tell(parts, {})).status, 503);
        await parts.clock.advance(20_000);
      }
      assert.equal(stream.isEnded, false);
      await parts.clock.advance(600_000);
      await busy;
    }, { maxCalls: 1, bodyTimeoutMs: 200_000 }));

  it("is not asked for on a stream that nobody reads", () =>
    withBroker(async ({ broker, client, clock }) => {
      await client.enqueue(job({ payload: "x".repeat(300_000) }));
      const headers = { "millrace-extensions": "1", "worker-run": run };
      const response = await broker.fetch(new Request("http://broker/jobs/take", { headers }));
      await clock.advance(60_000);
      const text = await response.text(); // The stream has ended.
      assert.equal(text.split('"control":"ask"').length - 1, 1);
      assert.equal(await client.count({ status: "ready" }), 1);
    }));

  it("is refused of a run that has no stream", () =>
    withBroker(async (parts) => {
      const { status, body } = await tell(parts, {}, "run-without-a-stream");
      assert.deepEqual([status, body.error], [404, "no take stream of this run is open"]);
    }));
});

describe("a client of the protocol", () => {
  for (
    const [what, headers] of [
      ["without headers", {}],
      ["that only wants extensions", { "millrace-extensions": "1" }],
      ["that names a run, but wants no extensions", { "worker-run": run }],
    ] as const
  ) {
    it(`${what} is never asked, and keeps its jobs as long as its stream`, () =>
      withBroker(async (parts) => {
        const stream = await connect(parts.broker, { headers });
        await enqueue(parts, 2);
        await parts.clock.advance(600_000);
        assert.deepEqual([stream.asks, stream.frames.length, stream.isEnded], [[], 2, false]);
        await stream.close();
      }));
  }

  it("is told which header is wrong", () =>
    withBroker(async ({ broker }) => {
      for (
        const [name, value] of [
          ["worker-run", "short"],
          ["worker-run", "x".repeat(65)],
          ["worker-run", "with a blank"],
          ["worker-answers-within", "999"],
          ["worker-answers-within", "1e5"],
          ["worker-answers-within", "99999999999"],
        ] as const
      ) {
        const headers = { "millrace-extensions": "1", "worker-run": run, [name]: value };
        const response = await broker.fetch(new Request("http://broker/jobs/take", { headers }));
        assert.equal(response.status, 400);
        const { error } = await response.json() as { readonly error: string };
        assert.match(error, new RegExp(`^invalid header '${name}': must be .*, got "`));
      }
    }));
});

describe("a worker that says how many jobs it wants", () => {
  it("has so many from then on, and keeps what it has when it wants fewer", () =>
    withBroker(async (parts) => {
      const stream = await connect(parts.broker, { prefetch: 1 });
      await enqueue(parts, 10);
      await parts.clock.settle();
      assert.equal(await inFlight(parts), 1);
      const { body } = await tell(parts, { holds: stream.jobs, prefetch: 7 });
      assert.deepEqual(body, { gone: [] });
      await parts.clock.settle();
      assert.equal(await inFlight(parts), 7);
      await tell(parts, { holds: stream.jobs, prefetch: 2 });
      await parts.clock.settle();
      assert.equal(await inFlight(parts), 7);
      let done = 0;
      for (const count of [5, 1, 1]) {
        // In the order in which they came.
        await parts.client.successMany(stream.jobs.slice(done, done += count));
        await parts.clock.settle();
        assert.equal(await inFlight(parts), 2);
      }
      await stream.close();
    }));
});
